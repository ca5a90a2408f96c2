"""A record as one line, and the lines as a chain. Pure: no file is touched here.

A line is a JSON document whose first member is a hash over the hash before it and over all that
follows in the line, byte for byte:

    {"hash":"<64 hex>","format":2,"seq":7,"time":"2026-11-05T10:00:00.000000Z","record":{...}}

Format 2 keeps more of a configuration than format 1: of each value what it nearly is, and of all of
it the key and the form. Lines of both stand in one chain; new ones have format 2.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from netra_ops.ledger.records import Record

FORMAT: Final = 2
_READ: Final = frozenset({1, FORMAT})
LONGEST_LINE: Final = 1_048_576
"""Bytes of a line; a record that needs more is refused."""

_GENESIS: Final = "0" * 64
_HEAD: Final = re.compile(rb'\{"hash":"([0-9a-f]{64})",')


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place.

    Attributes:
        seq: Its number, from 1 on without a gap. It, not the time, says what came first.
        time: When it was recorded (RFC 3339, UTC).
        hash: Over it and all before it.
        record: What happened.
    """

    seq: int
    time: str
    hash: str
    record: Record


@dataclass(frozen=True, slots=True)
class Position:
    """The end of the chain so far.

    Attributes:
        seq: The number of the last record; 0 before the first.
        hash: Its hash.
        offset: How many bytes there are up to its end.
    """

    seq: int = 0
    hash: str = _GENESIS
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where the chain cannot be followed any further.

    Attributes:
        line: The number of the line, from 1 on.
        offset: The byte at which it begins.
        says: What is wrong with it.
        is_damage: False for what is whole but was written by another version.
    """

    line: int
    offset: int
    says: str
    is_damage: bool = True


@dataclass(frozen=True, slots=True)
class Followed:
    """What was read of a chain.

    Attributes:
        entries: The records up to the flaw, or all of them.
        end: Where they end.
        flaw: What stopped the reading.
        unfinished: Bytes after the last line's end: a line that was not written to its end.
    """

    entries: tuple[Entry, ...]
    end: Position
    flaw: Flaw | None = None
    unfinished: bytes = b""


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    hash: str
    format: int
    seq: int
    time: str
    record: Record


class _LineOfAnyFormat(msgspec.Struct):
    format: int


class _Members(msgspec.Struct):
    format: int
    seq: int
    time: str
    record: Any


_LINES: Final = msgspec.json.Decoder(_Line)
_ANY_LINES: Final = msgspec.json.Decoder(_LineOfAnyFormat)


def line_of(record: Record, position: Position, time: str) -> tuple[Entry, bytes]:
    """Write the next record after a position.

    Returns:
        The record in its place, and its line with the line's end.

    Raises:
        ValueError: The record is larger than a line may be.
    """
    seq = position.seq + 1
    # What is given may have been made without its checks, and what is read back must be the same.
    body = msgspec.json.encode(_Members(FORMAT, seq, time, record))[1:]
    own = _hash(position.hash, body)
    line = b'{"hash":"' + own.encode() + b'",' + body + b"\n"
    if len(line) > LONGEST_LINE:
        raise ValueError(f"A record of {len(line)} bytes is larger than {LONGEST_LINE} bytes.")
    return Entry(seq, time, own, _LINES.decode(line).record), line


def follow(content: bytes) -> Followed:
    """Read a ledger's lines as far as they are whole and in order."""
    position = Position()
    entries: list[Entry] = []
    for line in _whole_lines(content):
        found = _read(line, position)
        if isinstance(found, Flaw):
            return Followed(tuple(entries), position, found)
        entries.append(found)
        position = Position(found.seq, found.hash, position.offset + len(line))
    return Followed(tuple(entries), position, None, content[content.rfind(b"\n") + 1 :])


def _whole_lines(content: bytes) -> Iterator[bytes]:
    begin = 0
    while (end := content.find(b"\n", begin) + 1) > 0:
        yield content[begin:end]
        begin = end


def _read(line: bytes, position: Position) -> Entry | Flaw:
    seq = position.seq + 1
    head = _HEAD.match(line)
    if head is None:
        return Flaw(seq, position.offset, "it is no line of a ledger")
    own = head[1].decode()
    if own != _hash(position.hash, line[head.end() : -1]):
        says = "it, or the line before it, is not what was recorded, or one is missing"
        return Flaw(seq, position.offset, says)
    try:
        if (format_ := _ANY_LINES.decode(line).format) not in _READ:
            says = f"it has format {format_}, which this version of netra does not read"
            return Flaw(seq, position.offset, says, is_damage=False)
        read = _LINES.decode(line)
    except msgspec.DecodeError:
        # The hash agrees, so somebody did write this.
        says = "this version of netra does not understand what it records"
        return Flaw(seq, position.offset, says, is_damage=False)
    if read.seq != seq:
        return Flaw(seq, position.offset, f"it has number {read.seq} where {seq} should be")
    return Entry(seq, read.time, own, read.record)


def _hash(previous: str, body: bytes) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + body).hexdigest()
