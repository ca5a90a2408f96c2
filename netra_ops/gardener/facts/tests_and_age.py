"""Whether what a log shows are people's troubles of now: test traffic, and logs of another time.

Pure. Anybody may call themselves a test, so what is said here sorts and never hides: entries stay
in every count, and a cluster is only called test traffic if nearly all of it is.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

TEST_SHARE: Final = 0.9
"""From this share on a cluster is test traffic."""
_TEST_PERSON: Final = re.compile(
    r"(?:^|[^a-z])(?:test|tests|tester|testing|e2e|probe|smoke|loadtest|synthetic|golden[-_]?path)"
    r"(?:[^a-z]|$)",
    re.IGNORECASE,
)
_PROBE_LABELS: Final = ("netra/probe",)
_STALE_SECONDS: Final = 86_400.0


class Age(msgspec.Struct, frozen=True):
    """How a log lies to the window that was asked for.

    Attributes:
        stale: Whether it says nothing of that window, or nothing of its last day.
        says: Why, in a sentence; empty if there is nothing to say.
    """

    stale: bool = False
    says: str = ""


def is_probing(principal: str | None, labels: Mapping[str, str] | None) -> bool:
    """Tell whether an entry calls itself a test's: by its principal's name or a probe's label."""
    if principal is not None and _TEST_PERSON.search(principal):
        return True
    return labels is not None and any(labels.get(name) for name in _PROBE_LABELS)


def age_of(
    span: tuple[int, int] | None, since: float | None, until: float | None, now: float
) -> Age:
    """Say whether a log is of another time than was asked for.

    Where nobody asked for a time, an old log is told as old and nothing else: somebody may look
    back.

    Args:
        span: Its first and its last time, nanoseconds; None if no entry has a time.
        since: From when on was asked for, seconds since the epoch; None for no bound.
        until: Until when; None if nobody said.
        now: The present.
    """
    if span is None:
        return Age(says="No entry has a time, so nothing can be said of when this was.")
    last = span[1] / 1e9
    if since is not None and last < since:
        return Age(stale=True, says=f"The last entry is {_ago(since - last)} before the window.")
    end = now if until is None else until
    if end - last <= _STALE_SECONDS:
        return Age()
    if since is None and until is None:
        return Age(says=f"The last entry is {_ago(now - last)} old: this is no log of today.")
    return Age(stale=True, says=f"The last entry is {_ago(end - last)} before the window's end.")


def _ago(seconds: float) -> str:
    days, hours = divmod(int(seconds // 3600), 24)
    if days:
        return f"{days} day{'s' * (days > 1)}"
    return f"{hours} h" if hours else f"{int(seconds // 60)} min"
