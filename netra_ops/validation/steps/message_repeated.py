"""The same message sent again, as after a lost acknowledgement, is the same message."""

from netra.wire.chat_protocol import Accepted
from netra_ops.findings import CouldNotTell
from netra_ops.validation.chat import chatting
from netra_ops.validation.run_events import Turn
from netra_ops.validation.step import Outcome, Step, Walk, failed, passed


def _take(walk: Walk) -> Outcome:
    turn = walk.facts.turn
    if turn is None:
        raise CouldNotTell("there was no message")
    with chatting(walk, walk.facts.seq) as chat:
        accepted = chat.say(turn.message)
    return _judge(accepted, turn)


def _judge(accepted: Accepted, turn: Turn) -> Outcome:
    first = turn.accepted
    same = (accepted.run_id, accepted.message_id, accepted.thread_id) == (
        first.run_id,
        first.message_id,
        first.thread_id,
    )
    if not same:
        return failed("another run was begun for it")
    if not accepted.duplicate:
        return failed("the same run, and not called a duplicate")
    return passed("accepted as a duplicate of the same run")


STEP = Step(
    "same message again",
    "accepted as a duplicate of the same run",
    _take,
    needs=("message answered",),
)
