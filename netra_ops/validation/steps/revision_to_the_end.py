"""Nobody but the revision that is walked answered under its address, from beginning to end."""

from netra_ops.validation.step import Outcome, Step, Walk, failed
from netra_ops.validation.steps.revision import ask_subject, judge_subject, subject_of


def _take(walk: Walk) -> Outcome:
    answer = ask_subject(walk)
    subject = subject_of(walk)
    others = walk.asker.served_by(subject.url) - {subject.revision}
    if others:
        return failed(f"answers came from {', '.join(sorted(others))} too")
    return judge_subject(answer, walk)


STEP = Step(
    "revision to the end",
    "every answer under the revision's address came from it, and it is still well",
    _take,
)
