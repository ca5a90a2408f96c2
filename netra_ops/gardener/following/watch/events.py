"""What is told: as JSON for programs, as a line for people. Pure.

Nothing private is in it: each event is a document of its own, so `<email-1>` is the same person
within one event, and not in the next one.
"""

from collections.abc import Callable, Iterable
from typing import Final, Literal, NamedTuple

import msgspec

from netra.clock import as_iso
from netra_ops.findings import printable
from netra_ops.gardener.following.watch.beats import Silence
from netra_ops.gardener.following.watch.series import Jump
from netra_ops.gardener.following.watch.track import MOST_PRINCIPALS, Track
from netra_ops.gardener.known.failures import known_failure
from netra_ops.gardener.privacy import Privacy
from netra_ops.gardener.worklog.judging import name_of
from netra_ops.logs.entries import Entry

VERSION: Final = 1
_MESSAGE: Final = 2000
_TEMPLATE: Final = 600
_SHORT: Final = 160
_ALIASES: Final = 10


class KnownAs(msgspec.Struct, frozen=True):
    """The known failure that something is, and what that means."""

    name: str
    means: str


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that shows what is told.

    Attributes:
        reference: `SOURCE:RECORD`, or `SOURCE@BYTE` where records were not counted from the first.
        source: The source's name.
        record: Which record of it, from 1; None if they were not counted from its beginning.
        offset: Where it begins, in bytes.
        insert_id: Cloud Logging's id.
        time: When it was, as it says itself.
        severity: As it was written.
        message: What it says.
    """

    reference: str
    source: str
    record: int | None
    offset: int
    insert_id: str | None
    time: str | None
    severity: str | None
    message: str


class Rates(msgspec.Struct, frozen=True):
    """How often something came, entries per minute.

    Attributes:
        before: Over the time before, `seconds` long.
        after: Now, over a few seconds.
        seconds: How long the time before is.
    """

    before: float
    after: float
    seconds: float


class Missing(msgspec.Struct, frozen=True):
    """What came regularly: how, and for how many seconds it has not."""

    rhythm: str
    seconds: float


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is told.

    Attributes:
        event: What happened.
        at: When it was noticed.
        id: The cluster's id, the same as `netra logs garden` gives.
        aliases: Ids it had before.
        name: A short name.
        template: What its entries say.
        severity: The worst level that a tenth of its entries have.
        known_failure: The known failure it is, if any.
        service: Whose the example is.
        revision: Of which revision of it.
        count: How many entries arrived since the following began.
        principals: How many people and services acted in them.
        principals_at_least: Whether there may be more.
        example: An entry.
        rate: Of a jump.
        silence: Of a silence.
        version: Of this form.
    """

    event: Literal["new_cluster", "rate_jump", "silence"]
    at: str
    id: str
    aliases: tuple[str, ...]
    name: str
    template: str
    severity: str
    known_failure: KnownAs | None
    service: str | None
    revision: str | None
    count: int
    principals: int
    principals_at_least: bool
    example: Example
    rate: Rates | None = None
    silence: Missing | None = None
    version: int = VERSION


class _Named(NamedTuple):
    sample: Entry | None
    template: str


def event_of(track: Track, at: float, change: Jump | Silence | None = None) -> Event:
    """Say what happened to a cluster.

    Args:
        track: The cluster.
        at: When, seconds since the epoch.
        change: Its jump or its silence; None if it is new.
    """
    hide = Privacy().hide
    sample = track.sample
    known = known_failure(sample, track.template)
    template = _cut(hide(track.template), _TEMPLATE)
    return Event(
        event=_NAMES[type(change)],
        at=as_iso(at),
        id=track.id,
        aliases=tuple(sorted(track.names - {track.id})[:_ALIASES]),
        name=name_of(_Named(_nameable(sample, hide), track.template), known, template, hide),
        template=template,
        severity=track.level.name,
        known_failure=None if known is None else KnownAs(known.name, known.means),
        service=_hidden(sample.service, hide),
        revision=_hidden(sample.revision, hide),
        count=track.count,
        principals=len(track.principals),
        principals_at_least=len(track.principals) >= MOST_PRINCIPALS,
        example=_example(track, hide),
        rate=Rates(round(change.before, 2), round(change.after, 2), round(change.seconds, 1))
        if isinstance(change, Jump)
        else None,
        silence=Missing(str(change.rhythm), round(change.seconds, 1))
        if isinstance(change, Silence)
        else None,
    )


def as_line(event: Event) -> str:
    """Write an event as one line for people."""
    return printable("  ".join(_words(event)))


def _words(event: Event) -> Iterable[str]:
    yield event.at[11:19]
    yield _TITLES[event.event]
    yield event.severity
    yield event.name
    where = event.revision or event.service
    if where is not None:
        yield where
    if event.rate is not None:
        yield f"{event.rate.before:g} a minute before, {event.rate.after:g} now"
    if event.silence is not None:
        yield f"came {event.silence.rhythm}; nothing for {event.silence.seconds:g} s"
    if event.principals:
        yield f"{event.principals} principals"
    yield _cut(event.example.message.split("\n", 1)[0], _SHORT)
    yield f"({event.id}, {event.example.reference})"


_NAMES: Final[dict[type, Literal["new_cluster", "rate_jump", "silence"]]] = {
    type(None): "new_cluster",
    Jump: "rate_jump",
    Silence: "silence",
}
_TITLES: Final = {"new_cluster": "NEW", "rate_jump": "MORE", "silence": "SILENT"}


def _example(track: Track, hide: Callable[[str], str]) -> Example:
    sample, source = track.sample, hide(printable(track.source))
    place = f":{sample.number}" if track.numbered else f"@{sample.offset}"
    return Example(
        reference=f"{source}{place}",
        source=source,
        record=sample.number if track.numbered else None,
        offset=sample.offset,
        insert_id=_hidden(sample.insert_id, hide),
        time=_time(sample.time),
        severity=_hidden(sample.severity, hide),
        message=_cut(hide(sample.message), _MESSAGE),
    )


def _nameable(sample: Entry, hide: Callable[[str], str]) -> Entry | None:
    """Give what a name may be taken from: no path in which something private stands."""
    path = None if sample.http is None else sample.http.path
    return None if path is not None and hide(path) != path else sample


def _hidden(text: str | None, hide: Callable[[str], str]) -> str | None:
    return None if text is None else hide(text)


def _time(time: int | None) -> str | None:
    try:
        return None if time is None else as_iso(time / 1e9)
    except (ValueError, OverflowError):
        return "beyond the calendar"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
