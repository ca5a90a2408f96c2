"""How long it took from the fault to the alarm, the cause, the way back and the proof. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

TARGETS: Final = {"alarm": 10.0, "cause": 10.0, "rollback": 5.0, "proof": 15.0}
"""Seconds that each should take at most, as a median over drills, from the moment before it."""
_ORDER: Final = ("alarm", "cause", "rollback", "proof")
_WIDTH: Final = 60


class Moments(msgspec.Struct, kw_only=True):
    """When what happened, in seconds of one monotonic clock; None where it did not.

    Attributes:
        met: People met the fault; or it ran, where nobody could meet it.
        alarmed: The gardener told of something new.
        named: The diagnosis named a cause.
        asked_back: The way back was asked for.
        back: What served before serves again.
        proven: The proof came to its end.
    """

    met: float | None = None
    alarmed: float | None = None
    named: float | None = None
    asked_back: float | None = None
    back: float | None = None
    proven: float | None = None


class Span(msgspec.Struct, frozen=True):
    """One part of a timeline.

    Attributes:
        name: `alarm`, `cause`, `rollback` or `proof`.
        begins: Seconds after people met the fault.
        seconds: How long it took; None if it did not come to its end.
    """

    name: str
    begins: float
    seconds: float | None


def spans(moments: Moments) -> tuple[Span, ...]:
    """Give the parts that began, in order.

    An alarm that came before people met the fault, as probes met it first, took no time.
    """
    if moments.met is None:
        return ()
    zero = moments.met
    heard = None if moments.alarmed is None else max(moments.alarmed, zero)
    between: Mapping[str, tuple[float | None, float | None]] = {
        "alarm": (zero, heard),
        "cause": (heard, moments.named),
        "rollback": (moments.asked_back, moments.back),
        "proof": (moments.back, moments.proven),
    }
    return tuple(
        Span(name, round(begin - zero, 2), None if end is None else round(end - begin, 2))
        for name, (begin, end) in ((name, between[name]) for name in _ORDER)
        if begin is not None
    )


def as_document(moments: Moments) -> dict[str, Any]:
    """Give the seconds of each part by its name; None where it did not come to its end."""
    found = {one.name: one.seconds for one in spans(moments)}
    return {name: found.get(name) for name in _ORDER}


def picture(moments: Moments, width: int = _WIDTH) -> tuple[str, ...]:
    """Draw the parts as bars below each other, on one scale."""
    found = spans(moments)
    end = max((one.begins + (one.seconds or 0.0) for one in found), default=0.0)
    scale = width / end if end > 0 else 0.0
    return tuple(_bar(one, scale, width) for one in found)


def medians(timelines: Sequence[Moments]) -> dict[str, float | None]:
    """Give the median seconds of each part over the drills in which it came to its end."""
    found: dict[str, list[float]] = {name: [] for name in _ORDER}
    for one in timelines:
        for name, seconds in as_document(one).items():
            if seconds is not None:
                found[name].append(seconds)
    return {name: _median(values) for name, values in found.items()}


def _bar(span: Span, scale: float, width: int) -> str:
    begins = min(round(span.begins * scale), width - 1)
    length = max(round((span.seconds or 0.0) * scale), 1)
    drawn = f"{' ' * begins}{'#' * min(length, width - begins)}"
    took = "no end" if span.seconds is None else f"{span.seconds:.1f} s"
    return f"{span.name:<9}|{drawn:<{width}}| {took}"


def _median(values: Sequence[float]) -> float | None:
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    if len(values) % 2:
        return ordered[middle]
    return round((ordered[middle - 1] + ordered[middle]) / 2, 2)
