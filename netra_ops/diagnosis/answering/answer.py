"""What a diagnosis answers. Pure; no statement in it is without its evidence."""

from enum import StrEnum
from typing import Any

import msgspec

from netra_ops.diagnosis.weights.deciding import Decision


class DiagnosisVerdict(StrEnum):
    """What is known of the incident."""

    CAUSE_FOUND = "cause_found"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    NOT_AN_INCIDENT = "not_an_incident"


class WhyStatus(StrEnum):
    """How an answer is known."""

    EVIDENCED = "evidenced"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


class Said(msgspec.Struct, frozen=True):
    """Something that speaks for or against a cause, and where it stands."""

    evidence: tuple[str, ...]
    says: str


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A cause among the others.

    Attributes:
        cause: Its code.
        score: The belief in it, in [0, 1].
        supported: What speaks for it.
        opposed: What speaks against it.
        consequence_of: The cause whose mere consequence it is here.
    """

    cause: str
    score: float
    supported: tuple[Said, ...]
    opposed: tuple[Said, ...]
    consequence_of: str | None = None


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the five whys; one without evidence is unknown."""

    why: str
    answer: str
    status: WhyStatus
    evidence: tuple[str, ...] = ()


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A change that may have brought the cause, and why it is suspected."""

    what: str
    reason: str
    evidence: tuple[str, ...]


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """Who and what was hit since the onset, as counted in the log.

    Attributes:
        service: Whose requests failed.
        revisions: On which revisions.
        requests_failed: Distinct requests that failed.
        requests: Distinct requests that the log tells of in the same time.
        callers: Of which kinds the callers were, with how many distinct ones.
        since: The first failure, ISO 8601 in UTC.
        until: The last one.
        evidence: Where the first failures stand.
    """

    service: str | None = None
    revisions: tuple[str, ...] = ()
    requests_failed: int = 0
    requests: int = 0
    callers: dict[str, int] = {}
    since: str | None = None
    until: str | None = None
    evidence: tuple[str, ...] = ()


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """The same kind of requests from before the onset, and where the first of them stand."""

    requests_failed: int = 0
    requests: int = 0
    evidence: tuple[str, ...] = ()


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """Requests and failures over time, for a picture.

    Attributes:
        first: When it begins, seconds since the epoch.
        last: When it ends.
        requests: How many there were in each of as many equal spans.
        failed: How many of them failed.
    """

    first: float
    last: float
    requests: tuple[int, ...]
    failed: tuple[int, ...]


class Beside(msgspec.Struct, frozen=True):
    """A cause that is there besides the one that is named, and explains other failures.

    Attributes:
        cause: Which.
        because: What it is, in a clause.
        confidence: The belief in it.
        fix: What to do.
    """

    cause: str
    because: str
    confidence: float
    fix: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer.

    Attributes:
        verdict: What is known.
        cause: The cause, if one is named.
        because: What it is, in a clause.
        confidence: The belief in it, or in the likeliest if none is named.
        besides: Causes that are there as well.
        ranked: The causes that anything speaks for, the likeliest first.
        decide_by: What to observe next, if no cause is named.
        onset: When it began, ISO 8601 in UTC.
        first_bad_revision: On which revision it was seen first.
        last_good_revision: The last that served well before it.
        affected: Who and what was hit.
        before: The same kind of requests from before.
        course: Requests and failures over time; None where the log has no times.
        five_whys: The chain, as far as it is known.
        fix: What to do; None if no cause is named.
        prove_by: What has to hold for the repair to be proven.
        suspects: Changes that may have brought it.
        remarks: What was wrong with the evidence itself.
    """

    verdict: DiagnosisVerdict
    cause: str | None
    because: str | None
    confidence: float
    ranked: tuple[Ranked, ...]
    decide_by: tuple[Decision, ...]
    onset: str | None
    first_bad_revision: str | None
    last_good_revision: str | None
    affected: Affected
    before: Before
    course: Course | None
    five_whys: tuple[Why, ...]
    fix: str | None
    prove_by: tuple[str, ...]
    suspects: tuple[Suspect, ...] = ()
    remarks: tuple[str, ...] = ()
    besides: tuple[Beside, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Give it in the form that `netra diagnose --json` prints."""
        return {
            "verdict": self.verdict.value,
            "cause": self.cause,
            "because": self.because,
            "confidence": round(self.confidence, 3),
            "besides": [
                msgspec.to_builtins(one) | {"confidence": round(one.confidence, 3)}
                for one in self.besides
            ],
            "ranked": [
                {
                    "cause": one.cause,
                    "score": round(one.score, 3),
                    "for": [_said(said) for said in one.supported],
                    "against": [_said(said) for said in one.opposed],
                    "consequence_of": one.consequence_of,
                }
                for one in self.ranked
            ],
            "decide_by": [
                {
                    "observation": one.fact.code,
                    "states": one.states,
                    "take": one.take,
                    "between": list(one.between),
                    "probe": one.probe,
                }
                for one in self.decide_by
            ],
            "onset": self.onset,
            "first_bad_revision": self.first_bad_revision,
            "last_good_revision": self.last_good_revision,
            "affected": msgspec.to_builtins(self.affected),
            "before": msgspec.to_builtins(self.before),
            "course": msgspec.to_builtins(self.course),
            "five_whys": msgspec.to_builtins(self.five_whys),
            "fix": self.fix,
            "prove_by": list(self.prove_by),
            "suspects": msgspec.to_builtins(self.suspects),
            "remarks": list(self.remarks),
        }


def _said(said: Said) -> dict[str, Any]:
    first = said.evidence[0] if said.evidence else None
    return {"evidence": first, "says": said.says, "all_evidence": list(said.evidence)}
