"""Sightings as whoever reads logs would hand them over."""

import hashlib
from typing import Any, Final

from netra_ops.issue_tracker.priority import Judged, Priority
from netra_ops.issue_tracker.sighting import Nature, News, Sighting

NOW: Final = 1_800_000_000.0
P2: Final = Judged(Priority.P2, ("It is ERROR, and nothing makes it more urgent.",))


def key(evidence: object) -> str:
    """Hash some evidence."""
    return hashlib.sha256(repr(evidence).encode()).hexdigest()[:32]


def sighting(fingerprint: str = "v1:aaaa", count: int = 1, **different: Any) -> Sighting:
    """Give a sighting; with another count its evidence is another."""
    news = different.pop("news", None) or seen(count=count)
    given: dict[str, Any] = {
        "fingerprint": fingerprint,
        "name": "token-refresh-fails",
        "nature": Nature.NEW,
        "judged": P2,
        "body": f"Tokens are not renewed ({fingerprint}).",
        "news": news,
        "key": key((fingerprint, news)),
    }
    return Sighting(**given | different)


def seen(count: int = 1, began: float = NOW - 600, last: float = NOW - 60, **more: Any) -> News:
    """Give what was seen in an hour."""
    return News(began=began, last=last, count=count, since=NOW - 3600, until=NOW, **more)
