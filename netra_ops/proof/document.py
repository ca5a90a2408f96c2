"""What was proven of a repair, and what was not. Pure."""

from typing import Any

import msgspec

from netra_ops.findings import Verdict, worst_of


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things that must hold.

    Attributes:
        name: Which.
        verdict: Whether it does; UNKNOWN proves nothing.
        says: What was seen, with its numbers.
        evidence: Where it can be seen.
    """

    name: str
    verdict: Verdict
    says: str
    evidence: tuple[str, ...] = ()


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it.

    Attributes:
        bundle: Of which incident.
        url: Against what.
        cause: What the diagnosis named, if it did.
        began: When the proof began, ISO 8601 in UTC.
        parts: All that must hold.
    """

    bundle: str
    url: str
    cause: str | None
    began: str
    parts: tuple[Part, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all parts."""
        return worst_of(part.verdict for part in self.parts)

    @property
    def is_proven(self) -> bool:
        """Whether all of it holds: anything less is not proven."""
        return self.verdict is Verdict.PASS

    @property
    def missing(self) -> tuple[str, ...]:
        """What does not hold, or is not known to."""
        return tuple(
            f"{part.name}: {part.says}" for part in self.parts if part.verdict is not Verdict.PASS
        )

    def as_document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "proven": self.is_proven,
            "verdict": self.verdict.value,
            "bundle": self.bundle,
            "url": self.url,
            "cause": self.cause,
            "began": self.began,
            "parts": msgspec.to_builtins(self.parts),
            "missing": list(self.missing),
        }
