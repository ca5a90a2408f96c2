"""With which revision something began, as far as a log can tell. Pure.

That something was not seen before says only as much as there was to see it in. So the earlier
revisions' entries and minutes are weighed: at the rate it has since, how often would it have shown
there? The rate is itself known from a count only: if what came n times has one rate all the time,
none of it lies in the earlier part with probability (1 + due / n) ** -n. That is once in twenty
where a large n was due three times, and where a single one was due nineteen times. Of the two
estimates, by entries and by minutes, the smaller is taken.

What began long after its revision did, began with something else: the same is asked of the time
that the revision ran without it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import accumulate
from math import log, log1p
from typing import Final, NamedTuple

import msgspec

from netra_ops.gardener.facts.deploys.revisions import Seen, minute_of

ENOUGH: Final = 3.0
"""The absence of something says this much, as the logarithm of how rare it is, if it is no chance:
so often must be due what has come often."""
_CERTAIN: Final = 2 * ENOUGH
"""As much for what ran without it first: one in four hundred that a revision brings is later."""
_PARTS: Final = 4
_CLEAR: Final = 15.0
"""Twice the log-likelihood ratio from which two rates are two: chance does it once in 10,000."""
_TIMES_MORE: Final = 3.0


class Nature(StrEnum):
    """What a log says of the beginning of a cluster."""

    REGRESSION = "regression"
    LATER = "later"
    MORE_OFTEN = "more_often"
    ALSO_EARLIER = "also_earlier"
    TOO_LITTLE_BEFORE = "too_little_before"
    NO_REVISION = "no_revision"


class Onset(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a cluster among the revisions of its service.

    Attributes:
        nature: What can be said.
        says: The same in a sentence, with the figures it stands on.
        revision: With which revision it began, or became more frequent.
        last_good: The last one before, with enough to show it, on which it was not or was less.
        due_before: How often it would have shown before, at its rate since.
        after_start: Seconds from that revision's first entry to the first of the cluster.
        gone_since: A later revision that had enough to show it and does not.
    """

    nature: Nature
    says: str
    revision: str | None = None
    last_good: str | None = None
    due_before: float = 0.0
    after_start: float | None = None
    gone_since: str | None = None


class Shown(msgspec.Struct):
    """How often something was on one revision.

    Attributes:
        count: How many entries.
        first: The first of them, nanoseconds.
        minutes: How many in each minute in which there was one.
    """

    count: int
    first: int
    minutes: Mapping[int, int]

    @classmethod
    def of(cls, times: Sequence[int]) -> "Shown":
        """Sum up the times, which rise."""
        return cls(len(times), times[0], Counter(minute_of(time) for time in times))


class _Rate(NamedTuple):
    """How often something is: entries of it and others, minutes with it and all of them."""

    own: int
    others: int
    minutes: int
    lived: int


class _Weight(NamedTuple):
    """How often something was due where it was not, and how much its absence says."""

    due: float
    says: float


def onset_of(revisions: Sequence[Seen], shown: Mapping[str, Shown]) -> Onset:
    """Say with which revision something began.

    Args:
        revisions: Those of its service, in the order in which they came.
        shown: How often it was on which of them.
    """
    with_it = [place for place, one in enumerate(revisions) if one.revision in shown]
    if not with_it:
        return Onset(nature=Nature.NO_REVISION, says="Its entries name no revision.")
    start = with_it[0]
    gone = _gone_since(revisions, shown, with_it[-1])
    if start == 0:
        onset = _on_the_first(revisions, shown, with_it)
    else:
        onset = _absent_before(revisions, shown, start)
    return msgspec.structs.replace(onset, gone_since=gone)


def _absent_before(revisions: Sequence[Seen], shown: Mapping[str, Shown], start: int) -> Onset:
    began = revisions[start]
    rate = _rate(revisions[start:], shown)
    due, telling = _weighed(revisions[:start], rate)
    since = (shown[began.revision].first - began.first) / 1e9
    if telling < ENOUGH:
        return Onset(
            nature=Nature.TOO_LITTLE_BEFORE,
            says=f"First seen on {began.revision}; before that there is too little to say: at its "
            f"rate since it would have shown {due:.1f} times.",
            revision=began.revision,
            due_before=due,
            after_start=since,
        )
    without, with_it = _parted(began, minute_of(shown[began.revision].first))
    alone = _weighed(without, _rate(with_it, shown))
    if alone.says >= _CERTAIN:
        return Onset(
            nature=Nature.LATER,
            says=f"First seen on {began.revision}, {_long(since)} after its first entry; at its "
            f"rate since it would have shown {alone.due:.0f} times in that time, so it did not "
            "begin with it.",
            after_start=since,
        )
    good = next(
        (
            revisions[place].revision
            for place in range(start - 1, -1, -1)
            if _weighed(revisions[place : place + 1], rate).says >= ENOUGH
        ),
        revisions[start - 1].revision,
    )
    return Onset(
        nature=Nature.REGRESSION,
        says=f"Began with {began.revision}, {_long(since)} after its first entry; absent before, "
        f"where at its rate since it would have shown {due:.0f} times.",
        revision=began.revision,
        last_good=good,
        due_before=due,
        after_start=since,
    )


