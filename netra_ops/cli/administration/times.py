"""Times and durations as people write and read them."""

import re
from datetime import UTC, datetime
from typing import Final

from netra.clock import as_iso
from netra_ops.findings import UsageRefused

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION: Final = re.compile(r"(?:\d{1,9}[smhdw])+")
_PART: Final = re.compile(r"(\d+)([smhdw])")


def seconds_in(text: str, name: str) -> int:
    """Read a duration such as `24h`, `7d`, `1h30m` or `0`.

    Raises:
        UsageRefused: It is something else.
    """
    if text == "0":
        return 0
    if _DURATION.fullmatch(text) is None:
        raise UsageRefused(f"{name} must be a duration such as 30m, 24h, 7d or 0.")
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def moment_in(text: str | None, name: str, now: float) -> float | None:
    """Read a time, in UTC unless it says otherwise, or how long ago it was.

    Raises:
        UsageRefused: It is neither.
    """
    if text is None:
        return None
    if _DURATION.fullmatch(text):
        return max(0.0, now - seconds_in(text, name))
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageRefused(
            f"{name} must be a time such as 2026-11-05T10:00:00Z, or how long ago it was, "
            "such as 7d."
        ) from error


def shown(timestamp: float | None) -> str:
    """Write a time to the second, in UTC; `-` for none."""
    if timestamp is None:
        return "-"
    try:
        return f"{as_iso(timestamp)[:19]}Z"
    except (ValueError, OverflowError, OSError):
        return "?"


def long_in(seconds: float) -> str:
    """Write how long something takes or took, in its two largest units."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit in ("w", "d", "h", "m", "s"):
        number, left = divmod(left, _SECONDS[unit])
        if number or (unit == "s" and not parts):
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2])
