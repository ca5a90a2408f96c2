"""What a report is written from: a bundle, and the diagnosis of it as a document. Pure.

Judges hand each other documents: what `netra diagnose --json` printed is read here by its form.
"""

from typing import Any

import msgspec

from netra_ops.evidence.bundle import Bundle
from netra_ops.findings import UsageRefused


class Said(msgspec.Struct, frozen=True):
    """Something that speaks for or against a cause."""

    says: str
    all_evidence: tuple[str, ...] = ()


class RankedCause(msgspec.Struct, frozen=True):
    """A cause beside the others."""

    cause: str
    score: float
    supported: tuple[Said, ...] = msgspec.field(name="for", default=())
    opposed: tuple[Said, ...] = msgspec.field(name="against", default=())
    consequence_of: str | None = None


class Decides(msgspec.Struct, frozen=True):
    """An observation that would decide."""

    observation: str
    take: str
    between: tuple[str, ...] = ()


class WhyStep(msgspec.Struct, frozen=True):
    """One of the five."""

    why: str
    answer: str
    status: str
    evidence: tuple[str, ...] = ()


class Suspected(msgspec.Struct, frozen=True):
    """A change that may have brought the cause."""

    what: str
    reason: str
    evidence: tuple[str, ...] = ()


class Hit(msgspec.Struct, frozen=True):
    """Who and what was hit."""

    service: str | None = None
    revisions: tuple[str, ...] = ()
    requests_failed: int = 0
    requests: int = 0
    callers: dict[str, int] = {}
    since: str | None = None
    until: str | None = None
    evidence: tuple[str, ...] = ()


class Before(msgspec.Struct, frozen=True):
    """The same kind of requests from before the onset."""

    requests_failed: int = 0
    requests: int = 0
    evidence: tuple[str, ...] = ()


class Course(msgspec.Struct, frozen=True):
    """Requests and failures over time: equal spans from one moment to another, in seconds."""

    first: float
    last: float
    requests: tuple[int, ...]
    failed: tuple[int, ...]


class BesideRead(msgspec.Struct, frozen=True):
    """A cause that is there as well."""

    cause: str
    because: str = ""
    confidence: float = 0.0
    fix: str = ""


class DiagnosisRead(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis, as `netra diagnose --json` prints it."""

    verdict: str
    cause: str | None = None
    because: str | None = None
    confidence: float = 0.0
    besides: tuple[BesideRead, ...] = ()
    ranked: tuple[RankedCause, ...] = ()
    decide_by: tuple[Decides, ...] = ()
    onset: str | None = None
    first_bad_revision: str | None = None
    last_good_revision: str | None = None
    affected: Hit = Hit()
    before: Before = Before()
    course: Course | None = None
    five_whys: tuple[WhyStep, ...] = ()
    fix: str | None = None
    prove_by: tuple[str, ...] = ()
    suspects: tuple[Suspected, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def fixes(self) -> tuple[str, ...]:
        """What to do about the cause, and about those that are there as well."""
        others = (f"{one.cause}: {one.fix}" for one in self.besides)
        return (self.fix, *others) if self.fix else ()

    @property
    def leading(self) -> RankedCause | None:
        """The cause that is named, with what speaks for it."""
        return next((one for one in self.ranked if one.cause == self.cause), None)


class ProofPart(msgspec.Struct, frozen=True):
    """One of the things that must hold."""

    name: str
    verdict: str
    says: str
    evidence: tuple[str, ...] = ()


class ProofRead(msgspec.Struct, frozen=True, kw_only=True):
    """A proof, as `netra prove --json` prints it."""

    proven: bool
    url: str
    began: str
    parts: tuple[ProofPart, ...]
    bundle: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one incident.

    Attributes:
        bundle: The evidence.
        diagnosis: What was found in it.
        generated: When the report is written, ISO 8601 in UTC.
        proof: What was proven of its repair, if that was tried.
    """

    bundle: Bundle
    diagnosis: DiagnosisRead
    generated: str
    proof: ProofRead | None = None


def diagnosis_from(document: Any) -> DiagnosisRead:
    """Read a diagnosis.

    Raises:
        UsageRefused: It is none.
    """
    try:
        return msgspec.convert(document, DiagnosisRead)
    except msgspec.ValidationError as error:
        raise UsageRefused(f"This is no diagnosis: {error}.") from None


def proof_from(document: Any) -> ProofRead:
    """Read a proof.

    Raises:
        UsageRefused: It is none.
    """
    try:
        return msgspec.convert(document, ProofRead)
    except msgspec.ValidationError as error:
        raise UsageRefused(f"This is no proof: {error}.") from None
