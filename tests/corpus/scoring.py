"""The corpus of incidents, diagnosed and held against what reviewers expect."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from architecture.house import ROOT
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of

INCIDENTS: Final = ROOT / "tests" / "corpus" / "incidents"
HALVES: Final = ("tuning", "untouched")
NAMED_SURELY: Final = 0.5
"""A cause that is named with at least this confidence and is false is a wrong accusation."""
_BANDS: Final = ((0.0, 0.55), (0.55, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01))


class Expected(msgspec.Struct):
    """What reviewers expect of a bundle, and why."""

    verdict: str
    cause: str | None
    why: str
    acceptable: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scored:
    """A bundle, what was answered, and whether that is right."""

    name: str
    half: str
    expected: Expected
    verdict: str
    cause: str | None
    confidence: float
    place: int | None
    """Where the expected cause stands among those that are shown, from 1; None if nowhere."""
    seconds: float

    @property
    def is_exact(self) -> bool:
        """Whether verdict and cause are what reviewers expect, or accept."""
        return self.verdict == self.expected.verdict and self.names_right

    @property
    def names_right(self) -> bool:
        """Whether the cause is the expected one, or one that a fair reviewer accepts."""
        return self.cause == self.expected.cause or self.cause in self.expected.acceptable

    @property
    def accuses_wrongly(self) -> bool:
        """Whether it names a false cause with confidence."""
        return self.cause is not None and self.confidence >= NAMED_SURELY and not self.names_right


def bundles(half: str) -> list[Path]:
    """List the bundles of a half."""
    return sorted(one for one in (INCIDENTS / half).iterdir() if (one / "bundle.json").is_file())


def scored(bundle: Path, now: int) -> Scored:
    """Diagnose a bundle.

    Args:
        bundle: Its directory, in its half.
        now: The present, nanoseconds since the epoch.
    """
    expected = msgspec.json.decode((bundle / "expected.json").read_bytes(), type=Expected)
    began = time.perf_counter()
    answer = diagnosed(scene_of(bundle, now))
    shown = [one.cause for one in answer.ranked]
    return Scored(
        name=bundle.name,
        half=bundle.parent.name,
        expected=expected,
        verdict=answer.verdict.value,
        cause=answer.cause,
        confidence=answer.confidence,
        place=shown.index(expected.cause) + 1 if expected.cause in shown else None,
        seconds=time.perf_counter() - began,
    )


def reliability(results: Sequence[Scored]) -> Iterator[dict[str, Any]]:
    """Say for each band of confidence how many causes were named with it, and how many rightly."""
    named = [one for one in results if one.cause is not None]
    for low, high in _BANDS:
        band = [one for one in named if low <= one.confidence < high]
        if band:
            yield {
                "from": low,
                "to": min(high, 1.0),
                "named": len(band),
                "mean": sum(one.confidence for one in band) / len(band),
                "right": sum(one.names_right for one in band) / len(band),
            }


def calibration_error(results: Sequence[Scored]) -> float:
    """Give the mean distance between confidence and truth over all bands, weighed by their size."""
    bands = list(reliability(results))
    whole = sum(band["named"] for band in bands)
    return float(
        sum(band["named"] * abs(band["mean"] - band["right"]) for band in bands) / max(1, whole)
    )