def _on_the_first(
    revisions: Sequence[Seen], shown: Mapping[str, Shown], with_it: Sequence[int]
) -> Onset:
    if len(revisions) == 1:
        return Onset(
            nature=Nature.TOO_LITTLE_BEFORE,
            says=f"{revisions[0].revision} is the only revision here; whether an earlier one had "
            "it cannot be told.",
            revision=revisions[0].revision,
            after_start=(shown[revisions[0].revision].first - revisions[0].first) / 1e9,
        )
    start = _steepest(revisions, shown)
    if _is_more(revisions[:start], revisions[start:], shown) and not _rose_within(
        revisions, start, shown
    ):
        began, good = revisions[start].revision, revisions[start - 1].revision
        return Onset(
            nature=Nature.MORE_OFTEN,
            says=f"Also on {revisions[with_it[0]].revision}, and far more often since {began}.",
            revision=began,
            last_good=good,
        )
    names = ", ".join(revisions[place].revision for place in with_it[:3])
    more = "" if len(with_it) <= 3 else f" and {len(with_it) - 3} more"  # noqa: PLR2004
    only = f" and not on {revisions[-1].revision}" if len(with_it) == 1 else ""
    return Onset(
        nature=Nature.ALSO_EARLIER,
        says=f"On {names}{more}{only}: the first revision here has it, so none of the later ones "
        "brought it.",
    )


def _gone_since(revisions: Sequence[Seen], shown: Mapping[str, Shown], last: int) -> str | None:
    """Give the first revision after the last that shows it, if those after had enough to show."""
    after = revisions[last + 1 :]
    if not after or _weighed(after, _rate(revisions[: last + 1], shown)).says < ENOUGH:
        return None
    return after[0].revision


def _rate(here: Sequence[Seen], shown: Mapping[str, Shown]) -> _Rate:
    """Give how often something is on these revisions."""
    found = [shown[one.revision] for one in here if one.revision in shown]
    count = sum(one.count for one in found)
    others = sum(one.entries for one in here) - count
    minutes = len(set[int]().union(*(one.minutes for one in found)))
    lived = len(set[int]().union(*(one.minutes for one in here)))
    return _Rate(count, max(others, 1), minutes, max(lived, 1))


def _weighed(there: Sequence[Seen], rate: _Rate) -> _Weight:
    """Give how often something would have shown `there` at a rate it has elsewhere."""
    by_entries = rate.own * sum(one.entries for one in there) / rate.others
    lived = len(set[int]().union(*(one.minutes for one in there)))
    by_minutes = rate.minutes * lived / rate.lived
    says = min(
        rate.own * log1p(by_entries / rate.own), rate.minutes * log1p(by_minutes / rate.minutes)
    )
    return _Weight(min(by_entries, by_minutes), says)


def _parted(seen: Seen, minute: int) -> tuple[Sequence[Seen], Sequence[Seen]]:
    """Part a revision into what it wrote before a minute and what since."""
    early = {one: count for one, count in seen.minutes.items() if one < minute}
    late = {one: count for one, count in seen.minutes.items() if one >= minute}
    return tuple(
        (msgspec.structs.replace(seen, entries=sum(part.values()), minutes=part),)
        for part in (early, late)
    )  # type: ignore[return-value]  # There are two of them.


def _rose_within(revisions: Sequence[Seen], start: int, shown: Mapping[str, Shown]) -> bool:
    """Tell whether a revision ran first as the ones before, and the rise came while it ran."""
    began, before = revisions[start], revisions[:start]
    its = shown.get(began.revision)
    minutes = sorted(began.minutes)
    for part in range(1, _PARTS):
        minute = minutes[len(minutes) * part // _PARTS]
        (early,), (late,) = _parted(began, minute)
        early.revision, late.revision = "\0early", "\0late"
        parts = dict(shown)
        if its is not None:
            for name, of in ((early.revision, early), (late.revision, late)):
                some = {one: n for one, n in its.minutes.items() if one in of.minutes}
                parts[name] = Shown(sum(some.values()), its.first, some)
        rose = _is_more((early,), (late, *revisions[start + 1 :]), parts)
        if early.entries and rose and not _is_more(before, (early,), parts):
            return True
    return False


def _steepest(revisions: Sequence[Seen], shown: Mapping[str, Shown]) -> int:
    """Give the revision, not the first, at which two rates are likelier than one by most."""
    counts = [_count((one,), shown) for one in revisions]
    sums = list(accumulate(counts))
    spans = list(accumulate(one.entries for one in revisions))
    gains = [
        _gain((sums[at - 1], sums[-1] - sums[at - 1]), (spans[at - 1], spans[-1] - spans[at - 1]))
        for at in range(1, len(revisions))
    ]
    return 1 + max(range(len(gains)), key=gains.__getitem__)


def _is_more(before: Sequence[Seen], after: Sequence[Seen], shown: Mapping[str, Shown]) -> bool:
    counts = (_count(before, shown), _count(after, shown))
    spans = (sum(one.entries for one in before), sum(one.entries for one in after))
    return _gain(counts, spans) >= _CLEAR


def _gain(counts: tuple[int, int], spans: tuple[int, int]) -> float:
    """Give twice the log-likelihood ratio of two rates to one; 0 where the second is no more."""
    rates = [count / max(span, 1) for count, span in zip(counts, spans, strict=True)]
    if rates[1] < _TIMES_MORE * rates[0]:
        return 0.0
    whole = sum(counts) / max(sum(spans), 1)
    return 2 * sum(
        count * log(rate / whole) for count, rate in zip(counts, rates, strict=True) if count
    )


def _count(group: Sequence[Seen], shown: Mapping[str, Shown]) -> int:
    return sum(shown[one.revision].count for one in group if one.revision in shown)


def _long(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004
