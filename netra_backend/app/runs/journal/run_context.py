"""The run as its agent sees it: what the agent says is journaled, what it does is remembered.

When a run begins, ends and is stopped is decided in `execution`.
"""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from netra.agent_api import (
    NotApproved,
    OwnRecords,
    Question,
    Saying,
    Tool,
    ToolRefused,
    Usage,
)
from netra.clock import Clock
from netra.errors import InternalError
from netra.ids import row_id
from netra.wire.chat_protocol import EventName, RefusalReason
from netra_backend.app.runs.approvals.records import (
    ASK,
    NOT_APPROVED,
    Answer,
    Ask,
    answer_key,
    ask_key,
    ask_of,
    digest_of,
)
from netra_backend.app.runs.journal.emission import RunEvents, TakenRun
from netra_backend.app.runs.journal.steps import RunSteps
from netra_backend.app.runs.journal.tool_use import (
    MAX_ARGUMENTS_BYTES,
    UNWRITABLE,
    Outcome,
    ToolUse,
)
from netra_backend.app.runs.service import Cost

MAX_PIECE: Final = 8_000
"""Characters of one event's text; as JSON they fit into an event whatever they are."""
_UNASKED: Final = 25
"""How many messages may have come after the question: as many as may wait, and some."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MAX_MODEL: Final = 128
_MAX_DESCRIPTION: Final = 1_000
_MICROSECONDS: Final = 1_000_000
_IN_TOOL: Final = "!"

_SCOPE: Final[ContextVar[str]] = ContextVar("step", default="")
"""Within which step of its run the code at hand is; `_IN_TOOL` within a tool."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a person who is asked is waited for.

    Attributes:
        microseconds: So long.
        clock: The time.
        park: Told until when the run is to wait, in microseconds since the epoch.
    """

    microseconds: int
    clock: Clock
    park: Callable[[int], None]

    def now(self) -> int:
        """Give the time in microseconds since the epoch."""
        return int(self.clock.timestamp() * _MICROSECONDS)


class JournalRun:
    """One taking of one run of one agent for one asker.

    Args:
        run: Which.
        question: What was asked.
        events: What it says.
        steps: What it remembers.
        tools: What it can use.
        records: What the asker has.
        patience: How long the asker is waited for, and what then waits.
    """

    def __init__(
        self,
        run: TakenRun,
        question: Question,
        *,
        events: RunEvents,
        steps: RunSteps,
        tools: ToolUse,
        records: OwnRecords,
        patience: Patience,
    ) -> None:
        self._run = run
        self._question = question
        self._events = events
        self._steps = steps
        self._tools = tools
        self._records = records
        self._patience = patience
        self._counts: Counter[str] = Counter()
        # One after the other, so that a tool's two events stand beside each other.
        self._turn = asyncio.Lock()
        self.calls = 0

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run.run_id

    @property
    def tools(self) -> Sequence[Tool]:
        """The agent's tools that the asker is permitted."""
        return self._tools.permitted

    async def think(self, text: str) -> None:
        """Say what is being considered; what is too long for an event is cut."""
        scope = _scope()
        # Within a step that was not completed, an earlier taking may have thought otherwise.
        name = f"thinking.{self._run.epoch}" if scope else "thinking"
        key = self._next(f"{scope}{name}")
        text = storable(text)
        if len(text) > MAX_PIECE:
            text = text[: MAX_PIECE - 1] + "…"
        async with self._turn:
            await self._events.said(key, EventName.AGENT_THINKING, {"text": text})

    async def say(self, text: str, *, step: str = "answer") -> None:
        """Show a piece of the answer before it is whole.

        Raises:
            ValueError: The step has no name a step may have.
        """
        _scope()
        _checked(step)
        attempt = self._run.epoch
        text = storable(text)
        async with self._turn:
            for start in range(0, len(text), MAX_PIECE):
                key = self._next(f"{step}:delta.{attempt}")
                payload = {
                    "step": step,
                    "attempt": attempt,
                    "index": self._counts[f"{step}:delta.{attempt}"] - 1,
                    "text": text[start : start + MAX_PIECE],
                }
                await self._events.said(key, EventName.TEXT_DELTA, payload)

    async def call(self, tool_name: str, arguments: Mapping[str, Any]) -> Any:
        """Use a tool, or give what came of it before; one that needs approval waits for it here.

        Raises:
            NotApproved: The person did not approve of it.
            ToolRefused: There is no result, and why.
        """
        scope = _scope()
        written, digest = _written(arguments)
        shown = tool_name if _NAME.fullmatch(tool_name) else "unknown"
        key = f"{self._next(f'{scope}tool:{shown}')}:{digest}"
        async with self._turn:
            self.calls += 1
            called = {"call_id": key, "tool_name": shown}
            answer = None if written is None else await self._answer(key, tool_name, written)
            if answer is not None and answer.refusal is not None:
                raise NotApproved(NOT_APPROVED[answer.refusal])
            if answer is not None:
                # As they were shown, whatever became of the object since.
                arguments = msgspec.json.decode(written or b"{}")
            await self._events.executing(key, {**called, "arguments": written})
            outcome = await self._outcome(
                key, tool_name, arguments, refused=written is None, approved=answer is not None
            )
            said = {**called, **_said_of(outcome), "ms": outcome.ms}
            await self._events.completed(key, said)
        if outcome.error is not None:
            raise ToolRefused(outcome.error)
        return msgspec.json.decode(outcome.result)

    async def step(
        self, name: str, body: Callable[[], Awaitable[Any]], *, usage: Usage | None = None
    ) -> Any:
        """Do something, or give what it gave when it was done before.

        Raises:
            ValueError: The step has no name a step may have.
            TypeError: What it gave cannot be written as JSON.
        """
        key = self._next(f"{_scope()}step:{_checked(name)}")
        before = self._steps.result(key)
        if before is not None:
            return msgspec.json.decode(before)
        if usage is not None:
            # Nothing is spent for a run that left no trace: what it cost would be nobody's.
            await self._events.flushed()
        try:
            written = await self._done(key, name, body)
        except (Exception, asyncio.CancelledError):
            # Whatever ended it, somebody asks to be paid for what it used.
            if usage is not None and (usage.input_tokens or usage.output_tokens):
                self._steps.book(_cost(usage))
            raise
        await self._steps.record(key, written, None if usage is None else _cost(usage))
        # As it will be given after a crash, so that an agent cannot tell the two apart.
        return msgspec.json.decode(written)

    async def _done(self, key: str, name: str, body: Callable[[], Awaitable[Any]]) -> str:
        entered = _SCOPE.set(f"{key}/")
        try:
            given = await body()
        finally:
            _SCOPE.reset(entered)
        try:
            return msgspec.json.encode(given).decode()
        except UNWRITABLE as error:
            raise TypeError(f"what the step {name} gave cannot be written as JSON") from error

    async def history(self, limit: int) -> Sequence[Saying]:
        """Read what was said in the thread before the question, the oldest first; remembered.

        Answers to earlier questions count as said before, although they may have come later.
        """

        async def read() -> Any:
            sayings = await self._records.sayings(self._question.thread_id, limit + _UNASKED)
            return msgspec.to_builtins(_before(self._question, sayings)[-limit:] if limit else [])

        return msgspec.convert(await self.step("history", read), list[Saying])

    async def _answer(self, call: str, tool_name: str, written: msgspec.Raw) -> Answer | None:
        """Give the person's answer to whether a tool may be used; None if that is not asked.

        Without an answer it is asked for, and this does not return.
        """
        tool = self._tools.usable(tool_name, msgspec.json.decode(written))
        digest = digest_of(tool_name, bytes(written))
        ask = ask_of(call, self._steps.beginning_with(ASK))
        if ask is None:
            was_used = self._steps.result(call) is not None
            if tool is None or not tool.needs_approval or was_used:
                return None
            ask = await self._asked(call, digest)
        if ask.digest != digest:
            raise InternalError("the arguments are not those the person was asked about")
        said = None if tool is None else _question(ask, tool, written)
        answer = self._steps.result(answer_key(ask.approval_id))
        if answer is None and said is None:
            # What is asked about is here no more: the question is closed by what is said next.
            return None
        await self._events.asked(ask.approval_id, said or {"call_id": call})
        if answer is None and self._patience.now() < ask.until:
            await self._events.flushed()
            self._patience.park(ask.until)
            # Whoever told the run to wait stops the agent here.
            await asyncio.get_running_loop().create_future()
        if answer is None:
            answer = _encoded(Answer(RefusalReason.EXPIRED))
            await self._steps.record(answer_key(ask.approval_id), answer)
        given = msgspec.json.decode(answer, type=Answer)
        await self._events.answered(ask.approval_id, given)
        return given

    async def _asked(self, call: str, digest: str) -> Ask:
        """Record that the person is asked."""
        until = self._patience.now() + self._patience.microseconds
        ask = Ask(row_id("apr"), call, digest, until)
        await self._steps.record(ask_key(ask.approval_id), _encoded(ask))
        return ask

    async def _outcome(
        self,
        key: str,
        tool_name: str,
        arguments: Mapping[str, Any],
        *,
        refused: bool,
        approved: bool,
    ) -> Outcome:
        before = self._steps.result(key)
        if before is not None:
            return msgspec.json.decode(before, type=Outcome)
        if refused:
            outcome = Outcome(error="The arguments are no JSON object, or too large.")
        else:
            entered = _SCOPE.set(_IN_TOOL)
            try:
                outcome = await self._tools.outcome(tool_name, arguments, approved=approved)
            finally:
                _SCOPE.reset(entered)
        await self._steps.record(key, _encoded(outcome))
        return outcome

    def _next(self, name: str) -> str:
        """Name the n-th thing of a name: the same one when all is done again."""
        self._counts[name] += 1
        return f"{name}#{self._counts[name] - 1}"


