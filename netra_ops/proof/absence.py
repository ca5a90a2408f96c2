"""Whether the log of the time since shows a failure no more, under enough requests."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from netra.clock import Clock
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.evidence.records.traffic import Traffic
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.proof.document import Part
from netra_ops.proof.enough import Enough
from netra_ops.proof.signature import Signature, shows

_NAME: Final = "signature absent"
_PAUSE_SECONDS: Final = 0.5
_MOST_NAMED: Final = 3
_MANY: Final = 100
"""From so many on nobody thinks in seconds, or in minutes."""


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """The log of the time since.

    Attributes:
        attempts_since: What it tells of, since a time in nanoseconds.
        patience: For how many seconds it is read on while it tells of too few requests.
        pause: Lets seconds pass between two readings.
    """

    attempts_since: Callable[[int], Sequence[Attempt]]
    patience: float = 0.0
    pause: Callable[[float], None] = time.sleep


class _Read(msgspec.Struct, frozen=True):
    requests: int
    again: tuple[Attempt, ...]


def absent(
    signature: Signature,
    enough: Enough,
    log: Log | None,
    since: float,
    clock: Clock,
    on_progress: Callable[[str], None],
) -> Part:
    """Say whether a signature is absent from enough requests since a time.

    A log may tell of a request a while after it was answered, and people come when they come: it is
    read on until it tells of enough, or shows the failure again, or its patience ends.

    Args:
        signature: What has to be absent.
        enough: From how many requests.
        log: Where that would show; None if there is none.
        since: Seconds since the epoch.
        clock: For the patience.
        on_progress: Told how far it is.
    """
    if log is None:
        return Part(
            name=_NAME,
            verdict=Verdict.UNKNOWN,
            says="There is no log of the time since: give --logs, or --state where it runs here.",
        )
    began = clock.monotonic()
    try:
        first = read = _read(signature, log, since)
        while not read.again and read.requests < enough.requests:
            if clock.monotonic() - began >= log.patience:
                break
            on_progress(f"Reading the log on: {read.requests} of {enough.requests} requests")
            log.pause(_PAUSE_SECONDS)
            read = _read(signature, log, since)
    except CouldNotTell as error:
        return Part(name=_NAME, verdict=Verdict.UNKNOWN, says=f"The log cannot be read: {error}")
    kinds = ", ".join(sorted(signature.kinds))
    if read.again:
        return Part(
            name=_NAME,
            verdict=Verdict.FAIL,
            says=f"{len(read.again)} of {read.requests} requests since then show it again "
            f"({kinds}).",
            evidence=tuple(f"logs:{one.number}" for one in read.again[:_MOST_NAMED]),
        )
    says = f"{read.requests} requests since then, and none shows it ({kinds}). {enough.why}"
    missing = enough.requests - read.requests
    if missing <= 0:
        return Part(name=_NAME, verdict=Verdict.PASS, says=says)
    came = read.requests - first.requests
    says += f" {missing:,} more are needed{_how_long(missing, came, clock.monotonic() - began)}."
    return Part(name=_NAME, verdict=Verdict.UNKNOWN, says=says)


def of_what_serves(
    attempts: Iterable[Attempt], traffic: Iterable[Traffic], since: int
) -> list[Attempt]:
    """Leave out what revisions tell of that nobody is led to any more.

    What was rolled back from may run on for a while and fail by itself: that it does so is no sign
    that people's failures are back. A revision is left out only if its share is known to have been
    none since a time.

    Args:
        attempts: What the log tells of.
        traffic: Who had which share since when.
        since: The time, nanoseconds since the epoch.
    """
    last: dict[str, Traffic] = {}
    for one in sorted(traffic, key=lambda one: one.time or 0):
        last[one.revision] = one
    gone = {
        name
        for name, one in last.items()
        if not one.percent and one.time is not None and one.time <= since
    }
    return [one for one in attempts if one.place.revision not in gone]


def _read(signature: Signature, log: Log, since: float) -> _Read:
    attempts = log.attempts_since(round(since * 1e9))
    own = [
        one for one in attempts if one.is_request and one.place.service in {signature.service, None}
    ]
    return _Read(len(own), shows(signature, attempts))


def _how_long(missing: int, came: int, seconds: float) -> str:
    """Say how long it takes until enough came, if as many come as came while reading on."""
    if seconds <= 0:
        return ""
    if came <= 0:
        return f"; none came in the {seconds:.0f} s of reading on"
    more = missing * seconds / came
    return f"; at the {came} that came in {seconds:.0f} s that takes about {_for_people(more)}"


def _for_people(seconds: float) -> str:
    if seconds < _MANY:
        return f"{max(seconds, 1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < _MANY else f"{minutes / 60:.0f} h"
