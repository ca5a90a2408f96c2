"""What the events of a run must be, by the protocol's grammar and by their numbers. Pure.

How they are heard is in `chat`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from netra.wire.chat_protocol import TERMINAL, Accepted, EventName, RunEvent, SendMessage

GOLDEN: Final = (
    EventName.AGENT_STARTED,
    EventName.AGENT_THINKING,
    EventName.TOOL_EXECUTING,
    EventName.TOOL_COMPLETED,
    EventName.AGENT_COMPLETED,
)
"""What a question with one tool shows, besides pieces of the answer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message and what was heard of it.

    Attributes:
        message: The message, to be sent again.
        accepted: What it was told.
        events: Everything that was heard from then to the end of its run.
    """

    message: SendMessage
    accepted: Accepted
    events: tuple[RunEvent, ...]

    @property
    def run(self) -> tuple[RunEvent, ...]:
        """Give the events of its run."""
        return of_run(self.events, self.accepted.run_id)


def of_run(events: Sequence[RunEvent], run_id: str) -> tuple[RunEvent, ...]:
    """Give the events of one run."""
    return tuple(event for event in events if event.run_id == run_id)


def numbering_flaw(events: Sequence[RunEvent], after: int) -> str | None:
    """Say what is wrong with the numbers of what followed a `seq`: each is one more, none twice."""
    last = after
    for event in events:
        if event.seq <= last:
            return f"seq {event.seq} came after {last}"
        if event.seq != last + 1:
            return f"seq {last + 1} is missing before {event.seq}"
        last = event.seq
    return None


def run_flaw(events: Sequence[RunEvent]) -> str | None:
    """Say what is wrong with all events of one run, or None if they are a whole run."""
    if not events:
        return "there is no event"
    if any(_origin(event) != _origin(events[0]) for event in events):
        return "the events disagree on run, thread or agent"
    if flawed := next((e for e in events if not _is_time(e.timestamp)), None):
        return f"{flawed.type} has no timestamp"
    if events[0].type is not EventName.AGENT_STARTED:
        return f"it begins with {events[0].type}"
    if events[-1].type not in TERMINAL:
        return f"it ends with {events[-1].type}"
    return _middle_flaw(events[1:-1])


def golden_flaw(events: Sequence[RunEvent]) -> str | None:
    """Say what is wrong with a run that should show the five events, each once and in order."""
    if (flaw := run_flaw(events)) is not None:
        return flaw
    shown = [event.type for event in events if event.type is not EventName.TEXT_DELTA]
    if tuple(shown) != GOLDEN:
        return "the events are " + ", ".join(shown)
    tool = next(event for event in events if event.type is EventName.TOOL_COMPLETED)
    if member(tool, "ok") is not True:
        return "the tool gave no result"
    return None


def member(event: RunEvent, name: str) -> Any:
    """Give a member of an event's payload, or None."""
    return event.payload.get(name) if isinstance(event.payload, dict) else None


def said_by_tool(events: Sequence[RunEvent]) -> str:
    """Give what tools gave in these events, as JSON."""
    results = [member(e, "result") for e in events if e.type is EventName.TOOL_COMPLETED]
    return msgspec.json.encode(results).decode()


def _middle_flaw(events: Sequence[RunEvent]) -> str | None:
    """Look between start and end: every tool that was begun is completed before anything else."""
    begun: RunEvent | None = None
    for event in events:
        if event.type is EventName.AGENT_STARTED or event.type in TERMINAL:
            return f"{event.type} comes in the middle"
        if begun is not None and not _completes(event, begun):
            return f"tool_executing is followed by {event.type}, not by its tool_completed"
        if begun is None and event.type is EventName.TOOL_COMPLETED:
            return "tool_completed comes without its tool_executing"
        begun = event if event.type is EventName.TOOL_EXECUTING else None
    return None if begun is None else "a tool was begun and never completed"


def _completes(event: RunEvent, begun: RunEvent) -> bool:
    return event.type is EventName.TOOL_COMPLETED and all(
        isinstance(member(begun, name), str) and member(event, name) == member(begun, name)
        for name in ("call_id", "tool_name")
    )


def _origin(event: RunEvent) -> tuple[str, str, str]:
    return event.run_id, event.thread_id, event.agent_name


def _is_time(text: str) -> bool:
    """Tell whether a text is a time with its distance from UTC."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
