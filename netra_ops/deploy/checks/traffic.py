"""What a revision does with its traffic, held against the stable one in the same time. Pure.

A check of errors or of latency refuses where the numbers show that the candidate is worse
(`statistics` says when they do). Too few numbers show nothing, and refuse nothing: whether there
were enough is the question of one check alone, `traffic_seen`. What people asked and what labelled
probes asked is never added up but in that one, which names both.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final

from netra_ops.deploy.checks.said import About, Check
from netra_ops.deploy.checks.statistics import Share, is_worse, quantile_bounds
from netra_ops.findings import Finding, Verdict
from netra_ops.platform.port import Observed, Requests

_DENIED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_THROTTLED: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_ERRORS: Final = range(500, 600)
NOTABLE: Final = 0.05
"""By how much a share of refusals must rise to matter, besides being shown to."""
RATIO: Final = 1.5
"""How much slower a candidate may be."""
_FLOORS: Final = {0.5: 0.05, 0.95: 0.1}
"""Seconds by which it must be slower to matter, by the quantile."""
_KEPT: Final = 5000
"""Of how many requests the times are looked at."""


@dataclass(frozen=True, slots=True)
class Window(About):
    """What two revisions did with their traffic.

    Attributes:
        candidate: What was asked of the revision that is judged, since its share is what it is.
        stable: What was asked meanwhile, or last, of the one that served before.
        wanted: How many requests are to be seen before the candidate may go on.
    """

    candidate: Observed = field(default_factory=Observed)
    stable: Observed = field(default_factory=Observed)
    wanted: int = 1

    @property
    def seen(self) -> int:
        """How many requests the candidate had, of both kinds."""
        return self.candidate.people.total + self.candidate.probes.total


def traffic_seen(window: Window) -> Finding:
    """Say whether the candidate had enough requests to be judged by.

    Enough is what was wanted, of people alone if there are so many, else of people and probes
    together. Less, or none at all, is UNKNOWN: it neither passes nor fails.
    """
    people, probes = window.candidate.people.total, window.candidate.probes.total
    needed = max(window.wanted, 1)
    counts = f"{people} requests of people, {probes} of probes (needs {needed})"
    verdict = Verdict.PASS if people + probes >= needed else Verdict.UNKNOWN
    return window.says("traffic_seen", verdict, counts)


def split_held(window: Window, wanted: Mapping[str, int], now: Mapping[str, int]) -> Finding:
    """Say whether traffic is still shared as it was set; if not, what was seen is not it."""
    if dict(now) == dict(wanted):
        return window.says("split_held", Verdict.PASS, "traffic is shared as it was set")
    shares = ", ".join(f"{part} % {name}" for name, part in now.items()) or "nobody serves"
    reason = f"somebody else changed the traffic meanwhile: {shares}"
    return window.says("split_held", Verdict.FAIL, reason)


def _share(requests: Requests, statuses: Collection[int]) -> Share:
    bad = sum(number for status, number in requests.answered.items() if status in statuses)
    return Share(bad, requests.total)


def _cut_off(requests: Requests) -> Share:
    return Share(requests.cut_off, requests.total)


def _server_errors(window: Window, check: str = "server_errors") -> tuple[Finding, ...]:
    ours = _share(window.candidate.people, _SERVER_ERRORS)
    theirs = _share(window.stable.people, _SERVER_ERRORS)
    return (_compared(window, check, "answers of 5xx", ours, theirs, fails=is_worse(ours, theirs)),)


def _answers_cut_off(window: Window, check: str = "answers_cut_off") -> tuple[Finding, ...]:
    ours, theirs = _cut_off(window.candidate.people), _cut_off(window.stable.people)
    what = "answers that broke off"
    return (_compared(window, check, what, ours, theirs, fails=is_worse(ours, theirs)),)


def _risen(check: str, statuses: Collection[int], what: str, window: Window) -> tuple[Finding, ...]:
    """Refuse a share that a right service has too, where it rose."""
    ours, theirs = _share(window.candidate.people, statuses), _share(window.stable.people, statuses)
    rose = ours.rate - theirs.rate >= NOTABLE and theirs.total > 0
    fails = rose and is_worse(ours, theirs, tolerated=None)
    return (_compared(window, check, what, ours, theirs, fails=fails),)


def _probe_errors(window: Window, check: str = "probe_errors") -> tuple[Finding, ...]:
    """Refuse any error of ours on a probe: what it asks has a known answer, and none is a 5xx."""
    probes = window.candidate.probes
    bad = _share(probes, _SERVER_ERRORS).bad + probes.cut_off
    reason = f"{bad} of {probes.total} probes were answered 5xx or broke off (allowed: none)"
    return (window.says(check, Verdict.FAIL if bad else Verdict.PASS, reason),)


def _slower(check: str, q: float, window: Window) -> tuple[Finding, ...]:
    """Refuse a quantile that is shown to be above what the stable one's can at most be."""
    ours, theirs = window.candidate.people.seconds, window.stable.people.seconds
    lower, _ = quantile_bounds(ours[-_KEPT:], q)
    _, upper = quantile_bounds(theirs[-_KEPT:], q)
    name = f"p{round(q * 100)}"
    if lower is None or upper is None:
        reason = (
            f"{name} is not compared: {len(ours)} requests of people here and {len(theirs)} at the "
            f"stable revision are too few to tell"
        )
        return (window.says(check, Verdict.PASS, reason),)
    limit = max(RATIO * upper, upper + _FLOORS[q])
    reason = (
        f"{name} is at least {_ms(lower)} of {len(ours)} requests; at the stable revision at most "
        f"{_ms(upper)} of {len(theirs)} (allowed: {_ms(limit)})"
    )
    return (window.says(check, Verdict.FAIL if lower > limit else Verdict.PASS, reason),)


def _compared(
    window: Window, check: str, what: str, ours: Share, theirs: Share, *, fails: bool
) -> Finding:
    verdict = Verdict.FAIL if fails else Verdict.PASS
    reason = f"{what}: {ours} requests of people here, {theirs} at the stable revision"
    return window.says(check, verdict, reason)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


CHECKS: Final[dict[str, Check[Window]]] = {
    "server_errors": _server_errors,
    "answers_cut_off": _answers_cut_off,
    "refusals_rose": partial(_risen, "refusals_rose", _DENIED, "answers of 401 or 403"),
    "throttling_rose": partial(_risen, "throttling_rose", _THROTTLED, "answers of 429"),
    "slower_median": partial(_slower, "slower_median", 0.5),
    "slower_tail": partial(_slower, "slower_tail", 0.95),
    "probe_errors": _probe_errors,
}
"""Those that can refuse at any moment, by their ids."""
ALL: Final = frozenset({*CHECKS, "traffic_seen", "split_held"})
