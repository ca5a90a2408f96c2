"""Elements of a JSON array, or JSON documents one after the other, found while they stream.

The decoder itself says where an element ends, so nothing is decoded twice that is not kept. What is
damaged ends where the next element begins that is none.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from netra_ops.logs.reading.framing.block import LIMIT, Block

_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_GAP: Final = re.compile(rb"[\s,\[\]]*")
_PLACE: Final = re.compile(r"\(byte (\d+)\)")
_LONGEST_ESCAPE: Final = 12
_NEXT: Final = re.compile(rb"[}\]\"\w][\s,\[\]]*[,\n][\s,\[\]]*(?=\{)")
_MOST_TRIES: Final = 64
_PER_BLOCK: Final = 2_000
_NONE: Final = -1
_UNFINISHED: Final = -2


def elements_of(chunks: Iterable[bytes], limit: int = LIMIT) -> Iterator[Block]:
    """Cut chunks into elements.

    Args:
        chunks: The source's bytes.
        limit: How many bytes of an element are kept.
    """
    framing = _Framing(limit)
    for chunk in chunks:
        yield from framing.more(chunk)
    yield from framing.end()


class _Framing:
    """What was read and is not yet cut."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = b""
        self._base = 0
        self._number = 1
        self._separator: bytes | None = None
        self._found: list[tuple[int, int, bytes]] = []
        self._lost: bytes | None = None
        self._lost_offset = self._lost_length = 0

    def more(self, chunk: bytes) -> Iterator[Block]:
        self._buffer += chunk
        yield from self._cut(is_last=False)

    def end(self) -> Iterator[Block]:
        yield from self._cut(is_last=True)

    def _cut(self, *, is_last: bool) -> Iterator[Block]:
        buffer, at = self._buffer, 0
        view = memoryview(buffer)
        while True:
            if self._lost is None:
                begin = _skip(buffer, at)
                if begin == len(buffer):
                    at = begin
                    break
                end = _end_of(view[begin:])
            else:
                begin, end = at, _NONE
            if end >= 0:
                at = begin + end
                record = buffer[begin:at].rstrip()
                self._learn(buffer, begin + len(record))
                self._found.append((self._base + begin, len(record), record))
            elif end == _UNFINISHED and not is_last and len(buffer) - begin <= self._limit:
                at = begin
                break
            else:
                following = self._next_element(view, begin, is_whole=is_last)
                at = self._lose(buffer, begin, following, is_last=is_last)
                if following is None:
                    break
            if len(self._found) >= _PER_BLOCK:
                yield self._block()
        view.release()
        self._buffer, self._base = buffer[at:], self._base + at
        if self._found:
            yield self._block()

    def _learn(self, buffer: bytes, end: int) -> None:
        """Remember what stands between two objects."""
        if self._separator is None and buffer[end - 1 : end] == b"}":
            after = _skip(buffer, end)
            if buffer[after : after + 1] == b"{":
                self._separator = buffer[end - 1 : after + 1]

    def _next_element(self, view: memoryview, begin: int, *, is_whole: bool) -> int | None:
        """Find where an element begins that can be read, after one that cannot."""
        buffer, at = self._buffer, begin
        for _ in range(_MOST_TRIES):
            if self._separator is not None:
                found = buffer.find(self._separator, at)
                if found < 0:
                    return None
                candidate = found + len(self._separator) - 1
            else:
                match = _NEXT.search(buffer, at)
                if match is None:
                    return None
                candidate = match.end()
            end = _end_of(view[candidate:])
            if end >= 0 or (end == _UNFINISHED and not is_whole):
                return candidate
            at = candidate
        return at if at > begin else None

    def _lose(self, buffer: bytes, begin: int, following: int | None, *, is_last: bool) -> int:
        """Take what cannot be read, up to what follows or as far as it is surely lost."""
        if self._lost is None:
            self._lost, self._lost_offset, self._lost_length = b"", self._base + begin, 0
        # A separator may be cut in two by the end of the buffer.
        tail = 0 if is_last else len(self._separator or b"") or 256
        stop = following if following is not None else max(len(buffer) - tail, begin)
        room = max(self._limit - len(self._lost), 0)
        self._lost += buffer[begin : min(stop, begin + room)]
        self._lost_length += stop - begin
        if following is not None or is_last:
            text = self._lost
            if len(text) == self._lost_length:
                text = text.rstrip(b" \t\r\n,")
                self._lost_length = len(text)
            self._found.append((self._lost_offset, self._lost_length, text))
            self._lost = None
        return stop

    def _block(self) -> Block:
        offsets, lengths, records = (list(column) for column in zip(*self._found, strict=True))
        block = Block(self._number, offsets, lengths, [record[: self._limit] for record in records])
        self._number += len(records)
        self._found.clear()
        return block


def _skip(buffer: bytes, at: int) -> int:
    found = _GAP.match(buffer, at)
    return found.end() if found else at


def _end_of(view: memoryview) -> int:
    """Give where the element that begins here ends; `_NONE` or `_UNFINISHED` if it does not."""
    try:
        _RAW.decode(view)
    except msgspec.DecodeError as error:
        said = str(error)
        place = _PLACE.search(said)
        if place is None:
            return _UNFINISHED
        if "trailing" in said:
            # It counts from one.
            return int(place[1]) - 1
        # A number or an escape of which half is missing is malformed until the rest comes.
        return _UNFINISHED if int(place[1]) > len(view) - _LONGEST_ESCAPE else _NONE
    except RecursionError:
        return _NONE
    return len(view)
