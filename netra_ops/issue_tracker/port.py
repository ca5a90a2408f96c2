"""What a tracker is to whoever files issues: a local directory or GitHub.

Everything a tracker does may be asked for twice, by one process or by two at once, and is done
once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from netra_ops.findings import CouldNotTell, Failed


class State(StrEnum):
    """Whether somebody still has to do something."""

    OPEN = "open"
    CLOSED = "closed"


class ClosedAs(StrEnum):
    """Why an issue was closed."""

    COMPLETED = "completed"
    NOT_PLANNED = "not_planned"
    DUPLICATE = "duplicate"


class Refused(Failed):
    """The tracker was reached, and says no.

    Attributes:
        is_general: Whether it would say so to everything else too.
    """

    def __init__(self, text: str, *, is_general: bool = False) -> None:
        super().__init__(text)
        self.is_general = is_general


class Unreadable(CouldNotTell):
    """What the tracker has of one thing cannot be read; everything else can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue that the gardener filed, as it is now.

    Attributes:
        number: Its number; the lower came first.
        title: Its title, which people may have changed.
        state: Whether it is open.
        fingerprint: What it was filed for.
        aliases: What else that is or was called.
        keys: The sightings that it tells of.
        related: The numbers of the issues it links.
        where: Where people read it.
        closed_at: When it was closed, seconds since the epoch; None if it is open or nobody knows.
        closed_as: Why it was closed.
        resolved_in: The revision in which somebody said it is mended; empty if nobody did.
        repeats: What it was told a second time, by the tracker's own numbers.
    """

    number: int
    title: str
    state: State
    fingerprint: str
    aliases: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    related: frozenset[int] = frozenset()
    where: str = ""
    closed_at: float | None = None
    closed_as: ClosedAs = ClosedAs.COMPLETED
    resolved_in: str = ""
    repeats: tuple[int, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Everything that what it was filed for is or was called."""
        return frozenset((self.fingerprint, *self.aliases))

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state is State.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An issue that is not filed yet.

    Attributes:
        title: Its title.
        body: Its Markdown, without a marker.
        fingerprint: What it is for.
        aliases: What that was called before.
        key: The sighting it tells of.
    """

    title: str
    body: str
    fingerprint: str
    aliases: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What is new about an issue.

    Attributes:
        body: Its Markdown, without a marker.
        key: The sighting it tells of.
        fingerprint: What was seen, as it is called now.
    """

    body: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Created:
    """The issue that stands for a draft, and whether it was made for it."""

    issue: Issue
    is_new: bool


class Tracker(Protocol):
    """Where issues are. What it does is done when its method returns.

    Every method raises `CouldNotTell` where the tracker cannot be reached or asks to wait for too
    long, `Unreadable` where that is so for one thing alone, and `Refused` where it says no. What
    was done before is not undone by any of them.
    """

    @property
    def name(self) -> str:
        """Say in words which one it is."""

    def find(self, names: Collection[str]) -> tuple[Issue, ...]:
        """Find the issues, open and closed, that are for any of these fingerprints.

        Issues that only say so are not among them. They come by their numbers, the lowest first.
        """

    def create(self, draft: Draft) -> Created:
        """File an issue, or give the open one that is for the same.

        Where two are filed at once, one of them stays: the one with the lowest number.
        """

    def comment(self, issue: Issue, comment: Comment) -> bool:
        """Tell of a sighting; gives False where the issue tells of it already."""

    def reopen(self, issue: Issue) -> bool:
        """Open an issue again; gives False where it is open."""

    def adopt(self, issue: Issue, names: Collection[str]) -> bool:
        """Let an issue be found under more fingerprints; gives False where it already is."""

    def link(self, issue: Issue, others: Collection[int]) -> bool:
        """Let an issue name related ones; gives False where it names all of them."""

    def close_duplicate(self, issue: Issue, of: Issue) -> bool:
        """Close an issue for which there is an older one; gives False where it is closed."""

    def remove_repeats(self, issue: Issue) -> bool:
        """Take back what an issue was told twice; gives False where nothing was."""
