"""Starts that failed: revisions that said so and never served. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import STARTING_BADLY, Attempt
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence, Tally

_SAID: Final = STARTING_BADLY | {
    Sign.NOT_CONFIGURED,
    Sign.VALUE_EMPTY,
    Sign.VALUE_MALFORMED,
    Sign.VALUE_WITH_BLANKS,
    Sign.VALUE_IN_QUOTES,
    Sign.REFERENCE_TEXT,
    Sign.KEY_UNREADABLE,
    Sign.CODE_ERROR,
    Sign.OTHER_ERROR,
    Sign.EXITED,
}
"""What may be the first that a start which fails says."""
_PLATFORMS: Final = frozenset({Sign.NOT_READY, Sign.SECRET_PERMISSION, Sign.SECRET_VERSION})
_LONG: Final = 60_000_000_000
"""Nanoseconds: what failed to start writes no longer."""
_ERROR: Final = 500
_SERVER_ERROR: Final = 500


class BadStart(msgspec.Struct, frozen=True, kw_only=True):
    """A revision, or a service that names none, whose starts failed.

    Attributes:
        service: Whose.
        revision: Which, if it says so.
        time: When the first of its lines that tell so came, nanoseconds.
        lines: These lines, in their order.
        served: Whether it had served before.
    """

    service: str
    revision: str | None
    time: int
    lines: tuple[Occurrence, ...]
    served: bool


_Where = tuple[str | None, str | None, str | None]


def bad_starts(tally: Tally, attempts: Iterable[Attempt]) -> tuple[BadStart, ...]:
    """Find the starts that failed, the first in time first.

    A line that says that a start failed is believed only of an instance that answered nothing well
    afterwards, or of a revision where no instance is named: one that a start-up check complains of
    and that serves is no failed start.
    """
    good: dict[_Where, list[int]] = defaultdict(list)
    for one in attempts:
        if one.is_request and one.status is not None and one.status < _SERVER_ERROR:
            service, revision, instance = one.place.service, one.place.revision, one.place.instance
            good[service, revision, None].append(one.time)
            if instance is not None:
                good[service, revision, instance].append(one.time)
    lines: dict[_Where, list[Occurrence]] = defaultdict(list)
    for sign in _SAID:
        for line in tally.occurrences.get(sign, ()):
            if line.place.service is not None and line.time is not None and line.request is None:
                lines[line.place.service, line.place.revision, line.place.instance].append(line)
    found: dict[tuple[str, str | None], list[Occurrence]] = defaultdict(list)
    for where, said in lines.items():
        if not _goes_on(tally, said):
            found[where[0] or "", where[1]] += _telling(said, good[where])
    return tuple(
        sorted(
            (
                _bad(service, revision, said, good[service, revision, None])
                for (service, revision), said in found.items()
                if said
            ),
            key=lambda one: (one.time, one.service),
        )
    )


def _goes_on(tally: Tally, said: list[Occurrence]) -> bool:
    """Tell whether what said that its start failed goes on writing, without an end or a new start.

    Such as a job, which answers nobody.
    """
    bad = [line for line in said if line.sign in STARTING_BADLY]
    if not bad or any(line.sign in _PLATFORMS for line in bad):
        return False
    place, began = bad[0].place, bad[0].time or 0
    ends = [
        line
        for sign in (Sign.EXITED, Sign.STARTING, Sign.START_FAILED)
        for line in tally.occurrences.get(sign, ())
        if line.place == place and (line.time or 0) > began
    ]
    known = tally.instances.get(place)
    return not ends and known is not None and (known.last or 0) - began > _LONG


def _telling(said: list[Occurrence], served: list[int]) -> list[Occurrence]:
    """Give the lines that tell of a start that failed; none if what wrote them served after."""
    began = min((line.time or 0 for line in said if line.sign in STARTING_BADLY), default=None)
    if began is None or any(time > began for time in served):
        return []
    last = max(served, default=0)
    return [
        line
        for line in said
        if (line.time or 0) > last and (line.sign in STARTING_BADLY or line.level >= _ERROR)
    ]


def _bad(service: str, revision: str | None, said: list[Occurrence], served: list[int]) -> BadStart:
    lines = tuple(sorted(said, key=lambda line: (line.time or 0, line.number)))
    time = lines[0].time or 0
    return BadStart(
        service=service,
        revision=revision,
        time=time,
        lines=lines,
        served=any(one < time for one in served),
    )
