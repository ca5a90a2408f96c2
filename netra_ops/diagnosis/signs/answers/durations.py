"""How long a request took, as texts and members say it. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

_UNITS: Final = {"ms": 1e-3, "s": 1.0, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "milliseconds": 1e-3}
_DURATION: Final = re.compile(r"([\d.]+)\s*(ms|s|us|µs|seconds|milliseconds)?$")
_MILLISECONDS: Final = (
    "ms",
    "responseTime",
    "duration_ms",
    "elapsed_ms",
    "latency_ms",
    "response_time_ms",
    "durationMs",
    "latencyMs",
    "took_ms",
    "time_ms",
    "elapsedMs",
    "response_time",
)
_SECONDS: Final = (
    "duration",
    "latency",
    "elapsed",
    "took",
    "duration_s",
    "request_time",
    "seconds",
    "duration_seconds",
)
_READABLE: Final = ("latency_human", "duration_human", "latencyHuman")
"""Beside these a bare number is of nanoseconds, as Echo writes it."""
_NANOSECONDS: Final = ("duration_ns", "latency_ns", "durationNs", "elapsed_ns", "Duration")
"""The last is Traefik's."""
_MICROSECONDS: Final = ("duration_us", "latency_us", "durationUs", "elapsed_us")
_IS_NANOSECONDS: Final = 1_000_000.0
"""A bare whole number above this is of nanoseconds: no request takes as many milliseconds."""
_IS_MILLISECONDS: Final = 100.0
"""A bare `duration` above this is taken for milliseconds if it has no unit."""


def seconds_of(number: str | None, unit: str | None) -> float | None:
    """Give a duration in seconds; a bare number is one already."""
    if not number:
        return None
    try:
        value = float(number)
    except ValueError:
        return None
    return value * _UNITS.get(unit or "s", 1.0)


def latency_of(fields: Mapping[str, Any]) -> float | None:
    """Give what members say of how long it took, in seconds; None if they say nothing."""
    told = next((fields[name] for name in _READABLE if isinstance(fields.get(name), str)), None)
    found = _DURATION.fullmatch(told.strip()) if told is not None else None
    if found is not None:
        return seconds_of(found[1], found[2])
    for names, unit in (
        (_MILLISECONDS, 1e3),
        (_MICROSECONDS, 1e6),
        (_NANOSECONDS, 1e9),
    ):
        number = next((n for name in names if (n := _number(fields.get(name))) is not None), None)
        if number is not None:
            return number / unit
    return _of_bare(fields)


def _of_bare(fields: Mapping[str, Any]) -> float | None:
    for name in _SECONDS:
        value = fields.get(name)
        if isinstance(value, str):
            found = _DURATION.fullmatch(value.strip())
            if found is not None:
                return seconds_of(found[1], found[2])
        seconds = _number(value)
        if seconds is not None:
            if seconds > _IS_NANOSECONDS:
                return seconds / 1e9
            return seconds / 1e3 if seconds > _IS_MILLISECONDS else seconds
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and value >= 0 else None
