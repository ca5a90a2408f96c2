"""Observations as they are told: sentences without secrets, and few references. Pure."""

from collections.abc import Iterable
from typing import Final

from netra.telemetry.redaction import redact_text
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import Attempt

_MOST: Final = 5
_NAME: Final = 12
LOG: Final = "logs.ndjson"


def seen(
    fact: Fact,
    says: str,
    evidence: Iterable[Attempt | int | str],
    *,
    time: int | None = None,
    subjects: Iterable[str] = (),
    service: str | None = None,
) -> Observation:
    """Give what is so.

    Args:
        fact: Which fact.
        says: What was seen.
        evidence: Attempts, lines of the log or places in other files, the most telling first.
        time: When it was first so.
        subjects: What it is about.
        service: In which service.
    """
    return Observation(
        fact=fact,
        says=redact_text(says),
        evidence=_references(evidence),
        time=time or None,
        subjects=tuple(redact_text(one) for one in subjects),
        service=service,
    )


def absent(
    fact: Fact,
    says: str,
    evidence: Iterable[Attempt | int | str] = (),
    *,
    service: str | None = None,
) -> Observation:
    """Give what is not so; without references of its own it stands for the whole log."""
    return Observation(
        fact=fact,
        is_seen=False,
        says=redact_text(says),
        evidence=_references(evidence) or (LOG,),
        service=service,
    )


def short(name: str | None) -> str:
    """Give an instance's name as far as people compare it."""
    return "?" if name is None else name[:_NAME]


def several(number: int, one: str, many: str | None = None) -> str:
    """Give a number and what it counts."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _references(evidence: Iterable[Attempt | int | str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in evidence:
        if isinstance(one, str):
            found[one] = None
        else:
            found[f"{LOG}:{one.number if isinstance(one, Attempt) else one}"] = None
        if len(found) == _MOST:
            break
    return tuple(found)
