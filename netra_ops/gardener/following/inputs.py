"""What is followed: files under their names, whatever is in directories, pipes.

A file that is renamed is followed on until it has been quiet for a minute; what takes its name is
new. Files of directories are found within a second.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from stat import S_ISFIFO
from typing import Final

from netra_ops.gardener.following.followed import Followed, Terms
from netra_ops.gardener.following.growing import COMPRESSED, GrowingFile, Identity
from netra_ops.gardener.following.pipe import Pipe
from netra_ops.gardener.following.stream import Stream
from netra_ops.gardener.following.watch.watching import Arrived
from netra_ops.logs.reading.account import Skipped
from netra_ops.logs.reading.framing.block import Block
from netra_ops.logs.reading.raw.inputs import STANDARD_INPUT, inputs_of

_SCAN_SECONDS: Final = 1.0
_LEFT_SECONDS: Final = 60.0
"""A file without its name is followed on until it has not grown for so long."""
_MOST_OPEN: Final = 256
"""Of more files those that grew last stay open."""
_EXPECTED: Final = frozenset({"hidden", "named before"})
_MOST_SAID: Final = 1_000
"""So many files are remembered as said of."""


class Inputs:
    """All that is followed.

    Args:
        named: Paths of files and directories, `-` for standard input.
        terms: What holds for all of them.
        patience: Seconds that an input may be away before it is gone for good.
        say: Is told what is not followed, and why.
        standard_input: The descriptor that `-` stands for.
        own: Files that are written by who follows: following them would never end.

    Attributes:
        has_ended: Whether a pipe came to its end: then nothing is followed any more.
        is_gone: Whether nothing that was named is there any more.
    """

    def __init__(
        self,
        named: Iterable[str],
        terms: Terms,
        patience: float,
        say: Callable[[str], None],
        standard_input: int = 0,
        own: Collection[Identity] = (),
    ) -> None:
        self._own = own
        self._terms = terms
        self._patience = patience
        self._say = say
        self._said: dict[Identity | str, None] = {}
        self._files: dict[Identity, Followed] = {}
        self._paths: list[Path] = []
        self._pipes: list[tuple[Pipe, Stream]] = []
        self._away: dict[Path, float] = {}
        self._scanned = self._swept = terms.now
        self._is_begun = False
        self.has_ended = self.is_gone = False
        for name in dict.fromkeys(named):
            path = Path(name)
            if name == STANDARD_INPUT:
                self._add_pipe(name, lambda: standard_input)
            elif path.exists() and S_ISFIFO(path.stat().st_mode):
                self._add_pipe(name, _opening(path))
            else:
                self._paths.append(path)

    def before(self) -> Iterator[Arrived]:
        """Give what is there at the start; nothing of pipes."""
        for followed in self._find(self._terms.now):
            yield from followed.before(self._terms.now)
            self._tell_why_not(followed)
            self._close_some()
        self._is_begun = True

    def arrived(self, now: float) -> Iterator[Arrived]:
        """Give what came since the last time."""
        if now - self._scanned >= _SCAN_SECONDS or not any(map(Path.is_dir, self._paths)):
            self._scanned = now
            for _ in self._find(now):
                pass
            self._close_some()
        for followed in list(self._files.values()):
            yield from followed.added(now)
            self._tell_why_not(followed)
        if now - self._swept >= _SCAN_SECONDS:
            self._swept = now
            yield from self._left(now)
        for pipe, stream in self._pipes:
            yield from self._piped(pipe, stream, now)

    def ended(self, now: float) -> Iterator[Arrived]:
        """Give what is held back, and let everything go."""
        for followed in self._files.values():
            yield followed.ended(now)
        for pipe, stream in self._pipes:
            pipe.give_up()
            yield stream.end(now)
        self._files.clear()
        self._pipes.clear()

    def __len__(self) -> int:
        """Say how many files and pipes are followed."""
        return sum(one.why_not is None for one in self._files.values()) + len(self._pipes)

    def _add_pipe(self, name: str, opened: Callable[[], int]) -> None:
        stream = self._terms.stream(name, self._terms.now)
        self._pipes.append((Pipe(opened, self._terms.form), stream))

    def _find(self, now: float) -> Iterator[Followed]:
        """Look at all names, and give what is found for the first time."""
        for path in self._paths:
            found = False
            for one in inputs_of((str(path),)):
                if isinstance(one, Skipped):
                    if one.why not in _EXPECTED:
                        self._say_once(one.name, f"{one.name}: {one.why}")
                    continue
                if one.path is None:
                    continue
                followed = self._at(one.path, now)
                found = found or one.path != path or one.path.exists()
                if followed is not None:
                    yield followed
            self._note_away(path, now, there=found or path.is_dir())
        self.is_gone = (
            bool(self._paths)
            and not self._pipes
            and all(now - self._away.get(path, now) >= self._patience for path in self._paths)
        )

    def _at(self, path: Path, now: float) -> Followed | None:
        try:
            identity = Identity.of(path.stat())
        except OSError:
            return None
        if identity in self._own:
            self._say_once(identity, f"{path}: what is told is written there")
            return None
        known = self._files.get(identity)
        if known is not None:
            if known.file.path != path:
                known.call(path)
            return None
        try:
            file = GrowingFile(path)
        except OSError as error:
            self._say_once(str(path), f"it cannot be opened: {error.strerror or 'no regular file'}")
            return None
        followed = Followed(file, self._terms, now)
        marks = [(one.file.mark, one.file.former) for one in self._files.values()]
        copied = [mark for pair in marks for mark in pair if mark is not None and file.has(mark)]
        if copied and self._is_begun:
            followed.go_on_from(max(copied).offset, now)
        self._files[file.identity] = followed
        return followed

    def _note_away(self, path: Path, now: float, *, there: bool) -> None:
        since = self._away.get(path)
        if there:
            if self._away.pop(path, now) + self._patience <= now and since is not None:
                self._say(f"{path} is there again.")
        elif since is None:
            self._away[path] = now
        elif since + self._patience <= now:
            self._say_once(f"gone {path} {since}", f"{path} is gone.", whole=True)

    def _left(self, now: float) -> Iterator[Arrived]:
        """Let go of files that have lost their name and are quiet."""
        for identity, followed in list(self._files.items()):
            if now - followed.grew < _LEFT_SECONDS:
                continue
            if not self._is_where_it_was(followed):
                del self._files[identity]
                yield followed.ended(now)

    def _is_where_it_was(self, followed: Followed) -> bool:
        """Tell whether a file still has the name under which it was found."""
        try:
            return Identity.of(followed.file.path.stat()) == followed.file.identity
        except OSError:
            return False

    def _piped(self, pipe: Pipe, stream: Stream, now: float) -> Iterator[Arrived]:
        for read in pipe.taken():
            if read is None:
                self.has_ended = True
                if pipe.failure is not None:
                    self._say(f"{stream.name} is not followed: {pipe.failure}.")
            elif isinstance(read, Block):
                yield stream.take_blocks((read,), now)
            else:
                yield stream.take(read, now)
        yield stream.pause(now)

    def _close_some(self) -> None:
        opened = [one for one in self._files.values() if one.file.is_open]
        if len(opened) > _MOST_OPEN:
            for one in sorted(opened, key=lambda one: one.grew)[: len(opened) - _MOST_OPEN]:
                one.file.close()

    def _tell_why_not(self, followed: Followed) -> None:
        if followed.why_not is not None:
            followed.file.close()
            if followed.why_not == COMPRESSED:
                return  # It is a rotated log: what it holds was followed before.
            self._say_once(followed.file.identity, f"{followed.file.path}: {followed.why_not}")

    def _say_once(self, about: Identity | str, what: str, *, whole: bool = False) -> None:
        if about in self._said or not what:
            return
        if len(self._said) >= _MOST_SAID:
            del self._said[next(iter(self._said))]
        self._said[about] = None
        self._say(what if whole else f"Not followed: {what}.")


def _opening(path: Path) -> Callable[[], int]:
    return lambda: os.open(path, os.O_RDONLY | os.O_CLOEXEC)
