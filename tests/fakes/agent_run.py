"""A run that remembers in memory, for tests of agents and tools without an engine."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from netra.agent_api import (
    Agent,
    NotApproved,
    OwnChanges,
    OwnRecords,
    Question,
    Saying,
    Tool,
    ToolContext,
    ToolFailed,
    ToolRefused,
    Usage,
)
from netra.clock import Clock
from netra.wire.chat_protocol import EventName

Said = tuple[EventName, dict[str, Any]]


@dataclass
class FakeRun:
    """One run of an agent; `done` handed to a second run of it is what a crash leaves behind.

    Attributes:
        agent: Who works.
        question: What it was asked.
        records: What the asker has.
        clock: The tools' time.
        done: The results of the steps that were completed, by key.
        said: What was emitted, in order.
        used: The usage of the steps that were done here, or begun and not ended.
        changes: What can be changed of what the asker has.
        approves: What the asker answers to every question.
    """

    agent: Agent
    question: Question
    records: OwnRecords
    clock: Clock
    done: dict[str, Any] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    used: list[Usage] = field(default_factory=list)
    changes: OwnChanges | None = None
    approves: bool = True
    run_id: str = "run_00000000000000000000000001"
    _counts: Counter[str] = field(default_factory=Counter)

    @property
    def tools(self) -> Sequence[Tool]:
        """The agent's tools that the asker is permitted."""
        permissions = self.agent.asker.permissions
        return tuple(tool for tool in self.agent.tools if tool.permission in permissions)

    @property
    def names(self) -> list[EventName]:
        """What kinds of events were emitted."""
        return [name for name, _ in self.said]

    @property
    def shown(self) -> str:
        """All the text that was shown before the answer was whole."""
        return "".join(said["text"] for name, said in self.said if name is EventName.TEXT_DELTA)

    async def answered(self) -> str:
        """Let the agent answer its question."""
        return await self.agent.answer(self.question, self)

    async def think(self, text: str) -> None:
        """Say what is being considered."""
        self._emit(EventName.AGENT_THINKING, {"text": text})

    async def say(self, text: str, *, step: str = "answer") -> None:
        """Show a piece of the answer."""
        index = self._next(f"say:{step}")
        self._emit(EventName.TEXT_DELTA, {"step": step, "attempt": 1, "index": index, "text": text})

    async def call(self, tool_name: str, arguments: Mapping[str, Any]) -> Any:
        """Use a tool; a result that is remembered is given back and the tool not used.

        Raises:
            NotApproved: The asker does not approve.
            ToolRefused: There is no result.
        """
        key = f"tool:{tool_name}#{self._next(f'tool:{tool_name}')}"
        called = {"call_id": key, "tool_name": tool_name}
        self._ask(tool_name, {**called, "arguments": dict(arguments)})
        self._emit(EventName.TOOL_EXECUTING, {**called, "arguments": dict(arguments)})
        if key not in self.done:
            self.done[key] = await self._outcome(tool_name, arguments)
        outcome = self.done[key]
        self._emit(EventName.TOOL_COMPLETED, {**called, **outcome, "ms": 0})
        if not outcome["ok"]:
            raise ToolRefused(outcome["error"])
        return outcome["result"]

    async def step(
        self, name: str, body: Callable[[], Awaitable[Any]], *, usage: Usage | None = None
    ) -> Any:
        """Do something once; a result that is remembered is given back."""
        key = f"step:{name}#{self._next(f'step:{name}')}"
        if key not in self.done:
            try:
                self.done[key] = _through_json(await body())
            finally:
                if usage is not None and (key in self.done or usage.input_tokens):
                    self.used.append(usage)
        return self.done[key]

    async def history(self, limit: int) -> Sequence[Saying]:
        """Read what was said in the thread before the question."""

        async def read() -> Any:
            said = await self.records.sayings(self.question.thread_id, limit + 1)
            before = [one for one in said if one.message_id != self.question.message_id]
            return msgspec.to_builtins(before[-limit:])

        return msgspec.convert(await self.step("history", read), list[Saying])

    def _ask(self, tool_name: str, question: dict[str, Any]) -> None:
        if not any(tool.name == tool_name and tool.needs_approval for tool in self.tools):
            return
        self._emit(EventName.APPROVAL_NEEDED, question)
        if self.approves:
            self._emit(EventName.APPROVAL_GIVEN, {})
            return
        self._emit(EventName.APPROVAL_REFUSED, {"reason": "refused"})
        raise NotApproved("The person refused this, so it was not done.")

    async def _outcome(self, tool_name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        tool = next((tool for tool in self.tools if tool.name == tool_name), None)
        if tool is None:
            return {"ok": False, "error": f"There is no tool {tool_name} for you."}
        asker = self.agent.asker
        context = ToolContext(
            asker.principal,
            asker.permissions,
            self.question.thread_id,
            self.records,
            self.clock,
            self.changes if tool.needs_approval else None,
        )
        try:
            decoded = msgspec.convert(dict(arguments), tool.parameters, strict=True)
            async with asyncio.timeout(tool.timeout_seconds):
                result = _through_json(await tool.call(decoded, context))
        except (msgspec.ValidationError, ToolFailed, TimeoutError) as error:
            return {"ok": False, "error": str(error)}
        if len(msgspec.json.encode(result)) > tool.max_result_bytes:
            return {"ok": False, "error": "The result is too large."}
        return {"ok": True, "result": result}

    def _emit(self, name: EventName, payload: dict[str, Any]) -> None:
        self.said.append((name, payload))

    def _next(self, key: str) -> int:
        self._counts[key] += 1
        return self._counts[key] - 1


def _through_json(value: Any) -> Any:
    """Give what is left of a value when it was stored and read again."""
    return msgspec.json.decode(msgspec.json.encode(value))
