"""What a cluster is called, how urgent it is, and which others belong to it. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from netra_ops.gardener.facts.clusters import ClusterFacts, Facts
from netra_ops.gardener.facts.deploys.onset import Nature as Beginning
from netra_ops.gardener.facts.sequence import Order, Within
from netra_ops.gardener.known.failures import Known
from netra_ops.issue_tracker.priority import Judged, Severity, Signs, judged
from netra_ops.issue_tracker.sighting import Nature
from netra_ops.logs.entries.entry import Entry, Level

STARTS: Final = frozenset(
    {"container-exited", "instance-not-started", "configuration-invalid", "configuration-violation"}
)
"""What says that a service did not start."""
_NEARLY_ALWAYS: Final = 0.9
_ENOUGH: Final = 10
"""Of so many requests or principals at least it is said which share was hit."""
_STILL: Final = 0.1
"""Something goes on if it is seen in this last part of the covered interval."""
_STARTED: Final = 60_000_000_000
"""Nanoseconds; who writes so long after that nothing is wrong has started."""
_WORDS: Final = 6
_LONGEST: Final = 60
_WORD: Final = re.compile(r"<[^<>]*>|[A-Za-z][a-z]*|[A-Z]+(?![a-z])")
_HIDDEN: Final = "redacted"
_LETTERS_AND_DIGITS: Final = re.compile(r"[a-z0-9]+")
_SMALL: Final = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "into", "is", "of", "on", "or", "that"}
    | {"the", "to", "was", "with"}
)


class Named(Protocol):
    """What a name is taken from."""

    @property
    def sample(self) -> Entry | None:
        """Give an entry that shows the cluster."""

    @property
    def template(self) -> str:
        """Give what its entries say."""


def name_of(facts: Named, known: Known | None, text: str, hide: Callable[[str], str]) -> str:
    """Give a cluster a short name: what it is known as or calls itself, else its first words.

    Args:
        facts: What is known of it.
        known: The failure it is known as.
        text: Its template, in which nothing private is left.
        hide: Takes what is private out of a text.
    """
    if known is not None:
        return known.name
    sample = facts.sample
    if sample is not None and sample.http is not None and " answered " in text:
        return _slug(text.partition(", told as ")[0].replace(" answered ", " "))
    if sample is not None and sample.event is not None and facts.template.startswith(sample.event):
        return _slug(hide(sample.event))
    words = [
        word.lower()
        for word in _WORD.findall(text.split("\n", maxsplit=1)[0])
        if not word.startswith("<") and len(word) > 1
    ]
    telling = [word for word in words if word not in _SMALL and word != _HIDDEN][:_WORDS]
    return _slug(" ".join(telling))


def nature_of(facts: ClusterFacts, earlier: Mapping[str, int]) -> Nature:
    """Say what a cluster is, compared with before.

    The same log read again makes nothing recurring.

    Args:
        facts: What is known of it.
        earlier: When clusters were first seen in earlier runs, by id: nanoseconds.
    """
    if facts.onset.nature in {Beginning.REGRESSION, Beginning.MORE_OFTEN}:
        return Nature.REGRESSION
    before = [earlier[name] for name in (facts.id, *facts.aliases) if name in earlier]
    if before and (facts.first is None or min(before) < facts.first):
        return Nature.RECURRING
    return Nature.NEW


def judged_cluster(facts: ClusterFacts, whole: Facts, *, stops_start: bool, stale: bool) -> Judged:
    """Say how urgent a cluster is.

    Args:
        facts: What is known of it.
        whole: What is known of the log.
        stops_start: Whether it keeps a service from starting.
        stale: Whether the log is of another time.
    """
    return judged(
        Signs(
            severity=Severity(facts.level),
            requests=_share(facts.requests.distinct, whole.requests),
            principals=_share(facts.principals.distinct, whole.principals),
            began_with_revision=facts.onset.nature in {Beginning.REGRESSION, Beginning.MORE_OFTEN},
            goes_on=goes_on(facts, whole),
            stops_start=stops_start and facts.level >= Level.WARNING,
            is_test_traffic=facts.tests,
            is_stale=stale,
        )
    )


def goes_on(facts: ClusterFacts, whole: Facts) -> bool:
    """Tell whether something still happened at the end of the covered interval."""
    if facts.last is None or whole.span is None or facts.onset.gone_since is not None:
        return False
    first, last = whole.span
    return facts.last >= last - (last - first) * _STILL


def stopping_start(whole: Facts, known: Mapping[int, Known | None]) -> frozenset[int]:
    """Give the places of the clusters by which a service does not start.

    Those that say so, and those that regularly come before them in the same burst of an instance:
    the error that ends a program comes before its end. What a revision ran on after kept nobody
    from starting: one instance ended, and another was there.
    """
    ends = {place for place, one in known.items() if one is not None and one.name in STARTS}
    found = set(ends)
    for course in whole.order.courses:
        if course.within is not Within.BURST:
            continue
        last = max((at for at, one in enumerate(course.clusters) if one in ends), default=-1)
        found.update(one for one in course.clusters[: last + 1])
    return frozenset(
        one
        for one in found
        if (whole.clusters[one].level >= Level.ERROR or one in ends)
        and not _ran_on(whole.clusters[one], whole)
    )


def _ran_on(facts: ClusterFacts, whole: Facts) -> bool:
    """Tell whether all its revisions served after it, or wrote a minute later that all is well."""
    last, names = facts.last, {one.name for one in facts.revisions.top}
    its = [one for all_of in whole.revisions.values() for one in all_of if one.revision in names]
    if last is None or not its or facts.revisions.distinct > len(names):
        return False
    return all(
        (one.served is not None and one.served > last)
        or (one.well is not None and one.well > last + _STARTED)
        for one in its
    )


def related_to(order: Order) -> dict[int, tuple[int, ...]]:
    """Say which clusters come together: those that follow each other in most of their chains."""
    found: dict[int, set[int]] = {}
    for one in order.followings:
        if 2 * one.times >= one.of:
            found.setdefault(one.first, set()).add(one.then)
            found.setdefault(one.then, set()).add(one.first)
    return {place: tuple(sorted(others)) for place, others in found.items()}


def led_by(whole: Facts) -> dict[int, int]:
    """Say which error each cluster comes after, nearly always and in the same chain.

    What follows an error each time is its consequence or its echo; it is told with that error.

    Returns:
        By the place of what follows: the place of the first error of its chains.
    """
    errors = {place for place, one in enumerate(whole.clusters) if one.level >= Level.ERROR}
    times: Counter[tuple[int, int]] = Counter()
    for course in whole.order.courses:
        first = next((one for one in course.clusters if one in errors), None)
        if first is None:
            continue
        for one in course.clusters[course.clusters.index(first) + 1 :]:
            times[one, first] += course.times
    return {
        one: first
        for (one, first), count in times.items()
        if count >= _NEARLY_ALWAYS * whole.order.chains.get(one, 0)
    }


def _slug(text: str) -> str:
    words = _LETTERS_AND_DIGITS.findall(text.lower())
    return "-".join(words)[:_LONGEST].strip("-") or "unnamed"


def _share(hit: int, total: int) -> float | None:
    """Give which share was hit; of too few there is none to speak of."""
    return min(1.0, hit / total) if total >= _ENOUGH else None
