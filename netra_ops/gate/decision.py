"""The gate's decision: the worst of what was judged, and waivers applied to it. Pure.

What is judged, by which rule or probe, lives with the checks and the golden path.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from netra_ops.findings import Finding, Outcome, Verdict, verdict_of
from netra_ops.gate.waivers import (
    CHECK_SILENT,
    NO_PROBES,
    NO_RULES,
    NO_TRAFFIC,
    NOTHING_JUDGED,
    NOTHING_PROVEN,
    Waiver,
    in_force,
    own_findings,
)


class Kind(StrEnum):
    """What a judgement looked at."""

    RULES = "rules"
    PROBES = "probes"
    TRAFFIC = "traffic"


_ABSENT: Final = {
    Kind.RULES: (NO_RULES, "No rule was applied: an empty set of rules proves nothing."),
    Kind.PROBES: (NO_PROBES, "No probe was sent: what was not asked has not answered."),
    Kind.TRAFFIC: (NO_TRAFFIC, "No request was served: without traffic nothing can be seen."),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What one judge saw and said.

    Attributes:
        kind: What it looked at.
        looked_at: How many rules it applied, probes it sent, or requests it saw.
        findings: What it says.
        checks: The ids of the checks it ran; each must have said something.
    """

    kind: Kind
    looked_at: int
    findings: tuple[Finding, ...]
    checks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a revision may go on, and everything that speaks for and against it.

    Attributes:
        service: Whose revision.
        revision: Which one.
        verdict: The worst of what counts.
        outcomes: The worst first, waived ones among them by their own verdict.
    """

    service: str
    revision: str
    verdict: Verdict
    outcomes: tuple[Outcome, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is no PASS, the worst first; empty for a PASS."""
        return tuple(
            f"{outcome.finding.check}: {outcome.finding.reason}"
            for outcome in self.outcomes
            if outcome.counts and outcome.finding.verdict is not Verdict.PASS
        )

    @property
    def waived(self) -> tuple[Outcome, ...]:
        """What does not count, and by whose word."""
        return tuple(outcome for outcome in self.outcomes if not outcome.counts)

    def as_document(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {
            "service": self.service,
            "revision": self.revision,
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "outcomes": [msgspec.to_builtins(outcome) for outcome in self.outcomes],
        }


def decide(
    judged: Sequence[Judged],
    waivers: Collection[Waiver] = (),
    *,
    service: str,
    revision: str,
    now: float,
    later: Collection[str] = (),
) -> Decision:
    """Combine everything that was judged of one revision.

    Args:
        judged: What the judges said; a judge that saw nothing counts as UNKNOWN.
        waivers: All that are written down; one for this service, or for each, that does not fit
            anything is a FAIL.
        service: Whose revision it is.
        revision: Which one.
        now: The time, in seconds since the epoch.
        later: Ids of checks that are still to be run in this deployment: their waivers wait.

    Raises:
        ValueError: A finding is about another revision.
    """
    findings = [finding for part in judged for finding in part.findings]
    if any(finding.revision != revision for finding in findings):
        raise ValueError("A decision is about one revision; a finding names another.")
    findings += _gaps(judged, service, revision)
    valid = in_force(waivers, now)
    outcomes = {Outcome(finding, _word_of(valid, finding)) for finding in findings}
    outcomes |= {
        Outcome(finding)
        for finding in own_findings(
            waivers, findings, later, service=service, revision=revision, now=now
        )
    }
    if outcomes and not any(outcome.counts for outcome in outcomes):
        reason = "Everything that was judged is waived, so that nothing is proven."
        outcomes.add(Outcome(_unknown(NOTHING_PROVEN, reason, service, revision)))
    ordered = tuple(sorted(outcomes, key=_place))
    return Decision(service, revision, verdict_of(ordered), ordered)


def _gaps(judged: Sequence[Judged], service: str, revision: str) -> list[Finding]:
    """Say what was not looked at; no waiver can name these."""
    if not judged:
        reason = "Nothing was judged: neither rules nor probes nor traffic."
        return [_unknown(NOTHING_JUDGED, reason, service, revision)]
    gaps: list[Finding] = []
    for part in judged:
        if part.looked_at <= 0 or not part.findings:
            gaps.append(_unknown(*_ABSENT[part.kind], service, revision))
        silent = part.checks - {finding.check for finding in part.findings}
        gaps += [
            _unknown(CHECK_SILENT, f"The check {check} said nothing.", service, revision)
            for check in sorted(silent)
        ]
    return gaps


def _unknown(check: str, reason: str, service: str, revision: str) -> Finding:
    return Finding(
        check=check, verdict=Verdict.UNKNOWN, reason=reason, service=service, revision=revision
    )


def _word_of(waivers: Iterable[Waiver], finding: Finding) -> str:
    """Give what the waivers of a finding say; empty where none waives it."""
    return "; ".join(sorted({waiver.says for waiver in waivers if waiver.waives(finding)}))


def _place(outcome: Outcome) -> tuple[Any, ...]:
    """Give the place in the one order that does not depend on who said it first."""
    finding = outcome.finding
    return (
        -finding.verdict.badness,
        bool(outcome.waived),
        finding.check,
        finding.service,
        finding.variable or "",
        finding.reason,
        finding.evidence,
        outcome.waived,
    )
