"""What a waiver is, and what it waives. Pure; the file it is written in is read elsewhere.

A waiver lets a deployment go on in spite of one finding. It never changes what the check said.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from netra.clock import as_iso
from netra_ops.findings import Finding, Verdict, is_check_id

LONGEST_DAYS: Final = 90
"""How far ahead a waiver may expire."""

EXPIRED: Final = "waiver_expired"
UNMATCHED: Final = "waiver_unmatched"
TOO_LONG: Final = "waiver_too_long"
NOTHING_JUDGED: Final = "nothing_judged"
NOTHING_PROVEN: Final = "nothing_proven"
CHECK_SILENT: Final = "check_silent"
NO_RULES: Final = "no_rules"
NO_PROBES: Final = "no_probes"
NO_TRAFFIC: Final = "no_traffic"
OWN_CHECKS: Final = frozenset(
    {EXPIRED, UNMATCHED, TOO_LONG}
    | {NOTHING_JUDGED, NOTHING_PROVEN, CHECK_SILENT, NO_RULES, NO_PROBES, NO_TRAFFIC}
)
"""What the gate says of waivers, and of what was not looked at. None of it can be waived."""

WAIVABLE: Final = frozenset({Verdict.FAIL, Verdict.UNKNOWN})
_DAY: Final = 86_400
_END_OF_TIME: Final = 253_402_300_799
"""The last second that can be written as a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Who lets which finding pass, until when, and why.

    Attributes:
        check: The id of the check.
        service: Only of this service, if given.
        variable: Only of this variable, if given.
        revision: Only of this revision, if given.
        reason: Why.
        person: Who answers for it.
        expires: When it ends, in seconds since the epoch.
        verdicts: What it waives: FAIL, unless it says UNKNOWN itself.
        place: Where it is written, for whoever is to remove or renew it.

    Raises:
        ValueError: It names no check of the gate, no scope, reason, person, verdict
            or time.
    """

    check: str
    reason: str
    person: str
    expires: float
    service: str | None = None
    variable: str | None = None
    revision: str | None = None
    verdicts: frozenset[Verdict] = frozenset({Verdict.FAIL})
    place: str = "a waiver"

    def __post_init__(self) -> None:
        if not is_check_id(self.check) or self.check in OWN_CHECKS:
            raise ValueError("A waiver names one check by its id, and none of the gate's own.")
        if not (self.service or self.variable or self.revision):
            raise ValueError("A waiver names a service, a variable or a revision.")
        if not (self.reason.strip() and self.person.strip()):
            raise ValueError("A waiver names its reason and a person.")
        if not self.verdicts or not self.verdicts <= WAIVABLE:
            raise ValueError("A waiver waives FAIL, UNKNOWN or both.")
        if not 0 <= self.expires <= _END_OF_TIME:
            raise ValueError("A waiver ends at a time.")

    @property
    def says(self) -> str:
        """By whom, until when, and why."""
        until = f"{as_iso(self.expires)[:19]}Z"
        return f"waived by {self.person} until {until} because {self.reason}"

    @property
    def scope(self) -> tuple[str | None, ...]:
        """What it is about."""
        return self.check, self.service, self.variable, self.revision

    def is_about(self, finding: Finding) -> bool:
        """Tell whether it names this finding, whether or not it may waive it."""
        return (
            self.check == finding.check
            and self.service in {None, finding.service}
            and self.variable in {None, finding.variable}
            and self.revision in {None, finding.revision}
        )

    def waives(self, finding: Finding) -> bool:
        """Tell whether this finding does not count while the waiver is in force."""
        return finding.verdict in self.verdicts and self.is_about(finding)


def in_force(waivers: Iterable[Waiver], now: float) -> tuple[Waiver, ...]:
    """Give those that may waive something at this time."""
    return tuple(waiver for waiver in waivers if _flaw(waiver, now) is None)


def own_findings(
    waivers: Iterable[Waiver],
    findings: Collection[Finding],
    later: Collection[str],
    *,
    service: str,
    revision: str,
    now: float,
) -> tuple[Finding, ...]:
    """Say which waivers fail by themselves: expired, too long, or without anything to waive.

    One that names another service is for that one's deployments to judge: here it fails only where
    it would have waived something. One that names none is for each.

    Args:
        waivers: All that were given.
        findings: What the checks said.
        later: Ids of checks whose findings are still to come in this deployment.
        service: Whose deployment it is.
        revision: Which revision is deployed.
        now: The time.
    """
    found: list[Finding] = []
    for waiver in waivers:
        is_foreign = waiver.service not in {None, service}
        if is_foreign and not any(map(waiver.waives, findings)):
            continue
        flaw = _flaw(waiver, now) or _unmatched(waiver, findings, later)
        if flaw is not None:
            check, reason = flaw
            found.append(
                Finding(
                    check=check,
                    verdict=Verdict.FAIL,
                    reason=f"{waiver.place}, for {waiver.check} by {waiver.person}: {reason}",
                    service=service,
                    revision=revision,
                    variable=waiver.variable,
                    evidence=(waiver.place,),
                )
            )
    return tuple(found)


def _flaw(waiver: Waiver, now: float) -> tuple[str, str] | None:
    if waiver.expires <= now:
        return EXPIRED, (
            f"it expired at {as_iso(waiver.expires)[:19]}Z. Mend what it waived, or renew it."
        )
    if waiver.expires > now + LONGEST_DAYS * _DAY:
        return TOO_LONG, f"it expires more than {LONGEST_DAYS} days ahead. Give it an earlier end."
    return None


def _unmatched(
    waiver: Waiver, findings: Iterable[Finding], later: Collection[str]
) -> tuple[str, str] | None:
    if waiver.check in later:
        return None
    # A check that could not look may find next time what this waiver is for.
    if any(waiver.is_about(finding) and finding.verdict in WAIVABLE for finding in findings):
        return None
    return UNMATCHED, "it matches nothing that was found. Remove it."
