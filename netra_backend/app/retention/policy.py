"""What has been kept for long enough, and who is certainly gone. Pure.

Nothing is to be deleted in doubt: what cannot be told is kept.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from netra.clock import as_iso

_DAY_SECONDS: Final = 86_400
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Before which moment what is deleted; None where it is kept for ever.

    Attributes:
        conversations: Threads in which nothing happened since, in microseconds since the epoch.
        events: Events of ended runs, as RFC 3339.
        usage: Records of what models cost, in microseconds since the epoch.
    """

    conversations: int | None
    events: str | None
    usage: int | None


def cutoffs(*, conversation_days: int, event_days: int, usage_days: int, now: float) -> Cutoffs:
    """Reckon from days, of which 0 are for ever."""

    def before(days: int) -> float | None:
        return now - days * _DAY_SECONDS if days else None

    events = before(event_days)
    return Cutoffs(
        conversations=_microseconds(before(conversation_days)),
        events=None if events is None else as_iso(events),
        usage=_microseconds(before(usage_days)),
    )


class PlacedEvent(NamedTuple):
    """An event as far as it matters how old it is."""

    seq: int
    run_id: str
    timestamp: str


def journal_cut(
    events: Iterable[PlacedEvent], unfinished: Collection[str], *, head: int, before: str
) -> int:
    """Say up to which `seq` a journal is to be deleted; 0 for nothing of it.

    Only the beginning goes, so that what is left has no gap. An unfinished run keeps everything
    from its first event on, and the last event always stays: sockets that know it look for it.

    Args:
        events: The journal from its beginning on, or a part of that, in order.
        unfinished: The runs that have not ended.
        head: The journal's last `seq`.
        before: What is younger stays.
    """
    cut = 0
    for event in events:
        if event.seq >= head or event.run_id in unfinished or event.timestamp >= before:
            break
        cut = event.seq
    return cut


@dataclass(frozen=True, slots=True)
class Gone:
    """What asking about everybody came to.

    Attributes:
        certain: Who is to be deleted: said to be gone now, and before.
        suspected: Who was said to be gone now.
        is_doubtful: Whether nobody at all was known, so that nobody is certain.
    """

    certain: frozenset[str]
    suspected: frozenset[str]
    is_doubtful: bool


def gone(is_gone: Mapping[str, bool], suspected_before: Collection[str]) -> Gone:
    """Say who is certainly gone, of those of whom the auth service said whether they are.

    An auth service that knows nobody has another store than people think: whoever asks it is
    wrong, and not everybody was erased.
    """
    suspected = frozenset(who for who, gone_now in is_gone.items() if gone_now)
    if suspected and len(suspected) == len(is_gone):
        return Gone(frozenset(), frozenset(), is_doubtful=True)
    return Gone(suspected & frozenset(suspected_before), suspected, is_doubtful=False)


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * _MICROSECONDS)