def storable(text: str) -> str:
    """Give a text without what no database or JSON can hold."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _scope() -> str:
    scope = _SCOPE.get()
    if scope == _IN_TOOL:
        raise InternalError("a tool does not speak or act through the run it is used in")
    return scope


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("a step's name is at most 64 letters, digits and _ . : -")
    return name


def _written(arguments: Mapping[str, Any]) -> tuple[msgspec.Raw | None, str]:
    """Give arguments as JSON, and a short name for them: other arguments are another call."""
    try:
        written = msgspec.json.encode(dict(arguments), order="deterministic")
    except UNWRITABLE:
        return None, "unwritable"
    digest = hashlib.sha256(written).hexdigest()[:12]
    return (msgspec.Raw(written) if len(written) <= MAX_ARGUMENTS_BYTES else None), digest


def _encoded(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()


def _question(ask: Ask, tool: Tool, written: msgspec.Raw) -> dict[str, Any]:
    return {
        "call_id": ask.call,
        "tool_name": tool.name,
        "description": storable(tool.description)[:_MAX_DESCRIPTION],
        "arguments": written,
        "expires_at": ask.until / _MICROSECONDS,
    }


def _said_of(outcome: Outcome) -> dict[str, Any]:
    if outcome.error is not None:
        return {"ok": False, "error": outcome.error}
    return {"ok": True, "result": outcome.result}


def _cost(usage: Usage) -> Cost:
    return Cost(
        usage.model[:_MAX_MODEL], usage.input_tokens, usage.output_tokens, usage.cost_micros
    )


def _before(question: Question, sayings: Sequence[Saying]) -> list[Saying]:
    asked_at = next((one.said_at for one in sayings if one.message_id == question.message_id), None)
    return [
        one
        for one in sayings
        if one.message_id != question.message_id
        and (one.author == "agent" or asked_at is None or one.said_at < asked_at)
    ]
