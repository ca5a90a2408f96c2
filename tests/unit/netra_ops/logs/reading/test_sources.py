"""Files, directories, standard input; compressed and encoded in whatever way."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest
import zstandard

from fakes import log_exports
from fakes.gardener import read_all, read_bytes

ENTRIES = list(islice(log_exports.entries(), 200))
NDJSON = b"".join(log_exports.line(entry) for entry in ENTRIES)
ARRAY = json.dumps(ENTRIES, indent=2).encode()
EXPECTED = [entry.message for entry in read_bytes(NDJSON)[0]]


@pytest.mark.parametrize(
    ("data", "form", "compression"),
    [
        (NDJSON, "lines", None),
        (ARRAY, "elements", None),
        (json.dumps(ENTRIES).encode(), "elements", None),
        (b"".join(json.dumps(one, indent=4).encode() + b"\n" for one in ENTRIES), "elements", None),
        (json.dumps(ENTRIES[:9], indent=2).encode() + b"\n" + json.dumps(ENTRIES[9:]).encode(),
         "elements", None),
        (gzip.compress(NDJSON), "lines", "gzip"),
        (gzip.compress(NDJSON[:5_000]) + gzip.compress(NDJSON[5_000:]), "lines", "gzip"),
        (gzip.compress(ARRAY) + b"\0" * 512, "elements", "gzip"),
        (zstandard.compress(NDJSON), "lines", "zstd"),
        (zstandard.compress(ARRAY[:999]) + zstandard.compress(ARRAY[999:]), "elements", "zstd"),
        (b"\xef\xbb\xbf" + NDJSON, "lines", None),
        (b"\xff\xfe" + NDJSON.decode().encode("utf-16-le"), "lines", None),
        (b"\xfe\xff" + ARRAY.decode().encode("utf-16-be"), "elements", None),
        (ARRAY.decode().encode("utf-16-le"), "elements", None),
        (NDJSON.replace(b"\n", b"\r\n"), "lines", None),
    ],
)  # fmt: skip
def test_the_same_entries_come_from_every_form(
    data: bytes, form: str, compression: str | None
) -> None:
    """Array or lines, packed or encoded in whatever way: the content tells, and nothing is lost."""
    found, account = read_bytes(data)
    (source,) = account.sources

    assert sorted(entry.message for entry in found) == sorted(EXPECTED)
    assert (source.form, source.compression) == (form, compression)
    assert source.json_records == source.records == len(ENTRIES)
    assert source.bytes_read == len(data)
    assert source.is_whole


@pytest.mark.parametrize("size", [1, 3, 64, 1_000])
def test_elements_are_found_wherever_chunks_end(size: int) -> None:
    """An array that comes in pieces of any size gives the same elements."""
    from netra_ops.logs.reading.framing.elements import elements_of  # noqa: PLC0415

    data = json.dumps(ENTRIES[:20], indent=2).encode()
    blocks = elements_of(data[at : at + size] for at in range(0, len(data), size))
    found = [
        (offset, length, record)
        for block in blocks
        for offset, length, record in zip(block.offsets, block.lengths, block.records, strict=True)
    ]

    assert [json.loads(record) for _, _, record in found] == ENTRIES[:20]
    assert all(data[offset : offset + length] == record for offset, length, record in found)


def test_every_entry_can_be_read_again_where_it_stands() -> None:
    """Offset and length of an entry are those of its record in the text."""
    for data in (NDJSON, ARRAY):
        for entry in read_bytes(data, gather=False)[0]:
            record = json.loads(data[entry.offset : entry.offset + entry.length])
            assert record["insertId"] == entry.insert_id
            assert record == ENTRIES[entry.number - 1]


@pytest.mark.parametrize("packed", [gzip.compress(NDJSON), zstandard.compress(NDJSON)])
def test_what_breaks_off_is_kept_up_to_there(packed: bytes) -> None:
    """A truncated archive gives what came before, and the account says that it breaks off."""
    found, account = read_bytes(packed[: len(packed) * 3 // 4])
    (source,) = account.sources

    assert source.truncated is not None
    assert "breaks off" in source.truncated
    assert not source.is_whole
    assert source.records == len(found)
    assert found[0].message == EXPECTED[0]


@pytest.mark.parametrize("packed", [gzip.compress(NDJSON), zstandard.compress(NDJSON)])
def test_a_damaged_archive_ends_without_an_error(packed: bytes) -> None:
    """Bytes that cannot be unpacked end the source, and the account says so."""
    hurt = bytearray(packed)
    hurt[len(hurt) // 2 :] = log_exports.seeded(3).randbytes(len(hurt) - len(hurt) // 2)
    _, account = read_bytes(bytes(hurt))

    assert account.sources[0].truncated is not None


def test_a_directory_is_all_its_files(tmp_path: Path) -> None:
    """Files come by name, those of folders too; hidden ones and repeated ones are told."""
    (tmp_path / "b.log").write_bytes(b"second\n")
    (tmp_path / "a.log").write_bytes(b"first\n")
    (tmp_path / ".hidden").write_bytes(b"never\n")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "d").write_bytes(gzip.compress(b"third\n"))
    found, account = read_all(tmp_path, tmp_path / "a.log")

    assert [entry.message for entry in found] == ["first", "second", "third"]
    assert [entry.source for entry in found] == [0, 1, 2]
    assert [(Path(one.name).name, one.why) for one in account.skipped] == [
        (".hidden", "hidden"),
        ("a.log", "named before"),
    ]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """A missing file is a source that failed; the others are read."""
    (tmp_path / "a").write_bytes(b"here\n")
    found, account = read_all(tmp_path / "none", tmp_path / "a")

    assert [entry.message for entry in found] == ["here"]
    assert account.sources[0].failure == "cannot be opened: No such file or directory"
    assert not account.is_whole


def test_nothing_is_nothing() -> None:
    """Empty input has no entries, no interval and no fault."""
    found, account = read_bytes(b"")

    assert (found, account.records, account.interval) == ([], 0, None)
    assert account.is_whole
