"""The golden path: every step in order, what became of it, and the verdict on the whole.

Steps are in `steps/`; how a report is shown is up to the command line.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from netra.clock import Clock
from netra.ids import random_token
from netra.secret import SHOWN, Secret
from netra_ops.findings import CouldNotTell, OpsError, Verdict, worst_of
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, Person
from netra_ops.validation.step import Outcome, Step, StepResult, Subject, Walk, Wanted
from netra_ops.validation.steps import (
    answer_read_back,
    bad_token,
    foreign_audience,
    foreign_token,
    forged_identity,
    handshake,
    health,
    login,
    me_as_user,
    message_answered,
    message_repeated,
    message_written,
    no_token,
    operator_token,
    page_log_in,
    page_served,
    read_back,
    ready,
    resume_after_drop,
    revision,
    revision_to_the_end,
    rows_erased,
    service_on_user_route,
    service_token,
    session_as_service,
    session_as_user,
    session_ended,
    socket_as_service,
    socket_bad_token,
    socket_ended,
    socket_foreign_audience,
    socket_foreign_origin,
    socket_plain_get,
    socket_token_in_query,
    socket_without_token,
    tampered_signature,
    thread_deleted,
    thread_written,
    token_in_query,
    two_credentials,
    unsigned_token,
    user_deleted,
    user_made,
    user_on_service_route,
    user_token,
    welcome,
    wrong_service_secret,
)

_MADE: Final = (operator_token.STEP, user_made.STEP)
_WALKED: Final = (
    page_served.STEP,
    page_log_in.STEP,
    login.STEP,
    user_token.STEP,
    me_as_user.STEP,
    session_as_user.STEP,
    service_token.STEP,
    session_as_service.STEP,
    thread_written.STEP,
    message_written.STEP,
    read_back.STEP,
    handshake.STEP,
    message_answered.STEP,
    message_repeated.STEP,
    answer_read_back.STEP,
    resume_after_drop.STEP,
    no_token.STEP,
    bad_token.STEP,
    tampered_signature.STEP,
    unsigned_token.STEP,
    token_in_query.STEP,
    forged_identity.STEP,
    foreign_token.STEP,
    foreign_audience.STEP,
    user_on_service_route.STEP,
    service_on_user_route.STEP,
    two_credentials.STEP,
    wrong_service_secret.STEP,
    socket_without_token.STEP,
    socket_bad_token.STEP,
    socket_foreign_audience.STEP,
    socket_token_in_query.STEP,
    socket_foreign_origin.STEP,
    socket_as_service.STEP,
    socket_plain_get.STEP,
    thread_deleted.STEP,
)
_ENDED: Final = (socket_ended.STEP, session_ended.STEP)
_LONGEST_GOT: Final = 240
_CLEANING_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class WalkReport:
    """What a walk found.

    Attributes:
        url: The backend that was walked.
        steps: Every step, in order.
        ms: How long it took together.
    """

    url: str
    steps: tuple[StepResult, ...]
    ms: float

    @property
    def verdict(self) -> Verdict:
        """Give the worst of all steps."""
        return worst_of(step.verdict for step in self.steps)

    @property
    def wrong_refusals(self) -> int:
        """Count what should have been served and was not."""
        return sum(s.verdict is Verdict.FAIL and s.wanted is Wanted.ADMITTED for s in self.steps)

    @property
    def wrong_admissions(self) -> int:
        """Count what should have been refused and was served."""
        return sum(s.admitted and s.wanted is Wanted.REFUSED for s in self.steps)

    def as_document(self) -> dict[str, Any]:
        """Write the report as JSON."""
        return {
            "verdict": self.verdict.value,
            "url": self.url,
            "ms": self.ms,
            "wrong_refusals": self.wrong_refusals,
            "wrong_admissions": self.wrong_admissions,
            "steps": [
                {
                    "name": step.name,
                    "verdict": step.verdict.value,
                    "ms": step.ms,
                    "expect": step.expect,
                    "got": step.got,
                }
                for step in self.steps
            ],
        }


def steps_for(credentials: Credentials, subject: Subject | None = None) -> tuple[Step, ...]:
    """List the steps; with a user of one's own there is none to make and delete."""
    first: tuple[Step, ...] = (welcome.STEP, ready.STEP, health.STEP)
    walked: tuple[Step, ...] = _WALKED
    if subject is not None:
        first = (revision.STEP, *first)
        walked = (*_WALKED, revision_to_the_end.STEP)
    if credentials.person is not None:
        return (*first, *walked, *_ENDED)
    return (*first, *_MADE, *walked, rows_erased.STEP, *_ENDED, user_deleted.STEP)


def walk_golden_path(
    url: str,
    credentials: Credentials,
    asker: Asker,
    clock: Clock,
    on_result: Callable[[StepResult], None] | None = None,
    *,
    known_as: str | None = None,
    subject: Subject | None = None,
) -> WalkReport:
    """Walk the golden path; what was made on the way is cleaned up, whatever happens.

    Args:
        url: Where the backend is asked.
        credentials: As whom.
        asker: Moves requests and answers.
        clock: For the durations.
        on_result: Told of each step when it is done.
        known_as: Where people see the backend, if that is elsewhere.
        subject: The revision that must answer, if the walk is about one.
    """
    began = clock.monotonic()
    # The name is of a domain that exists nowhere (RFC 2606).
    made = Person(f"netra-verify-{random_token()[:20]}@netra.invalid", Secret(random_token()))
    person = credentials.person or made
    text = f"golden path {random_token()[:12]}"
    walk = Walk(url, credentials, person, text, asker, known_as, subject)
    results: dict[str, StepResult] = {}
    left = list(steps_for(credentials, subject))
    try:
        while left:
            result = _taken(left[0], walk, results, clock)
            results[left.pop(0).name] = result
            if on_result:
                on_result(result)
    finally:
        for step in left:
            if step.cleans_up:
                results[step.name] = _taken(step, walk, results, clock)
    ms = _milliseconds(clock.monotonic() - began)
    return WalkReport(url, tuple(results.values()), ms)


def _taken(step: Step, walk: Walk, results: dict[str, StepResult], clock: Clock) -> StepResult:
    began = clock.monotonic()
    if step.cleans_up:
        # What hung before must not keep the walk from tidying up.
        walk.asker.allow(_CLEANING_SECONDS)
    walk.asker.asked = None
    outcome = _outcome(step, walk, results)
    walk.facts = replace(walk.facts, **outcome.learned)
    return StepResult(
        step.name,
        outcome.verdict,
        _milliseconds(clock.monotonic() - began),
        step.expect,
        _shown(outcome.got, walk),
        step.wanted,
        outcome.admitted,
        walk.asker.asked,
    )


def _outcome(step: Step, walk: Walk, results: dict[str, StepResult]) -> Outcome:
    for need in step.needs:
        if need not in results or results[need].verdict is not Verdict.PASS:
            return Outcome(Verdict.UNKNOWN, f"not taken: it needs the step '{need}' to pass")
    try:
        return step.take(walk)
    except CouldNotTell as error:
        return Outcome(Verdict.UNKNOWN, str(error))
    except OpsError as error:
        return Outcome(Verdict.FAIL, str(error))


def _shown(got: str, walk: Walk) -> str:
    """Keep secrets, control characters and floods out of what a stranger's answer can say."""
    for secret in walk.secrets():
        got = got.replace(secret.reveal(), SHOWN)
    printable = "".join(letter if letter.isprintable() else "?" for letter in got)
    return printable if len(printable) <= _LONGEST_GOT else printable[:_LONGEST_GOT] + "..."


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
