"""What one run says: its events, in the order the grammar allows, each journaled once.

What the events are about is decided by `run_context` and `execution`; how they are committed and
published is the event writer's business.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from netra.clock import Clock, as_iso
from netra.errors import InternalError
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import EventName, RefusalReason
from netra_backend.app.events.journal import NewEvent
from netra_backend.app.events.writer import EventWriter, RunWrite
from netra_backend.app.runs.approvals.records import (
    ANSWERED,
    Answer,
    answered_key,
    needed_key,
    open_question,
)
from netra_backend.app.runs.grammar import RunState, after

INTERRUPTED: Final = "It was interrupted and gave no result."
_SAID: Final = frozenset({EventName.AGENT_THINKING, EventName.TEXT_DELTA})
_EXECUTING: Final = ":executing"
_COMPLETED: Final = ":completed"
_CLOSED: Final = (_COMPLETED, ANSWERED)
_STARTED: Final = "started"
_ENDED: Final = "ended"


class RunClosed(InternalError):
    """The run has ended or was stopped: nothing more is said or done in it."""


@dataclass(frozen=True, slots=True)
class TakenRun:
    """A run in the hands of this process, under the principal it was asked for by."""

    principal: UserPrincipal
    method: CredentialMethod
    run_id: str
    thread_id: str
    agent_name: str
    epoch: int


class RunEvents:
    """The events of one taking of a run.

    What an earlier taking journaled is not said again. A tool that was being used when the earlier
    one ended, and is not used again, is closed before anything else is said; so is a question that
    is not asked any more.

    Args:
        writer: Commits and publishes.
        run: Whose events.
        journaled: The keys an earlier taking left, in order, but those of deltas.
        clock: The events' time.
        lost: Told once of an error after which nothing more can be journaled by this taking.
    """

    def __init__(
        self,
        writer: EventWriter,
        run: TakenRun,
        journaled: Sequence[str],
        clock: Clock,
        lost: Callable[[BaseException], None],
    ) -> None:
        self._writer = writer
        self._run = run
        self._clock = clock
        self._lost = lost
        self._known = set(journaled)
        self._open: str | None = None
        self._asked: str | None = None
        self._state = RunState.NOTHING
        self._last: asyncio.Future[None] | None = None
        self._closed = False
        if journaled:
            self._state = RunState.WORKING
            self._take_up([key.removeprefix(f"{run.run_id}:") for key in journaled])

    @property
    def closed(self) -> bool:
        """Whether nothing more may be said but the end."""
        return self._closed

    async def started(self, client_id: str, message_id: str) -> None:
        """Say that the run began."""
        payload = {"client_id": client_id, "message_id": message_id}
        await self._emit(_STARTED, EventName.AGENT_STARTED, payload)

    async def said(self, key: str, name: EventName, payload: Mapping[str, Any]) -> None:
        """Say a thought or a piece of the answer."""
        await self._emit(key, name, payload)

    async def executing(self, call_id: str, payload: Mapping[str, Any]) -> None:
        """Say that a tool is being used."""
        await self._emit(f"{call_id}{_EXECUTING}", EventName.TOOL_EXECUTING, payload)

    async def completed(self, call_id: str, payload: Mapping[str, Any]) -> None:
        """Say what came of a tool."""
        await self._emit(f"{call_id}{_COMPLETED}", EventName.TOOL_COMPLETED, payload)

    async def asked(self, approval_id: str, payload: Mapping[str, Any]) -> None:
        """Ask the person whether a tool may be used."""
        said = {"approval_id": approval_id, **payload}
        await self._emit(needed_key(approval_id), EventName.APPROVAL_NEEDED, said)

    async def answered(self, approval_id: str, answer: Answer) -> None:
        """Say what the person answered."""
        await self._emit(answered_key(approval_id), *_answer(approval_id, answer))

    def close(self) -> None:
        """Let nothing more be said but the end."""
        self._closed = True

    async def ended(self, name: EventName, payload: Mapping[str, Any]) -> None:
        """Say how the run ended, and give its lease up in the same transaction.

        Raises:
            LeaseLost: Somebody else has the run.
            DatabaseUnavailable: It could not be journaled.
            InternalError: It could not be journaled.
        """
        self._closed = True
        self._interrupt()
        self._submit(_ENDED, name, payload, ends=True)
        await self.flushed()

    async def flushed(self) -> None:
        """Wait until all that was said is committed and published.

        Raises:
            LeaseLost: Somebody else has the run.
            DatabaseUnavailable: It could not be journaled.
            InternalError: It could not be journaled.
        """
        if self._last is not None:
            # Not awaited itself: whoever waits may be cancelled, what was said may not.
            await asyncio.wait((self._last,))
            self._last.result()

    def _take_up(self, journaled: Sequence[str]) -> None:
        """Find the tool or the question that an earlier taking left open."""
        for key in reversed(journaled):
            if key.endswith(_CLOSED):
                return
            if key.endswith(_EXECUTING):
                self._state = RunState.IN_TOOL
                self._open = key.removesuffix(_EXECUTING)
                return
            if (asked := open_question(key)) is not None:
                self._state = RunState.ASKING
                self._asked = asked
                return

    async def _emit(self, key: str, name: EventName, payload: Mapping[str, Any]) -> None:
        await self._writer.ready()
        if self._closed:
            raise RunClosed("nothing more is said in a run that has ended or was stopped")
        full = f"{self._run.run_id}:{key}"
        if full in self._known:
            if self._state is RunState.NOTHING:
                self._state = after(self._state, name)
            return
        if self._open is not None and key != f"{self._open}{_COMPLETED}":
            self._interrupt()
        if name not in _SAID and self._asked is not None and key != answered_key(self._asked):
            self._interrupt()
        self._submit(key, name, payload)

    def _interrupt(self) -> None:
        """Close the tool that is being used, or the question that is asked, if there is one."""
        if self._asked is not None:
            unasked = _answer(self._asked, Answer(RefusalReason.ENDED))
            self._submit(answered_key(self._asked), *unasked)
        if self._open is None:
            return
        payload = {
            "call_id": self._open,
            "tool_name": tool_of(self._open),
            "ok": False,
            "error": INTERRUPTED,
            "ms": 0,
        }
        self._submit(f"{self._open}{_COMPLETED}", EventName.TOOL_COMPLETED, payload)

    def _submit(
        self, key: str, name: EventName, payload: Mapping[str, Any], *, ends: bool = False
    ) -> None:
        self._state = after(self._state, name)
        self._open = key.removesuffix(_EXECUTING) if name is EventName.TOOL_EXECUTING else None
        if name not in _SAID:
            self._asked = open_question(key)
        run = self._run
        full = f"{run.run_id}:{key}"
        self._known.add(full)
        event = NewEvent(
            key=full,
            run_id=run.run_id,
            thread_id=run.thread_id,
            agent_name=run.agent_name,
            name=name,
            timestamp=as_iso(self._clock.timestamp()),
            payload=msgspec.json.encode(payload),
        )
        write = RunWrite(run.principal, run.method, run.run_id, run.epoch, (event,), ends_run=ends)
        self._last = self._writer.submit(write)
        self._last.add_done_callback(self._look_at)

    def _look_at(self, settled: asyncio.Future[None]) -> None:
        error = None if settled.cancelled() else settled.exception()
        if error is not None:
            self._lost(error)


def _answer(approval_id: str, answer: Answer) -> tuple[EventName, dict[str, Any]]:
    if answer.refusal is None:
        return EventName.APPROVAL_GIVEN, {"approval_id": approval_id}
    said = {"approval_id": approval_id, "reason": answer.refusal}
    return EventName.APPROVAL_REFUSED, said


def tool_of(call_id: str) -> str:
    """Give the name of the tool in a call's id."""
    return call_id.rpartition("tool:")[2].partition("#")[0]
