"""What a walked golden path says of a revision, as findings of the gate. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from netra_ops.deploy.checks.said import About
from netra_ops.findings import Finding, Verdict
from netra_ops.validation.step import StepResult, Wanted

GOLDEN_PATH: Final = "golden_path"
"""What must be served is."""
WRONGLY_ADMITTED: Final = "caller_wrongly_admitted"
"""Whoever must be refused is served: identity became optional."""
WRONGLY_REFUSED: Final = "refusal_wrong"
"""Whoever must be refused is, in another way than is promised."""
REVISION: Final = "revision_answers"
"""The revision itself answers, and is well."""
HEALTH: Final = "health_well"
"""Nothing is down or degraded."""

CHECKS: Final = frozenset({GOLDEN_PATH, WRONGLY_ADMITTED, WRONGLY_REFUSED, REVISION, HEALTH})
_OF_STEP: Final = {
    "revision": REVISION,
    "revision to the end": REVISION,
    "health": HEALTH,
    "ready": HEALTH,
}


@dataclass(frozen=True, slots=True)
class Walked(About):
    """A revision and the steps that were taken on it."""

    steps: Sequence[StepResult] = ()


def findings(walked: Walked) -> tuple[Finding, ...]:
    """Translate every step; a step that was not taken is UNKNOWN, as the walk says."""
    return tuple(found for step in walked.steps for found in _of_step(walked, step))


def checks_for(steps: Iterable[StepResult]) -> frozenset[str]:
    """Give the ids that must have said something."""
    return CHECKS if tuple(steps) else frozenset()


def _of_step(walked: Walked, step: StepResult) -> tuple[Finding, ...]:
    if step.wanted is Wanted.ADMITTED:
        return (_finding(walked, _OF_STEP.get(step.name, GOLDEN_PATH), step, step.verdict),)
    if step.verdict is not Verdict.FAIL:
        return tuple(
            _finding(walked, check, step, step.verdict)
            for check in (WRONGLY_ADMITTED, WRONGLY_REFUSED)
        )
    check = WRONGLY_ADMITTED if step.admitted else WRONGLY_REFUSED
    return (_finding(walked, check, step, Verdict.FAIL),)


def _finding(walked: Walked, check: str, step: StepResult, verdict: Verdict) -> Finding:
    reason = f"{step.name}: wanted {step.expect}, got {step.got or 'nothing'}"
    return walked.says(check, verdict, reason, evidence=(f"golden path: {step.name}",))
