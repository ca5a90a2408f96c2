"""The revision that is walked answers under its own address, and says that it is well."""

from dataclasses import replace

from pydantic import ValidationError

from netra.wire.health import HealthReport
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.settings import SERVED_REVISION_HEADER
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import well
from netra_ops.validation.step import Outcome, Step, Subject, Walk, asked, failed


def subject_of(walk: Walk) -> Subject:
    """Give the revision that the walk is about.

    Raises:
        CouldNotTell: It is about none.
    """
    if walk.subject is None:
        raise CouldNotTell("this walk is about no revision")
    return walk.subject


def ask_subject(walk: Walk) -> Answer:
    """Ask the revision how it is."""
    return walk.asker.ask("GET", f"{subject_of(walk).url}/health")


def judge_subject(answer: Answer, walk: Walk) -> Outcome:
    """Want the health document of the walk's revision, without a fault."""
    subject = subject_of(walk)
    served = answer.headers.get(SERVED_REVISION_HEADER)
    if served not in {None, subject.revision}:
        return failed(f"{answer.status}, served by {served}")
    outcome = well(answer, walk)
    try:
        report = HealthReport.model_validate_json(answer.body)
    except ValidationError:
        return outcome
    if (report.service, report.revision) != (subject.service, subject.revision):
        return failed(f"{answer.status}, from {report.revision} of {report.service}")
    if outcome.verdict is not Verdict.PASS:
        return outcome
    return replace(outcome, got=f"{outcome.got}, from {report.revision}")


STEP = Step(
    "revision",
    "200 with status ok, from the revision that is walked",
    asked(ask_subject, judge_subject),
)
