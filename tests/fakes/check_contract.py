"""What every check of the gate must hold to: for each there is a candidate that it alone refuses.

A check that no candidate needs could be taken out without anybody noticing, and one that a second
check always accompanies does not say what is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from netra_ops.findings import Finding, Verdict, worst_of
from netra_ops.gate.decision import Judged, Kind, decide

C = TypeVar("C")

Check = Callable[[C], Iterable[Finding]]
"""Judges a candidate."""

_NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Candidates(Generic[C]):
    """What checks are tried on.

    Attributes:
        good: One that all of them let pass.
        spoilt: By the id of a check, one that this check alone refuses.
        unclear: By the id of a check, one of which it cannot tell; for those that can be unsure.
    """

    good: C
    spoilt: Mapping[str, C]
    unclear: Mapping[str, C]


def broken_promises(checks: Mapping[str, Check[C]], candidates: Candidates[C]) -> list[str]:
    """Say in sentences where checks do not hold to the contract; nothing if they do.

    Args:
        checks: All of them by their ids.
        candidates: What they are tried on.
    """
    broken = [] if checks else ["There is no check."]
    broken += [
        f"There is a spoilt candidate for {name}, which is no check."
        for name in sorted((candidates.spoilt.keys() | candidates.unclear.keys()) - checks.keys())
    ]
    for name in sorted(checks):
        verdict, flaws = _verdict(name, checks[name], candidates.good)
        broken += flaws
        if verdict is not Verdict.PASS:
            broken.append(f"{name} says {verdict.value} of the good candidate.")
        if name in candidates.spoilt:
            broken += _alone(checks, name, candidates.spoilt[name])
        else:
            broken.append(f"There is no candidate that {name} refuses.")
        if name in candidates.unclear:
            verdict, flaws = _verdict(name, checks[name], candidates.unclear[name])
            broken += flaws
            if verdict is not Verdict.UNKNOWN:
                broken.append(f"{name} says {verdict.value} of what it cannot know.")
    return broken


def _alone(checks: Mapping[str, Check[C]], name: str, candidate: C) -> list[str]:
    """Require that one check refuses, that no other does, and that without it all would pass."""
    said = {other: _verdict(other, check, candidate) for other, check in checks.items()}
    broken = [flaw for _, flaws in said.values() for flaw in flaws]
    if said[name][0] is not Verdict.FAIL:
        broken.append(f"{name} says {said[name][0].value} of the candidate that it is to refuse.")
    broken += [
        f"{other} says {verdict.value} of the candidate that {name} alone is to refuse."
        for other, (verdict, _) in sorted(said.items())
        if other != name and verdict is not Verdict.PASS
    ]
    if not broken and _decided(checks, candidate) is not Verdict.FAIL:
        broken.append(f"The gate lets pass what {name} refuses.")
    return broken


def _verdict(name: str, check: Check[C], candidate: C) -> tuple[Verdict, list[str]]:
    findings = tuple(check(candidate))
    flaws = [f"{name} signs as {f.check}." for f in findings if f.check != name]
    if not findings:
        flaws.append(f"{name} says nothing.")
    return worst_of(finding.verdict for finding in findings), flaws


def _decided(checks: Mapping[str, Check[C]], candidate: C) -> Verdict:
    findings = tuple(finding for check in checks.values() for finding in check(candidate))
    judged = Judged(Kind.RULES, len(checks), findings, frozenset(checks))
    about = findings[0]
    return decide([judged], service=about.service, revision=about.revision, now=_NOW).verdict
