"""How the checks of a deployment speak: findings about one revision. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from netra_ops.findings import Finding, Verdict

Seen = TypeVar("Seen", bound="About")


@dataclass(frozen=True, slots=True)
class About:
    """The revision that is judged."""

    service: str
    revision: str

    def says(
        self,
        check: str,
        verdict: Verdict,
        reason: str,
        *,
        service: str | None = None,
        variable: str | None = None,
        evidence: tuple[str, ...] = (),
    ) -> Finding:
        """Say something of it, or of another service that it does not agree with."""
        return Finding(
            check=check,
            verdict=verdict,
            reason=reason,
            service=service or self.service,
            revision=self.revision,
            variable=variable,
            evidence=evidence,
        )


Check = Callable[[Seen], tuple[Finding, ...]]
"""Judges what was seen of a revision; it says something in any case, and never a value."""


def findings_of(checks: Mapping[str, Check[Seen]], seen: Seen) -> tuple[Finding, ...]:
    """Run checks."""
    return tuple(finding for check in checks.values() for finding in check(seen))


def or_pass(found: Iterable[Finding], passed: Finding) -> tuple[Finding, ...]:
    """Give what was found, or that nothing was."""
    return tuple(found) or (passed,)
