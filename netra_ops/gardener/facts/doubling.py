"""Whether two clusters are one event written twice. Pure.

One failure is often written by two loggers: as a structured record and again as text, or by a
library and by who caught it. Then the counts say twice as much as happened. Two clusters are taken
for one event only if they come together nearly always, at once, in equal number, and one says
nearly all that the other says.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from netra_ops.gardener.facts.sequence import Following

_NEARLY: Final = 0.9
_AT_ONCE: Final = 0.05
"""Seconds."""
_SHARED: Final = 0.8
"""At least this share of the words of the shorter one are in the longer one."""
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]+")


def doubles_of(
    followings: Sequence[Following], counts: Mapping[int, int], templates: Mapping[int, str]
) -> dict[int, int]:
    """Say which cluster writes again what another one says.

    Args:
        followings: What follows what.
        counts: How many entries each cluster has.
        templates: What each says.

    Returns:
        By the cluster that says less, or comes second: the one that it doubles.
    """
    found: dict[int, int] = {}
    for one in followings:
        if one.lag > _AT_ONCE or one.times < _NEARLY * one.of:
            continue
        fewer, more = sorted((counts[one.first], counts[one.then]))
        if fewer < _NEARLY * more or one.times < _NEARLY * fewer:
            continue
        first, then = _words(templates[one.first]), _words(templates[one.then])
        shorter = min(first, then, key=len)
        if not shorter or len(first & then) < _SHARED * len(shorter):
            continue
        less, full = (one.first, one.then) if len(first) < len(then) else (one.then, one.first)
        if less not in found and full not in found:
            found[less] = full
    return found


def _words(template: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(template))
