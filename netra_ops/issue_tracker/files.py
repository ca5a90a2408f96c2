"""The tracker that needs nothing: a directory with one Markdown file for each issue.

One process writes at a time, and a file is replaced as a whole, so whoever dies half-way leaves
what was there before. People edit the files as they like: what the front matter may say is in
`file_form`.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from netra.clock import Clock, as_iso
from netra_ops.findings import CouldNotTell
from netra_ops.issue_tracker.file_form import FileInvalid, Page, read, written
from netra_ops.issue_tracker.marker import IssueMarker, SightingMarker, marked
from netra_ops.issue_tracker.port import (
    ClosedAs,
    Comment,
    Created,
    Draft,
    Issue,
    Refused,
    State,
    Unreadable,
)

_LOCK: Final = ".lock"
_UNFINISHED: Final = ".unfinished-"
_FILE: Final = re.compile(r"(?P<number>[0-9]{4,10})-[a-z0-9-]{1,100}\.md")
_NOT_A_WORD: Final = re.compile(r"[^a-z0-9]+")
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_PAUSE_SECONDS: Final = 0.01
_LONGEST_SLUG: Final = 80
_MOST_BYTES: Final = 8 << 20
_FLAGS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FileTracker:
    """Issues as files of a directory.

    Args:
        folder: Where they are, or are to be; the folder above it is there.
        clock: What says when an issue was closed and how long somebody waited.
        patience: Seconds to wait for another process.
    """

    def __init__(self, folder: Path, clock: Clock, patience: float = 10.0) -> None:
        self._folder = folder
        self._clock = clock
        self._patience = patience

    @property
    def name(self) -> str:
        """Say in words which one it is."""
        return f"the files in {self._folder}"

    def find(self, names: Collection[str]) -> tuple[Issue, ...]:
        """Find the issues for any of these fingerprints; see `Tracker`.

        Raises:
            CouldNotTell: The directory or a file that names one of them cannot be read.
        """
        with self._told():
            found = [page.issue for _, page in self._pages(names)]
        wanted = [issue for issue in found if not issue.names.isdisjoint(names)]
        return tuple(sorted(wanted, key=lambda issue: issue.number))

    def create(self, draft: Draft) -> Created:
        """File an issue, or give the open one that is for the same; see `Tracker`."""
        names = (draft.fingerprint, *draft.aliases)
        with self._told(), self._locked():
            held = next((issue for issue in self.find(names) if issue.is_open), None)
            if held is not None:
                return Created(held, is_new=False)
            number = 1 + max((int(match["number"]) for match in self._names()), default=0)
            marker = IssueMarker(draft.fingerprint, draft.aliases, draft.key)
            path = self._folder / f"{number:04d}-{_slug(draft.title)}.md"
            issue = Issue(
                number=number,
                title=draft.title,
                state=State.OPEN,
                fingerprint=draft.fingerprint,
                aliases=draft.aliases,
                keys=frozenset((draft.key,)),
                where=str(path),
            )
            self._replace(path, written(Page(issue, marked(marker, draft.body))))
            return Created(issue, is_new=True)

    def comment(self, issue: Issue, comment: Comment) -> bool:
        """Tell of a sighting; see `Tracker`."""

        def commented(page: Page) -> Page | None:
            if comment.key in page.issue.keys:
                return None
            marker = SightingMarker(comment.key, comment.fingerprint)
            told = marked(marker, f"{as_iso(self._clock.timestamp())}: {comment.body}")
            return replace(page, text=f"{page.text.rstrip()}\n\n{told.rstrip()}\n")

        return self._changed(issue, commented)

    def reopen(self, issue: Issue) -> bool:
        """Open an issue again; see `Tracker`."""

        def reopened(page: Page) -> Page | None:
            if page.issue.is_open:
                return None
            opened = replace(page.issue, state=State.OPEN, closed_at=None, resolved_in="")
            return replace(page, issue=opened)

        return self._changed(issue, reopened)

    def adopt(self, issue: Issue, names: Collection[str]) -> bool:
        """Let an issue be found under more fingerprints; see `Tracker`."""

        def adopted(page: Page) -> Page | None:
            missing = sorted(set(names) - page.issue.names)
            if not missing:
                return None
            aliases = (*page.issue.aliases, *missing)
            return replace(page, issue=replace(page.issue, aliases=aliases))

        return self._changed(issue, adopted)

    def link(self, issue: Issue, others: Collection[int]) -> bool:
        """Let an issue name related ones; see `Tracker`."""

        def linked(page: Page) -> Page | None:
            related = page.issue.related | set(others)
            if related == page.issue.related:
                return None
            return replace(page, issue=replace(page.issue, related=related))

        return self._changed(issue, linked)

    def close_duplicate(self, issue: Issue, of: Issue) -> bool:
        """Close an issue for which there is an older one; see `Tracker`."""

        def closed(page: Page) -> Page | None:
            if not page.issue.is_open:
                return None
            changed = replace(
                page.issue,
                state=State.CLOSED,
                closed_at=self._clock.timestamp(),
                closed_as=ClosedAs.DUPLICATE,
                related=page.issue.related | {of.number},
            )
            return replace(page, issue=changed)

        return self._changed(issue, closed)

    def remove_repeats(self, issue: Issue) -> bool:
        """Nothing is ever told twice where one process writes at a time; see `Tracker`."""
        _ = issue
        return False

    def _changed(self, issue: Issue, change: Callable[[Page], Page | None]) -> bool:
        """Change a file as it is now, and not as it was when somebody looked."""
        with self._told(), self._locked():
            for path, page in self._pages((issue.fingerprint,)):
                if page.issue.number == issue.number:
                    changed = change(page)
                    if changed is not None:
                        self._replace(path, written(changed))
                    return changed is not None
        raise Refused(f"Issue #{issue.number} is no longer in {self._folder}.")

    def _names(self) -> list[re.Match[str]]:
        try:
            names = sorted(path.name for path in self._folder.iterdir())
        except FileNotFoundError:
            return []
        return [match for name in names if (match := _FILE.fullmatch(name))]

    def _pages(self, names: Collection[str]) -> Iterator[tuple[Path, Page]]:
        """Read the files in which any of some fingerprints stands, anywhere."""
        for match in self._names():
            path = self._folder / match.string
            content, changed_at = _content(path)
            if not any(name.encode() in content for name in names):
                continue
            try:
                page = read(content.decode(), changed_at)
            except UnicodeDecodeError:
                raise Unreadable(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
            except FileInvalid as flaw:
                raise Unreadable(
                    f"{path}:{flaw.line} {flaw.says}. Mend it: until then nobody can tell what is "
                    "filed already, and nothing of it is."
                ) from None
            yield path, replace(page, issue=replace(page.issue, where=str(path)))

    def _replace(self, path: Path, text: str) -> None:
        """Put a file in place as a whole, on the disk, or leave what is there."""
        aside = self._folder / f"{_UNFINISHED}{path.name}"
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, _FILE_MODE)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(file)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        aside.replace(path)
        _sync_folder(self._folder)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in words what the disk says in numbers."""
        try:
            yield
        except OSError as error:
            what = error.strerror or "it cannot be used"
            raise CouldNotTell(
                f"{self._folder}: {what}. What was filed before is whole; the next run goes on."
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which ends with the process that holds it, however that ends."""
        self._folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        lock = os.open(self._folder / _LOCK, os.O_RDONLY | os.O_CREAT | _FLAGS, _FILE_MODE)
        try:
            deadline = self._clock.monotonic() + self._patience
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if self._clock.monotonic() >= deadline:
                        raise CouldNotTell(
                            f"{self._folder} has been in use for {self._patience:.0f} s. "
                            "See which netra command hangs, and end it."
                        ) from error
                time.sleep(_PAUSE_SECONDS)
            for unfinished in self._folder.glob(f"{_UNFINISHED}*"):
                unfinished.unlink()  # Whoever wrote it is dead.
            yield
        finally:
            os.close(lock)


def _content(path: Path) -> tuple[bytes, float]:
    file = os.open(path, os.O_RDONLY | _FLAGS)
    with os.fdopen(file, "rb") as stream:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            raise Unreadable(f"{path} is no regular file of at most 8 MiB.")
        return stream.read(_MOST_BYTES), status.st_mtime


def _slug(title: str) -> str:
    return _NOT_A_WORD.sub("-", title.lower()).strip("-")[:_LONGEST_SLUG].strip("-") or "issue"


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
