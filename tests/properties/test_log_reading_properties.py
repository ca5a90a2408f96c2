"""Whatever bytes come in, each record is accounted for exactly once, and nothing is fatal."""

import gzip
import json
from typing import Any

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fakes.gardener import messages_of, read_bytes
from netra_ops.logs.entries import Entry
from netra_ops.logs.reading import Account, Form
from netra_ops.logs.reading.framing.elements import elements_of
from netra_ops.logs.reading.framing.lines import lines_of

PIECES = st.sampled_from(
    [
        b'{"message":"a"}',
        b'{"textPayload":"x","logName":"l","timestamp":"2026-09-15T00:00:00Z","insertId":"i"}',
        b'{"jsonPayload":{"level":30,"msg":"x\\ud800"},"logName":"l","split":{"uid":"u","index":0}}',
        b'{"severity":{},"textPayload":[1],"resource":7,"labels":[],"httpRequest":{"status":"x"}}',
        b"Traceback (most recent call last):",
        b'  File "/app/x.py", line 3, in f',
        b"ValueError: x",
        b"\tat com.shop.Pool.take(Pool.java:40)",
        b"goroutine 1 [running]:",
        b"2025-09-15 00:43:08 ERROR shop.cart: no price",
        b"[",
        b"]",
        b",",
        b"{",
        b"}",
        b'"',
        b"\\",
        b"\0",
        b"\xff\xfe",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"\r\n",
        b"\n",
        b" ",
        b"9" * 50,
    ]
)
SOURCES = st.lists(PIECES | st.binary(max_size=12), max_size=40).map(b"".join)
FORMS = st.sampled_from(Form)


def is_accounted(found: list[Entry], account: Account) -> None:
    """Hold the account against the entries."""
    (source,) = account.sources
    kinds = source.json_records + source.plain_records + source.damaged + source.blank
    assert kinds == source.records
    assert 0 <= source.damaged <= source.records
    numbers = sorted(number for entry in found for number in (entry.number, *entry.others))
    assert len(set(numbers)) == len(numbers)
    assert len(numbers) >= source.records - source.blank
    assert set(numbers) <= set(range(1, source.records + 1))
    for entry in found:
        entry.message.encode()


@given(data=SOURCES, form=FORMS)
def test_each_record_is_accounted_for_once(data: bytes, form: Form) -> None:
    """Every record is an entry, a part of one, or blank, whatever the bytes are."""
    is_accounted(*read_bytes(data, form=form))


@given(data=SOURCES, form=FORMS)
def test_apart_there_is_one_entry_for_each(data: bytes, form: Form) -> None:
    """Without gathering the entries are the records, in their order."""
    found, account = read_bytes(data, form=form, gather=False)

    is_accounted(found, account)
    assert [entry.number for entry in found] == list(range(1, account.records + 1))


@given(data=SOURCES, form=FORMS)
def test_messages_alone_are_those_of_the_entries(data: bytes, form: Form) -> None:
    """The quick way gives the same messages, and counts the same records."""
    found, account = read_bytes(data, form=form, gather=False)
    messages, quick = messages_of(data, form=form)

    assert messages == [entry.message for entry in found]
    for name in ("records", "json_records", "plain_records", "damaged", "blank", "with_nul"):
        assert getattr(quick.sources[0], name) == getattr(account.sources[0], name)


@given(data=SOURCES)
def test_forced_lines_are_all_lines(data: bytes) -> None:
    """As lines there is a record for each line, however long, and its place is exact."""
    if (
        data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff"))
        or b"\0" in data
    ):
        return
    found, _ = read_bytes(data, form=Form.LINES, gather=False)
    lines = data.split(b"\n")
    expected = lines[:-1] if not lines[-1] else lines

    assert [data[one.offset : one.offset + one.length] for one in found] == expected


@given(data=SOURCES, limit=st.integers(1, 40), sizes=st.lists(st.integers(1, 30), min_size=1))
def test_lines_do_not_depend_on_chunks(data: bytes, limit: int, sizes: list[int]) -> None:
    """In whatever pieces bytes come, and however little is kept, lines and places are the same."""
    whole = [one for block in lines_of([data], limit) for one in zip(*block[1:], strict=True)]
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[at : at + size])
        at += size
    cut = [one for block in lines_of(pieces, limit) for one in zip(*block[1:], strict=True)]

    assert cut == whole
    assert all(data[offset:][:length][:limit] == record for offset, length, record in whole)


@given(
    documents=st.lists(
        st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.lists(st.text())),
        min_size=1,
        max_size=20,
    ),
    indent=st.sampled_from([None, 0, 2, 4]),
    size=st.integers(1, 200),
)
def test_elements_are_those_of_the_array(
    documents: list[dict[str, Any]], indent: int | None, size: int
) -> None:
    """However an array is written and cut in pieces, its elements are found."""
    data = json.dumps(documents, indent=indent).encode()
    blocks = elements_of(data[at : at + size] for at in range(0, len(data), size))

    assert [json.loads(record) for block in blocks for record in block.records] == documents


@given(data=SOURCES, size=st.integers(1, 50), limit=st.integers(8, 60))
def test_elements_never_overlap(data: bytes, size: int, limit: int) -> None:
    """Whatever the bytes are, elements follow each other, and between them is punctuation only."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    end = 0
    for block in elements_of(pieces, limit):
        for offset, length, record in zip(block.offsets, block.lengths, block.records, strict=True):
            assert data[end:offset].strip(b" \t\r\n\x0b\x0c,[]") == b""
            assert data[offset : offset + length][: len(record)] == record
            end = offset + length
    assert data[end:].strip(b" \t\r\n\x0b\x0c,[]") == b""


@given(
    data=SOURCES,
    cut=st.integers(0, 60),
    packer=st.sampled_from([gzip.compress, zstandard.compress]),
)
def test_archives_that_break_off_are_told(data: bytes, cut: int, packer: Any) -> None:
    """A truncated archive is never fatal, and never passes for a whole one."""
    packed = packer(data)
    found, account = read_bytes(packed[: max(len(packed) - cut, 5)])

    is_accounted(found, account)
    if 0 < cut <= len(packed) - 5:
        assert account.sources[0].truncated is not None
