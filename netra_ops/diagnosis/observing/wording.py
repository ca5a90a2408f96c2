"""How observers put what they saw, with nobody's address and no secret in it. Pure."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

from netra.telemetry.redaction import redact_text
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation

MOST_NAMED: Final = 6
"""Names in one sentence; of more, the number of the others is said."""
MOST_REFERENCES: Final = 8
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_ADDRESS: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_HIDDEN: Final = "[address]"


def observation(
    fact: Fact,
    says: str,
    evidence: Iterable[str],
    *,
    is_seen: bool = True,
    time: int | None = None,
    subjects: Iterable[str] = (),
    service: str | None = None,
) -> Observation:
    """Give an observation that names each reference and subject once, and shows nobody."""
    return Observation(
        fact=fact,
        is_seen=is_seen,
        says=without_people(says),
        evidence=tuple(dict.fromkeys(evidence))[:MOST_REFERENCES],
        time=time,
        subjects=tuple(dict.fromkeys(without_people(one) for one in subjects if one)),
        service=service,
    )


def without_people(text: str) -> str:
    """Hide mail addresses and everything that looks like a secret."""
    return redact_text(_ADDRESS.sub(_HIDDEN, text))


def listed(names: Collection[str]) -> str:
    """Write names as a sentence lists them: `a, b and c`."""
    shown = list(dict.fromkeys(names))
    if len(shown) > MOST_NAMED:
        shown = [*shown[:MOST_NAMED], f"{len(shown) - MOST_NAMED} others"]
    if len(shown) < len(("one", "other")):
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: `1 probe`, `3 probes`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def clock(time: int | None) -> str:
    """Write a time of day in UTC, with its date; `an unknown time` where there is none."""
    if time is None:
        return "an unknown time"
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
