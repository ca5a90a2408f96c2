"""With which revision something began, as far as a log can tell. Pure.

That something was not seen before says only as much as there was to see it in. So the earlier
revisions' entries and minutes are weighed: at the rate it has since, how often would it have shown
there? A log that would have shown it three times and shows it never is wrong once in twenty
(a Poisson count of mean 3 is 0 with probability 0.05). Of the two estimates, by entries and by
minutes, the smaller is taken.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import log
from typing import Final

import msgspec

from netra_ops.gardener.facts.deploys.revisions import Seen, minute_of

ENOUGH: Final = 3.0
"""So often it must have been due before for its absence to say something."""
_CLEAR: Final = 15.0
"""Twice the log-likelihood ratio from which two rates are two: chance does it once in 10,000."""
_TIMES_MORE: Final = 3.0


class Nature(StrEnum):
    """What a log says of the beginning of a cluster."""

    REGRESSION = "regression"
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
        minutes: The minutes in which there was one.
    """

    count: int
    first: int
    minutes: set[int]

    @classmethod
    def of(cls, times: Sequence[int]) -> "Shown":
        """Sum up the times, which rise."""
        return cls(len(times), times[0], {minute_of(time) for time in times})


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
    due = _due(revisions[:start], revisions[start:], shown)
    since = (shown[began.revision].first - began.first) / 1e9
    if due < ENOUGH:
        return Onset(
            nature=Nature.TOO_LITTLE_BEFORE,
            says=f"First seen on {began.revision}; before that there is too little to say: at its "
            f"rate since it would have shown {due:.1f} times.",
            revision=began.revision,
            due_before=due,
            after_start=since,
        )
    good = next(
        (
            revisions[place].revision
            for place in range(start - 1, -1, -1)
            if _due(revisions[place : place + 1], revisions[start:], shown) >= ENOUGH
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
    for start in range(1, len(revisions)):
        if _is_more(revisions[:start], revisions[start:], shown):
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
    if not after or _due(after, revisions[: last + 1], shown) < ENOUGH:
        return None
    return after[0].revision


def _due(there: Sequence[Seen], here: Sequence[Seen], shown: Mapping[str, Shown]) -> float:
    """Give how often it would have shown `there` at the rate it has `here`."""
    found = [shown[one.revision] for one in here if one.revision in shown]
    count = sum(one.count for one in found)
    others = sum(one.entries for one in here) - count
    by_entries = count * sum(one.entries for one in there) / max(others, 1)
    minutes = len(set[int]().union(*(one.minutes for one in found)))
    lived = len(set[int]().union(*(one.minutes for one in here)))
    by_minutes = minutes * len(set[int]().union(*(one.minutes for one in there))) / max(lived, 1)
    return min(by_entries, by_minutes)


def _is_more(before: Sequence[Seen], after: Sequence[Seen], shown: Mapping[str, Shown]) -> bool:
    events = [_count(group, shown) for group in (before, after)]
    spans = [sum(one.entries for one in group) for group in (before, after)]
    rates = [count / max(span, 1) for count, span in zip(events, spans, strict=True)]
    if rates[1] < _TIMES_MORE * rates[0]:
        return False
    whole = sum(events) / max(sum(spans), 1)
    gain = sum(
        count * log(rate / whole) for count, rate in zip(events, rates, strict=True) if count
    )
    return 2 * gain >= _CLEAR


def _count(group: Sequence[Seen], shown: Mapping[str, Shown]) -> int:
    return sum(shown[one.revision].count for one in group if one.revision in shown)


def _long(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"  # noqa: PLR2004
