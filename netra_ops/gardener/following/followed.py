"""One file that is followed: lines as they are added, or a JSON document each time it is whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from netra_ops.gardener.following.growing import COMPRESSED, GrowingFile, unreadable
from netra_ops.gardener.following.stream import Stream
from netra_ops.gardener.following.watch.watching import Arrived
from netra_ops.logs.reading.account import Account
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.elements import elements_of
from netra_ops.logs.reading.framing.forms import Form, has_elements
from netra_ops.logs.reading.reader import Reading, read

BASELINE_BYTES: Final = 64 << 20
"""So much of the end of each file is read as what was there before."""
CHUNK: Final = 1 << 20
_HEAD: Final = 1_024
_MOST_UNPACKED: Final = 4 * BASELINE_BYTES
_MOST_AT_ONCE: Final = 4
_WHOLE_SECONDS: Final = 1.0
"""A JSON document that has not grown for so long is taken for whole."""


class Terms(NamedTuple):
    """What holds for all sources.

    Attributes:
        form: What records are taken for.
        at: Seconds since the epoch.
        now: The same moment, in seconds of the clock by which things arrive.
        duplicates: Knows copies.
    """

    form: Form
    at: float
    now: float
    duplicates: Duplicates

    def stream(self, name: str, now: float, offset: int = 0, framing: str = "lines") -> Stream:
        """Give what reads one source from now on."""
        at = self.at + now - self.now
        return Stream(name, self.form, at, now, self.duplicates, offset, framing)


class Followed:
    """A file, and what reads it.

    Attributes:
        file: The file.
        stream: What its bytes go through.
        why_not: Why it is not followed; None if it is.
        grew: When it last grew.
    """

    def __init__(self, file: GrowingFile, terms: Terms, now: float) -> None:
        self.file = file
        self._terms = terms
        self.stream = terms.stream(str(file.path), now)
        self.why_not: str | None = None
        self.grew = now
        self._is_judged = self._is_document = False
        self._known_size = self._elements = 0

    def before(self, now: float) -> Iterator[Arrived]:
        """Give what was there before: its last 64 MiB, without a half line at its end."""
        size = self.file.size() or 0
        self._judge()
        if self.why_not is not None:
            if self.why_not == COMPRESSED:
                yield from self._unpacked(size)
            return
        if self._is_document:
            yield from self._document(size, now)
            return
        if size > BASELINE_BYTES:
            self._begin_at(size - BASELINE_BYTES, now)
        while self.file.offset < size:
            grown = self.file.grown(min(CHUNK, size - self.file.offset))
            if not grown.content or grown.anew:
                break
            yield self.stream.take(grown.content, now)
        yield self.stream.flush()

    def added(self, now: float) -> Iterator[Arrived]:
        """Give what was added, at most a few MiB of it; there may be more if it is a lot."""
        self._judge()
        if self.why_not is not None:
            return
        if self._is_document:
            yield from self._when_whole(now)
            return
        for _ in range(_MOST_AT_ONCE):
            grown = self.file.grown(CHUNK)
            if grown.anew:
                yield from self._begun_anew(now)
            if not grown.content:
                break
            self.grew = now
            yield self.stream.take(grown.content, now)
        yield self.stream.pause(now)

    def ended(self, now: float) -> Arrived:
        """Give what is held back, since nothing more will come."""
        self.file.close()
        return self.stream.end(now)

    def go_on_from(self, offset: int, now: float) -> None:
        """Take what stands before a place for read."""
        self.file.skip_to(offset)
        self.stream = self._terms.stream(self.stream.name, now, offset)

    def call(self, path: Path) -> None:
        """Take in that it has another name."""
        self.file.path = path
        self.stream.name = str(path)

    def _begun_anew(self, now: float) -> Iterator[Arrived]:
        yield self.stream.end(now)
        self.stream = self._terms.stream(self.stream.name, now)

    def _begin_at(self, offset: int, now: float) -> None:
        """Begin with the first whole line from a place on."""
        begin, block = offset, b""
        while (end := block.find(b"\n")) < 0:
            begin += len(block)
            self.file.skip_to(begin)
            block = self.file.grown(CHUNK).content
            if not block:
                return
        self.go_on_from(begin + end + 1, now)

    def _judge(self) -> None:
        if self._is_judged:
            return
        head = self.file.head(_HEAD)
        if not head.strip():
            return
        self.why_not = unreadable(head)
        in_elements = self._terms.form is not Form.LINES and has_elements(head)
        # A first line of which little is there may become anything that begins like this.
        self._is_judged = not in_elements or len(head.strip()) > 1
        self._is_document = in_elements

    def _when_whole(self, now: float) -> Iterator[Arrived]:
        size = self.file.size() or 0
        if size != self._known_size:
            if size != self.file.offset:
                self.grew = now
            self._known_size = size
        elif size != self.file.offset and now - self.grew >= _WHOLE_SECONDS:
            yield from self._document(size, now)

    def _document(self, size: int, now: float) -> Iterator[Arrived]:
        """Read a document whole, and give those elements that were not there the last time."""
        self._known_size = size
        if size > BASELINE_BYTES:
            self.why_not = "it is a JSON document of more than 64 MiB"
            return
        self.file.skip_to(0)
        content = b"".join(iter(lambda: self.file.grown(CHUNK).content, b""))
        blocks = list(elements_of((content,)))
        before, self._elements = self._elements, sum(len(block.records) for block in blocks)
        self.stream = self._terms.stream(self.stream.name, now, framing="elements")
        arrived = self.stream.take_blocks(blocks, now)
        entries = [*arrived.entries, *self.stream.end(now).entries]
        if before <= self._elements:
            entries = [entry for entry in entries if entry.number > before]
        yield Arrived(self.stream.name, entries)

    def _unpacked(self, size: int) -> Iterator[Arrived]:
        """Give what a compressed file holds, which never grows."""
        if size > BASELINE_BYTES:
            return
        account, name = Account(), str(self.file.path)
        reading = Reading(now=round(self._terms.at * 1e9), form=self._terms.form)
        for entries in read((name,), account, reading):
            yield Arrived(name, entries)
            if account.sources[0].text_bytes > _MOST_UNPACKED:
                return
