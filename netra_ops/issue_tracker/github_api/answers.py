"""Pure: what GitHub answers, as far as it is read, and which of it is ours.

An issue is ours if it has the general label and the label of its own marker: labels can only be
set by people who may. A comment is ours if it is by the account that asks or by the one that filed
the issue: anybody may comment.
"""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from netra_ops.findings import CouldNotTell
from netra_ops.issue_tracker.marker import (
    RelatedMarker,
    SightingMarker,
    comment_marker,
    issue_marker,
)
from netra_ops.issue_tracker.port import ClosedAs, Issue, State

GENERAL_LABEL: Final = "netra-gardener"
RESOLVED_PREFIX: Final = "resolved-in:"
"""Before a revision's name, in the label by which a person says where something is mended."""
_LABEL_DIGITS: Final = 24
_GHOST: Final = "ghost"
"""Who is shown as the author once an account is deleted, whosever it was."""

T = TypeVar("T")


class Account(msgspec.Struct, frozen=True):
    """Somebody at GitHub."""

    login: str


class Label(msgspec.Struct, frozen=True):
    """A label of an issue."""

    name: str


class IssueDocument(msgspec.Struct, frozen=True):
    """An issue, or a pull request, which GitHub lists among them."""

    number: int
    title: str
    state: State
    html_url: str
    labels: tuple[Label, ...]
    comments: int
    body: str | None = None
    state_reason: str | None = None
    closed_at: datetime | None = None
    user: Account | None = None
    pull_request: Any = None

    @property
    def label_names(self) -> frozenset[str]:
        """The names of its labels."""
        return frozenset(label.name for label in self.labels)


class CommentDocument(msgspec.Struct, frozen=True):
    """A comment of an issue."""

    id: int
    body: str | None = None
    user: Account | None = None


def read(document: Any, kind: type[T]) -> T:
    """Read a document that GitHub sent.

    Raises:
        CouldNotTell: It is none.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError:
        raise CouldNotTell("What answered does not answer as GitHub does.") from None


def label_of(fingerprint: str) -> str:
    """Give the label of a fingerprint: of bounded length, whatever the fingerprint is."""
    version = fingerprint.partition(":")[0]
    digits = hashlib.sha256(fingerprint.encode()).hexdigest()[:_LABEL_DIGITS]
    return f"netra-{version}-{digits}"


def is_ours(document: IssueDocument) -> bool:
    """Tell whether an issue was filed by the gardener."""
    marker = issue_marker(document.body or "")
    return (
        document.pull_request is None
        and marker is not None
        and {GENERAL_LABEL, label_of(marker.fingerprint)} <= document.label_names
    )


def authors_of(document: IssueDocument, own: str) -> frozenset[str]:
    """Name whose comments on an issue may be ours."""
    filed = document.user.login if document.user else ""
    return frozenset(name.lower() for name in (own, filed) if name) - {_GHOST}


def ours_among(
    comments: Iterable[CommentDocument], authors: Collection[str]
) -> list[tuple[CommentDocument, SightingMarker | RelatedMarker]]:
    """Give the comments that are ours, the first first."""
    found = []
    for comment in sorted(comments, key=lambda one: one.id):
        marker = comment_marker(comment.body or "")
        if marker is not None and comment.user and comment.user.login.lower() in authors:
            found.append((comment, marker))
    return found


def issue_of(document: IssueDocument, comments: Iterable[CommentDocument], own: str) -> Issue:
    """Give an issue that is ours as the port describes it."""
    marker = issue_marker(document.body or "")
    if marker is None:
        raise ValueError("The issue is not ours.")
    keys, related, repeats = {marker.key}, set[int](), list[int]()
    for comment, told in ours_among(comments, authors_of(document, own)):
        if isinstance(told, RelatedMarker):
            related.update(told.numbers)
        elif told.key in keys:
            repeats.append(comment.id)
        else:
            keys.add(told.key)
    return Issue(
        number=document.number,
        title=document.title,
        state=document.state,
        fingerprint=marker.fingerprint,
        aliases=marker.aliases,
        keys=frozenset(keys),
        related=frozenset(related),
        where=document.html_url,
        closed_at=document.closed_at.timestamp() if document.closed_at else None,
        closed_as=_closed_as(document),
        resolved_in=_resolved_in(document),
        repeats=tuple(repeats),
    )


def _closed_as(document: IssueDocument) -> ClosedAs:
    reasons = {str(reason) for reason in ClosedAs}
    return (
        ClosedAs(document.state_reason)
        if document.state_reason in reasons
        else (ClosedAs.COMPLETED)
    )


def _resolved_in(document: IssueDocument) -> str:
    named = [name for name in document.label_names if name.startswith(RESOLVED_PREFIX)]
    return named[0].removeprefix(RESOLVED_PREFIX) if len(named) == 1 else ""
