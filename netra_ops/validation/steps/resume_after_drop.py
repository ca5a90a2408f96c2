"""A socket is cut in the middle of a run: the run goes on, and nothing is lost or told twice."""

from netra.wire.chat_protocol import RunEvent
from netra_ops.validation.chat import chatting, question
from netra_ops.validation.run_events import golden_flaw, numbering_flaw, of_run
from netra_ops.validation.step import Outcome, Step, Walk, failed, passed


def _take(walk: Walk) -> Outcome:
    start = walk.facts.seq
    message = question(walk)
    with chatting(walk, start) as chat:
        run_id = chat.say(message).run_id
        chat.begin_of(run_id)
        chat.drop()
    before = tuple(chat.events)
    with chatting(walk, before[-1].seq) as chat:
        chat.end_of(run_id)
    after = tuple(chat.events)
    with chatting(walk, start) as chat:
        pass
    return _judge(before, after, tuple(chat.events), walk, run_id)


def _judge(
    before: tuple[RunEvent, ...],
    after: tuple[RunEvent, ...],
    replayed: tuple[RunEvent, ...],
    walk: Walk,
    run_id: str,
) -> Outcome:
    heard = before + after
    run = of_run(heard, run_id)
    if flaw := numbering_flaw(heard, walk.facts.seq) or golden_flaw(run):
        return failed(flaw)
    if walk.is_alone and run != heard:
        return failed("events of a run came that is not this user's, or was never asked for")
    if replayed[: len(heard)] != heard:
        return failed("replayed from the beginning, the events are others")
    return passed(f"{len(before)} before, {len(after)} after, and the same when replayed")


STEP = Step(
    "resume after a dropped socket",
    "what followed the last seq, once and in order, and the same when replayed",
    _take,
    needs=("message answered",),
)
