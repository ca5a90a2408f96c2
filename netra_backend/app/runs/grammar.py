"""The order in which the events of one run may come. Pure.

`started (said | executing completed | needed said* (given | refused))* (completed | failed)`, with
`thinking | delta` for `said`: begun again while it waits, an agent says again what led to its
question. Who emits them, and how they are kept, is decided in `journal`.
"""

from enum import Enum, auto
from typing import Final

from netra.errors import InternalError
from netra.wire.chat_protocol import TERMINAL, EventName


class GrammarBroken(InternalError):
    """An event came where it may not."""


class RunState(Enum):
    """How far a run's events have come."""

    NOTHING = auto()
    WORKING = auto()
    IN_TOOL = auto()
    ASKING = auto()
    """The person was asked whether a tool may be used, and has not answered."""
    ENDED = auto()


_NEXT: Final = {
    RunState.NOTHING: {EventName.AGENT_STARTED: RunState.WORKING},
    RunState.WORKING: {
        EventName.AGENT_THINKING: RunState.WORKING,
        EventName.TEXT_DELTA: RunState.WORKING,
        EventName.TOOL_EXECUTING: RunState.IN_TOOL,
        EventName.APPROVAL_NEEDED: RunState.ASKING,
        **dict.fromkeys(TERMINAL, RunState.ENDED),
    },
    RunState.IN_TOOL: {EventName.TOOL_COMPLETED: RunState.WORKING},
    RunState.ASKING: {
        EventName.AGENT_THINKING: RunState.ASKING,
        EventName.TEXT_DELTA: RunState.ASKING,
        EventName.APPROVAL_GIVEN: RunState.WORKING,
        EventName.APPROVAL_REFUSED: RunState.WORKING,
    },
    RunState.ENDED: {},
}


def after(state: RunState, name: EventName) -> RunState:
    """Say where a run is after an event.

    Raises:
        GrammarBroken: The event may not come here.
    """
    following = _NEXT[state].get(name)
    if following is None:
        raise GrammarBroken(f"{name} may not come when a run is {state.name.lower()}")
    return following
