"""A message to the built-in assistant is accepted and answered in the five events, in order."""

from netra_ops.validation.chat import ASSISTANT, chatting, question
from netra_ops.validation.run_events import (
    Turn,
    golden_flaw,
    member,
    numbering_flaw,
    said_by_tool,
)
from netra_ops.validation.step import Outcome, Step, Walk, failed, passed


def _take(walk: Walk) -> Outcome:
    message = question(walk)
    with chatting(walk, walk.facts.seq) as chat:
        accepted = chat.say(message)
        chat.end_of(accepted.run_id)
    return _judge(Turn(message, accepted, tuple(chat.events)), walk)


def _judge(turn: Turn, walk: Walk) -> Outcome:
    if flaw := (
        _acceptance_flaw(turn)
        or numbering_flaw(turn.events, walk.facts.seq)
        or golden_flaw(turn.run)
        or _belonging_flaw(turn, walk)
        or _answer_flaw(turn, walk)
    ):
        return failed(flaw)
    got = ", ".join(event.type for event in turn.run)
    first, last = turn.events[0].seq, turn.events[-1].seq
    return passed(f"seq {first} to {last}: {got}", turn=turn, seq=last)


def _acceptance_flaw(turn: Turn) -> str | None:
    accepted, message = turn.accepted, turn.message
    if accepted.duplicate:
        return "a new message was taken for one that was there"
    if (accepted.client_id, accepted.thread_id) != (message.client_id, message.thread_id):
        return "another message was accepted, or in another thread"
    return None


def _belonging_flaw(turn: Turn, walk: Walk) -> str | None:
    """Look whose run it is: of this message, of this agent, and of nobody else."""
    started = turn.run[0]
    if (started.thread_id, started.agent_name) != (turn.accepted.thread_id, ASSISTANT):
        return f"{started.agent_name} answered, or in another thread"
    if (member(started, "client_id"), member(started, "message_id")) != (
        turn.message.client_id,
        turn.accepted.message_id,
    ):
        return "agent_started names another message"
    if walk.is_alone and turn.run != turn.events:
        return "events of a run came that is not this user's"
    return None


def _answer_flaw(turn: Turn, walk: Walk) -> str | None:
    text, message_id = (member(turn.run[-1], name) for name in ("text", "message_id"))
    if not (isinstance(text, str) and text and isinstance(message_id, str) and message_id):
        return "agent_completed carries no answer"
    if walk.facts.principal not in said_by_tool(turn.run):
        return "the tool did not see this user as the one who asked"
    return None


STEP = Step(
    "message answered",
    "accepted, then the five events in order, seq gapless, the tool working for this user",
    _take,
    needs=("handshake", "thread written"),
)
