"""How counts are told: how bad a cluster is, and how its entries are spread over values. Pure."""

from collections.abc import Iterable, Mapping
from heapq import nsmallest
from typing import Final

import msgspec

from netra_ops.gardener.facts.columns import Names
from netra_ops.logs.entries.entry import Level

SPANS: Final = 60
"""Into so many equal spans the covered interval is divided for rates."""
SERVER_ERROR: Final = 500
_SHARE_OF_LEVEL: Final = 0.1
"""A cluster is as bad as the worst level that this share of its entries has."""
_TOP: Final = 10


class Share(msgspec.Struct, frozen=True):
    """How many entries have one value of something."""

    name: str
    count: int


class Spread(msgspec.Struct, frozen=True):
    """How entries are spread over the values of something.

    Attributes:
        distinct: How many values there are.
        top: The most frequent of them.
        at_least: Whether there may be more values than are told apart.
    """

    distinct: int = 0
    top: tuple[Share, ...] = ()
    at_least: bool = False


def spread(counts: Mapping[int, int], names: Names) -> Spread:
    """Give the spread over texts.

    Args:
        counts: How many entries have the text of each number; 0 stands for none and is left out.
        names: The texts.
    """
    shares = (Share(names.text(number), count) for number, count in counts.items() if number)
    top = nsmallest(_TOP, shares, key=lambda one: (-one.count, one.name))
    return Spread(len(counts) - (0 in counts), tuple(top), at_least=names.overflowed)


def spread_of_statuses(counts: Mapping[int, int]) -> Spread:
    """Give the spread over HTTP statuses, the lowest first; 0 stands for none and is left out."""
    shares = [Share(str(status), count) for status, count in sorted(counts.items()) if status]
    return Spread(len(shares), tuple(shares[:_TOP]))


def badness(level: int, status: int) -> int:
    """Give how bad an entry is: a request that was answered with 5xx is an error at least."""
    return max(level, Level.ERROR) if status >= SERVER_ERROR else level


def level_of(counts: Mapping[int, int]) -> Level:
    """Give the worst level that a tenth of the entries have.

    Args:
        counts: How many entries are how bad.
    """
    seen, all_of = 0, sum(counts.values())
    for level in sorted(counts, reverse=True):
        seen += counts[level]
        if seen >= _SHARE_OF_LEVEL * all_of:
            return Level(level)
    return Level.DEFAULT


def main_service(counts: Iterable[tuple[int, int]], names: Names) -> int | None:
    """Give the number of the service that most of a cluster's entries with a revision are of.

    Args:
        counts: Numbers of services, each with its entries.
        names: The services.
    """
    found = min(counts, key=lambda one: (-one[1], names.text(one[0]), one[0]), default=None)
    return None if found is None else found[0]


def beginning(span: tuple[int, int], index: int) -> int:
    """Give when the equal span of this index begins, nanoseconds."""
    return span[0] + index * max(1, span[1] - span[0]) // SPANS
