"""Growing bytes become whole entries, however they are cut."""

import json
from collections.abc import Callable

import pytest

from fakes import incident_log
from netra_ops.gardener.following.followed import Terms
from netra_ops.gardener.following.stream import Lines, Stream
from netra_ops.logs.entries import Entry
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.block import LIMIT
from netra_ops.logs.reading.framing.forms import Form
from netra_ops.logs.reading.framing.lines import lines_of

TRACE = b"""Traceback (most recent call last):
  File "/app/pay.py", line 3, in charge
    raise ValueError(card)
ValueError: no such card
"""


@pytest.fixture
def stream() -> Stream:
    """A stream that begins at second 100."""
    return Terms(Form.AUTO, 1_800_000_000.0, 100.0, Duplicates()).stream("app.log", 100.0)


def test_a_half_line_waits_for_its_end(stream: Stream) -> None:
    """Half a line is nothing, however long nothing comes; with its end it is one entry."""
    assert stream.take(b"ERROR half", 100.0).entries == []
    assert list(stream.pause(200.0).entries) == []
    assert list(stream.take(b" a line\n", 200.0).entries) == []

    (entry,) = stream.pause(201.0).entries

    assert entry.message == "half a line"


def test_a_trace_is_one_entry_also_in_pieces(stream: Stream) -> None:
    """Lines of a trace that come one after the other are one entry, given after a moment."""
    now = 100.0
    for begin in range(0, len(TRACE), 25):
        assert list(stream.take(TRACE[begin : begin + 25], now).entries) == []
        assert list(stream.pause(now).entries) == []
        now += 0.2

    (entry,) = stream.pause(now + 0.5).entries

    assert entry.message.startswith("ValueError: no such card")
    assert entry.others == (2, 3, 4)


def test_nothing_is_held_for_long(stream: Stream) -> None:
    """Where lines come without a pause, what is held back is given within three seconds."""
    lines = (
        json.dumps(incident_log.entry(0, textPayload=f"line {number}", insertId=f"n{number}"))
        for number in range(100)
    )
    now, first = 100.0, None
    while first is None:
        found = [*stream.take(f"{next(lines)}\n".encode(), now).entries]
        found += stream.pause(now).entries
        first = now if found else None
        now += 0.2

    assert first - 100.0 <= 3.0


def test_copies_are_marked(stream: Stream) -> None:
    """The same entry in another stream is a copy."""
    line = f"{json.dumps(incident_log.entry(0, jsonPayload={'message': 'x'}))}\n".encode()

    once, again = stream.take(line + line, 100.0).entries

    assert (once.duplicate, again.duplicate) == (False, True)


def test_columns_are_learned_while_lines_come(stream: Stream) -> None:
    """Columns before the time, which one line does not show, are known after twenty lines."""
    lines = [f"node7 web 2026-09-15 10:00:{n:02} ERROR disk {n} is full\n" for n in range(30)]
    entries: list[Entry] = []
    for line in lines:
        entries += stream.take(line.encode(), 100.0).entries
    entries += stream.end(100.0).entries

    assert entries[-1].message == "disk 29 is full"
    assert [entry.number for entry in entries] == list(range(1, 31))


@pytest.mark.parametrize(
    "text",
    [b"a\nb\n\nc", b"\n\n", b"x" * (LIMIT + 7) + b"\nshort\n" + b"y" * (2 * LIMIT) + b"\nz"],
)
@pytest.mark.parametrize("cut", [lambda _: 1 << 30, lambda at: 1 + at % 700_001])
def test_lines_are_the_same_however_they_are_cut(text: bytes, cut: Callable[[int], int]) -> None:
    """Numbers, places, lengths and contents are those of the text as a whole."""
    lines, found, at = Lines(), [], 0
    while at < len(text):
        found += lines.take(text[at : at + cut(at)])
        at += cut(at)
    found += lines.rest()

    flat = [
        (block.first + n, *one)
        for block in found
        for n, one in enumerate(zip(block.offsets, block.lengths, block.records, strict=True))
    ]
    (whole, *others) = lines_of((text,))
    expected = [
        (block.first + n, *one)
        for block in (whole, *others)
        for n, one in enumerate(zip(block.offsets, block.lengths, block.records, strict=True))
    ]
    assert flat == expected
