"""Pure: what whoever reads logs hands over to be filed. How it was found is known there alone."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from netra_ops.issue_tracker.priority import Judged

FINGERPRINT: Final = r"v(?:0|[1-9][0-9]{0,3}):[0-9a-z][0-9a-z._]{0,95}"
"""A version of the recipe, and what it gave. No `-` in it: it stands in a comment of HTML."""
KEY: Final = r"[0-9a-f]{16,64}"

_FINGERPRINT: Final = re.compile(FINGERPRINT)
_KEY: Final = re.compile(KEY)
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SOURCE: Final = re.compile(r"[A-Z][A-Z0-9]{0,15}")
_LONGEST_NAME: Final = 80
_MOST_ALIASES: Final = 20


class Nature(StrEnum):
    """What something is, compared with what was there before."""

    REGRESSION = "regression"
    NEW = "new"
    RECURRING = "recurring"
    KNOWN = "known"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What was seen of it this time.

    Attributes:
        began: Its first entry in the window, seconds since the epoch.
        last: Its last entry in the window.
        count: How many entries.
        revisions: Which revisions they are of, as the log names them; may be empty.
        since: Where the window begins.
        until: Where it ends.
    """

    began: float
    last: float
    count: int
    revisions: tuple[str, ...] = ()
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Deployed:
    """A revision, and when it came: by the clock, and by the platform's own count if it has one."""

    revision: str
    at: float | None = None
    generation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that went wrong, ready to be filed.

    Attributes:
        fingerprint: What makes it the same as another one, with its recipe's version: `v1:…`.
        aliases: What older recipes called the same thing.
        name: A few short words with hyphens between them.
        nature: What it is, compared with before.
        judged: How urgent, and why.
        body: What it is, in Markdown, secrets already hidden. What is quoted in it is somebody
            else's text, and belongs into blocks of code.
        news: What was seen this time.
        key: A hash of the evidence: the same evidence twice is told once.
        related: Fingerprints of what seems to belong to it.
        source: Where it was seen; the first word of the title.

    Raises:
        ValueError: A fingerprint, the name, the key or the source has not the shape it must have.
    """

    fingerprint: str
    aliases: tuple[str, ...] = ()
    name: str
    nature: Nature
    judged: Judged
    body: str
    news: News
    key: str
    related: tuple[str, ...] = ()
    source: str = "GCP"

    def __post_init__(self) -> None:
        for one in (self.fingerprint, *self.aliases, *self.related):
            if not is_fingerprint(one):
                raise ValueError("A fingerprint is its recipe's version, a colon and a hash.")
        if len(self.aliases) > _MOST_ALIASES:
            raise ValueError(f"It has more than {_MOST_ALIASES} aliases.")
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST_NAME:
            raise ValueError(f"A name is words with hyphens, at most {_LONGEST_NAME} letters.")
        if not _KEY.fullmatch(self.key):
            raise ValueError("A key is a hash in lower case: 16 to 64 hexadecimal digits.")
        if not _SOURCE.fullmatch(self.source):
            raise ValueError("A source is one word in capitals.")

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it is or was called, the present fingerprint first, each once."""
        return tuple(dict.fromkeys((self.fingerprint, *self.aliases)))

    @property
    def title(self) -> str:
        """The title of its issue."""
        return f"{self.source}-{self.nature}-{self.judged.priority}-{self.name}"


def is_fingerprint(text: str) -> bool:
    """Tell whether a text has the shape of a fingerprint."""
    return _FINGERPRINT.fullmatch(text) is not None


def is_later(one: Deployed, other: Deployed) -> bool | None:
    """Tell whether a revision came after another one; None if nobody can tell.

    The clock and the platform's count must not contradict each other: a clock may be wrong, and a
    count may begin anew.
    """
    said: list[bool] = []
    if one.at is not None and other.at is not None:
        said.append(one.at > other.at)
    if one.generation is not None and other.generation is not None:
        said.append(one.generation > other.generation)
    if not said or len(set(said)) > 1:
        return None
    return said[0]
