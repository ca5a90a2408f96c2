"""Commits between revisions. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from netra_ops.evidence.records.taking import (
    NotTaken,
    Part,
    Remarks,
    Taken,
    must_be_object,
    taken,
)

FILE: Final = "commits.json"
_SUBJECT: Final = 240


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit.

    Attributes:
        sha: Its hash.
        where: Its evidence reference.
        time: When, nanoseconds since the epoch; None where that is not said.
        author: Whose.
        subject: Its first line.
        body: The rest of what it says, if that is there.
        files: What it touched.
        diffstat: How much of it, as it was written.
    """

    sha: str
    where: str = FILE
    time: int | None = None
    author: str = ""
    subject: str = ""
    body: str = ""
    files: tuple[str, ...] = ()
    diffstat: str = ""


def commits_of(parts: Iterable[Part]) -> Taken[Commit]:
    """Take the commits of `commits.json`, in the order of time; those without one come first."""
    found = taken(FILE, parts, _read)
    ordered = sorted(found.records, key=lambda one: (one.time or 0, one.sha))
    return msgspec.structs.replace(found, records=tuple(ordered))


def _read(part: Part, remarks: Remarks) -> Iterator[Commit]:
    must_be_object(part, "commit")
    sha = part.first("sha", "commit", "hash", "id").text()
    if not sha:
        raise NotTaken("is no commit: it has no sha")
    time = part.first("time", "date", "timestamp", "committed_at").time()
    if time is None:
        remarks.add(part.where, "has no time that can be read")
    message = part.first("subject", "message", "title").text() or ""
    subject, _, rest = message.strip().partition("\n")
    yield Commit(
        sha=sha,
        where=part.where,
        time=time,
        author=_author(part.at("author")),
        subject=subject[:_SUBJECT],
        body=part.text("body") or rest.strip(),
        files=tuple(_files(part.first("files", "paths"))),
        diffstat=part.first("diffstat", "diff_stat", "stat").written(),
    )


def _author(part: Part) -> str:
    if isinstance(part.value, Mapping):
        return part.first("name", "email").text() or ""
    return part.text() or ""


def _files(part: Part) -> Iterator[str]:
    """Read a list of paths, of objects that have one, or an object whose members they name."""
    if isinstance(part.value, Mapping):
        yield from (name for name, _ in part.members())
    for one in part.each():
        path = one.first("path", "file", "filename", "name").text() or one.text()
        if path:
            yield path
