"""What the events of a run must be: every way to be wrong is called wrong."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from netra.wire.chat_protocol import EventName, RunEvent
from netra_ops.validation.run_events import (
    golden_flaw,
    member,
    numbering_flaw,
    of_run,
    run_flaw,
    said_by_tool,
)

STARTED = EventName.AGENT_STARTED
THINKING = EventName.AGENT_THINKING
EXECUTING = EventName.TOOL_EXECUTING
DONE = EventName.TOOL_COMPLETED
DELTA = EventName.TEXT_DELTA
COMPLETED = EventName.AGENT_COMPLETED
FAILED = EventName.AGENT_FAILED
FIVE = (STARTED, THINKING, EXECUTING, DONE, COMPLETED)


def _event(name: EventName, seq: int = 1, **changes: Any) -> RunEvent:
    payload: dict[str, Any] = {}
    if name in (EXECUTING, DONE):
        payload = {"call_id": "c1", "tool_name": "who_am_i"}
    if name is DONE:
        payload |= {"ok": True, "result": {"principal": "usr_a"}}
    event = RunEvent(
        type=name,
        seq=seq,
        run_id="run_1",
        thread_id="thr_1",
        agent_name="assistant",
        timestamp="2026-09-21T10:00:00.000000Z",
        payload=payload,
    )
    return msgspec.structs.replace(event, **changes)


def _run(*names: EventName) -> list[RunEvent]:
    return [_event(name, seq) for seq, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("numbers", "flaw"),
    [
        ((), None),
        ((5, 6, 7), None),
        ((6, 7), "seq 5 is missing before 6"),
        ((5, 7), "seq 6 is missing before 7"),
        ((5, 6, 6), "seq 6 came after 6"),
        ((5, 6, 5), "seq 5 came after 6"),
        ((4, 5), "seq 4 came after 4"),
    ],
)
def test_numbers_go_on_by_one(numbers: Sequence[int], flaw: str | None) -> None:
    """After seq 4 come 5, 6, 7: no number is left out, comes twice or goes back."""
    assert numbering_flaw([_event(DELTA, seq) for seq in numbers], after=4) == flaw


@pytest.mark.parametrize(
    "names",
    [
        (STARTED, COMPLETED),
        (STARTED, FAILED),
        FIVE,
        (STARTED, EXECUTING, DONE, EXECUTING, DONE, FAILED),
        (STARTED, DELTA, THINKING, DELTA, EXECUTING, DONE, DELTA, DELTA, COMPLETED),
    ],
)
def test_a_whole_run_has_no_flaw(names: Sequence[EventName]) -> None:
    """Everything the grammar admits is admitted."""
    assert run_flaw(_run(*names)) is None


@pytest.mark.parametrize(
    ("names", "flaw"),
    [
        ((), "there is no event"),
        ((STARTED,), "it ends with agent_started"),
        ((THINKING, COMPLETED), "it begins with agent_thinking"),
        ((STARTED, THINKING), "it ends with agent_thinking"),
        ((STARTED, STARTED, COMPLETED), "agent_started comes in the middle"),
        ((STARTED, FAILED, COMPLETED), "agent_failed comes in the middle"),
        ((STARTED, COMPLETED, COMPLETED), "agent_completed comes in the middle"),
        ((STARTED, DONE, COMPLETED), "tool_completed comes without its tool_executing"),
        ((STARTED, EXECUTING, COMPLETED), "a tool was begun and never completed"),
        ((STARTED, EXECUTING, FAILED), "a tool was begun and never completed"),
        (
            (STARTED, EXECUTING, THINKING, DONE, COMPLETED),
            "tool_executing is followed by agent_thinking, not by its tool_completed",
        ),
        (
            (STARTED, EXECUTING, EXECUTING, DONE, COMPLETED),
            "tool_executing is followed by tool_executing, not by its tool_completed",
        ),
        (
            (STARTED, EXECUTING, DONE, DONE, COMPLETED),
            "tool_completed comes without its tool_executing",
        ),
    ],
)
def test_what_the_grammar_does_not_admit_is_a_flaw(names: Sequence[EventName], flaw: str) -> None:
    """Each way to break the grammar is found and named."""
    assert run_flaw(_run(*names)) == flaw


@pytest.mark.parametrize(
    "changes",
    [
        {"run_id": "run_2"},
        {"thread_id": "thr_2"},
        {"agent_name": "other"},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-09-21T10:00:00"},
        {"payload": {"call_id": "c2", "tool_name": "who_am_i"}},
        {"payload": {"call_id": "c1", "tool_name": "other"}},
        {"payload": {}},
        {"payload": {"erased": True}},
    ],
)
def test_an_event_that_does_not_belong_is_a_flaw(changes: dict[str, Any]) -> None:
    """Another run, thread, agent or call, and a time without its zone, are found."""
    events = _run(*FIVE)
    events[3] = msgspec.structs.replace(events[3], **changes)

    assert run_flaw(events) is not None


def test_a_call_without_a_name_pairs_with_nothing() -> None:
    """Two payloads that both lack the ids do not make a pair."""
    events = _run(*FIVE)
    for place in (2, 3):
        events[place] = msgspec.structs.replace(events[place], payload={"ok": True})

    assert run_flaw(events) is not None


def test_the_golden_run_is_the_five_events() -> None:
    """The five, each once and in order, with pieces of the answer between them or without."""
    assert golden_flaw(_run(*FIVE)) is None
    assert golden_flaw(_run(STARTED, THINKING, EXECUTING, DONE, DELTA, DELTA, COMPLETED)) is None


@pytest.mark.parametrize(
    "names",
    [
        (STARTED, THINKING, COMPLETED),
        (STARTED, EXECUTING, DONE, COMPLETED),
        (STARTED, THINKING, THINKING, EXECUTING, DONE, COMPLETED),
        (STARTED, THINKING, EXECUTING, DONE, EXECUTING, DONE, COMPLETED),
        (STARTED, EXECUTING, DONE, THINKING, COMPLETED),
        (STARTED, THINKING, EXECUTING, DONE, FAILED),
        (STARTED, THINKING, EXECUTING, COMPLETED),
    ],
)
def test_fewer_more_or_other_events_are_not_golden(names: Sequence[EventName]) -> None:
    """A run that is whole may still not be the one that was wanted."""
    assert golden_flaw(_run(*names)) is not None


def test_a_tool_without_a_result_is_not_golden() -> None:
    """A tool that was refused completes too, and says so."""
    events = _run(*FIVE)
    failed = {"call_id": "c1", "tool_name": "who_am_i", "ok": False, "error": "No."}
    events[3] = msgspec.structs.replace(events[3], payload=failed)

    assert golden_flaw(events) == "the tool gave no result"


def test_a_run_is_told_from_others() -> None:
    """Events of several runs can be sorted by run, and read without knowing their payload."""
    events = [_event(STARTED, 1), _event(STARTED, 2, run_id="run_2"), _event(DONE, 3)]

    assert [event.seq for event in of_run(events, "run_1")] == [1, 3]
    assert said_by_tool(events) == '[{"principal":"usr_a"}]'
    assert member(_event(DONE, payload=msgspec.Raw(b"[]")), "ok") is None
