"""Records of every condition: damaged, mis-encoded, cut, repeated, out of order."""

import json
from itertools import islice
from typing import Any

import pytest

from fakes import log_exports
from fakes.gardener import NOW, messages_of, read_bytes
from netra_ops.logs.entries import Entry, Kind, Level
from netra_ops.logs.reading import Form
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.block import LIMIT

ENTRIES = list(islice(log_exports.entries(), 12))


def lines(entries: list[dict[str, Any]]) -> bytes:
    """Write entries as lines."""
    return b"".join(log_exports.line(entry) for entry in entries)


def test_damaged_lines_are_kept_and_told() -> None:
    """Each broken line is an entry with its text, and the first places say which and why."""
    whole = lines(ENTRIES).split(b"\n")
    whole[3] = whole[3][:-20]
    found, account = read_bytes(b"\n".join(whole))
    (source,) = account.sources
    (damaged,) = (entry for entry in found if entry.kind is Kind.DAMAGED)

    assert damaged.number == 4
    assert damaged.message == whole[3].decode()
    assert (source.damaged, source.json_records) == (1, len(ENTRIES) - 1)
    assert [place.number for place in source.places] == [4]
    assert ENTRIES[3]["insertId"] not in source.places[0].why


@pytest.mark.parametrize("indent", [None, 2])
def test_a_damaged_element_ends_where_the_next_begins(indent: int | None) -> None:
    """What is broken within an array costs that element only."""
    texts = [json.dumps(entry, indent=indent) for entry in ENTRIES]
    texts[4] = texts[4].replace(":", ";", 3)
    data = ("[\n" + ",\n".join(texts) + "\n]").encode()
    found, account = read_bytes(data)
    (source,) = account.sources
    (damaged,) = (entry for entry in found if entry.kind is Kind.DAMAGED)

    assert (source.records, source.json_records, source.damaged) == (12, 11, 1)
    assert damaged.message == texts[4]
    assert data[damaged.offset :].startswith(texts[4].encode())


def test_an_array_that_breaks_off_keeps_its_end() -> None:
    """The last element, of which only the beginning is there, is damaged and kept."""
    data = json.dumps(ENTRIES, indent=2).encode()[:-200]
    found, account = read_bytes(data)

    assert account.sources[0].damaged == 1
    assert account.sources[0].records == len(ENTRIES)
    assert any(entry.kind is Kind.DAMAGED and entry.number == 12 for entry in found)


def test_plain_lines_stand_between_json() -> None:
    """What a program prints between its lines of JSON is text, and not damaged."""
    data = b'Starting\n{"message":"a"}\n{not json}\n{"message":\nBye\n'
    found, account = read_bytes(data)
    (source,) = account.sources

    assert [(entry.kind, entry.message) for entry in found] == [
        (Kind.LINE, "Starting"),
        (Kind.JSON, "a"),
        (Kind.LINE, "{not json}"),
        (Kind.DAMAGED, '{"message":'),
        (Kind.LINE, "Bye"),
    ]
    assert (source.json_records, source.plain_records, source.damaged) == (1, 3, 1)


def test_a_form_can_be_forced() -> None:
    """As lines everything is text; as entries whatever is no JSON is damaged."""
    data = b'{"message":"a"}\nplain\n'
    as_lines, _ = read_bytes(data, form=Form.LINES)
    as_entries, account = read_bytes(data, form=Form.LOGENTRY)

    assert [entry.message for entry in as_lines] == ['{"message":"a"}', "plain"]
    assert [entry.kind for entry in as_entries] == [Kind.JSON, Kind.DAMAGED]
    assert account.sources[0].damaged == 1


def test_latin_1_is_read_and_counted() -> None:
    """Bytes that are not UTF-8 are read as what they most likely are, in JSON and in text."""
    found, account = read_bytes(b'{"message":"caf\xe9"}\ncaf\xe9 \x81\n')

    assert [entry.message for entry in found] == ["caf\u00e9", "caf\u00e9 \x81"]
    assert account.sources[0].mis_encoded == 2


def test_nul_bytes_and_lone_surrogates_become_the_unknown() -> None:
    """No message holds what no text can hold."""
    found, account = read_bytes(b'a\0b\n{"message":"c\\ud800d"}\n{"message":"e\0f"}\n')

    assert [entry.message for entry in found] == ["a\ufffdb", "c\ufffdd", "e\ufffdf"]
    assert account.sources[0].with_nul == 2


def test_binary_is_told() -> None:
    """A source that is no text is read by its lines all the same, and said to be none."""
    data = log_exports.seeded(1).randbytes(20_000).replace(b"\n", b"\0\0\0")
    found, account = read_bytes(data + b"\0" * 20_000)

    assert account.sources[0].records == len(found) == 1
    assert not read_bytes(b"text\n")[1].sources[0].looks_binary
    assert read_bytes(b"\x7fELF" + b"\0\1\2" * 2_000)[1].sources[0].looks_binary


@pytest.mark.parametrize("beginning", [b"x", b'{"message":"', b'[{"message":"'])
def test_a_line_of_ten_megabytes_is_kept_by_its_beginning(beginning: bytes) -> None:
    """The beginning is an entry, its whole length is known, and what follows is read."""
    data = beginning + b"y" * 10_000_000 + b'"}\n'
    if beginning.startswith(b"["):
        data = data.rstrip() + b',\n{"message":"after"}]'
    else:
        data += b"after\n"
    found, account = read_bytes(data)
    (source,) = account.sources

    assert [entry.message for entry in found[1:]] == ["after"]
    assert found[0].cut
    assert found[0].message.encode().startswith(beginning.lstrip(b"["))
    assert found[0].length >= 10_000_000
    assert (source.records, source.cut) == (2, 1)


def test_a_line_of_just_the_limit_is_whole() -> None:
    """The limit itself is not beyond it, however chunks fall."""
    data = b"a\n" + b"x" * LIMIT + b"\n" + b"y" * (LIMIT + 1)
    found, account = read_bytes(data, gather=False)

    assert [entry.length for entry in found] == [1, LIMIT, LIMIT + 1]
    assert account.sources[0].cut == 1


def test_copies_are_recognised() -> None:
    """The same id at the same time in the same log is a copy; at another time it is none."""
    other = ENTRIES[0] | {"timestamp": "2026-09-15T00:09:00Z"}
    found, account = read_bytes(lines([*ENTRIES, *ENTRIES[:5], other]))

    assert account.sources[0].duplicates == 5
    assert sum(entry.duplicate for entry in found) == 5


def test_copies_are_recognised_in_bounded_memory() -> None:
    """Beyond what is remembered the oldest are forgotten, and none is taken for a copy."""
    duplicates = Duplicates(1 << 12)

    assert not any(duplicates.seen(str(number), number, "log") for number in range(20_000))
    assert all(duplicates.seen(str(number), number, "log") for number in range(19_000, 20_000))
    assert not duplicates.seen("0", 0, "log")


def test_the_interval_is_that_of_the_entries() -> None:
    """Order plays no part; entries without a time and in the future are counted and left out."""
    late = ENTRIES[0] | {"timestamp": "2099-01-01T00:00:00Z", "insertId": "late"}
    timeless = {"textPayload": "x", "logName": "l"}
    found, account = read_bytes(lines([*ENTRIES[::-1], late, timeless]))
    (source,) = account.sources
    begin = log_exports.START * 1_000_000

    assert account.interval == (begin, begin + 11_000_000)
    assert (source.in_the_future, source.without_time) == (1, 1)
    assert len(found) == len(ENTRIES) + 2
    assert max(entry.time or 0 for entry in found) > NOW


def test_clock_differences_are_summed_by_instance() -> None:
    """How an instance's clock differs from the receiver's is known: least, most and mean."""
    a, b = (dict(entry) for entry in ENTRIES[:2])
    a["labels"] = b["labels"] = {"instanceId": "one"}
    a["receiveTimestamp"] = "2026-09-15T00:00:00.500Z"
    b["receiveTimestamp"] = "2026-09-14T23:59:59.901Z"
    _, account = read_bytes(lines([a, b]))
    clock = account.clocks["one"]

    assert (clock.count, clock.least, clock.most) == (2, -100_000_000, 500_000_000)
    assert clock.mean == 200_000_000


def _text(said: str, number: int, instance: str = "one") -> dict[str, Any]:
    entry = log_exports.envelope(log_exports.seeded(number), number, "stderr", textPayload=said)
    entry["labels"] = {"instanceId": instance}
    entry["insertId"] = f"{number} {instance} {said}"
    return entry


TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/shop/cart.py", line 30, in total',
    "    return prices[key]",
    "KeyError: 'price'",
]


def _messages(found: list[Entry]) -> list[str]:
    return sorted(entry.message for entry in found)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("same_time", [False, True])
def test_a_trace_of_many_entries_is_one(*, newest_first: bool, same_time: bool) -> None:
    """Each instance's lines are joined in their order, whichever way round the export is."""
    entries = [_text("Ready", 0)]
    for number, said in enumerate(TRACE):
        entries += [
            _text(said, 2_000 if same_time else 2_000 + number, instance)
            for instance in ("one", "two")
        ]
    entries.append(_text("Stopped", 4_000))
    found, account = read_bytes(lines(entries[::-1] if newest_first else entries))
    folded = [entry for entry in found if entry.stack is not None]

    assert _messages(found) == ["KeyError: 'price' at total (cart.py)"] * 2 + ["Ready", "Stopped"]
    assert {entry.instance for entry in folded} == {"one", "two"}
    assert {entry.level for entry in folded} == {Level.ERROR}
    assert account.sources[0].folded == 6
    assert sorted(n for entry in found for n in (entry.number, *entry.others)) == [*range(1, 11)]


def test_a_trace_in_plain_lines_belongs_to_the_line_before() -> None:
    """For gardening a trace is told with its line; for clustering each line is its own."""
    data = "\n".join(["2025-09-15 00:43:08 ERROR total failed", *TRACE, "", "Order 17 packed"])
    gathered, account = read_bytes(data.encode())
    apart, _ = read_bytes(data.encode(), gather=False)

    assert [entry.message for entry in gathered] == [
        "total failed KeyError: 'price' at total (cart.py)",
        "Order 17 packed",
    ]
    assert gathered[0].others == (2, 3, 4, 5)
    assert account.sources[0].folded == 4
    assert [entry.number for entry in apart] == [1, 2, 3, 4, 5, 6, 7]
    assert apart[1].message == TRACE[0]


def test_parts_of_a_long_entry_are_joined() -> None:
    """Parts in any order become one entry; without the last they are kept as they are."""
    parts = [
        _text(said, number) | {"split": {"uid": uid, "index": index, "totalSplits": 2}}
        for number, (said, uid, index) in enumerate(
            [("b", "u", 1), ("x", "v", 0), ("a", "u", 0)], 1
        )
    ]
    found, account = read_bytes(lines(parts))
    (source,) = account.sources

    assert _messages(found) == ["ab", "x"]
    assert (source.split, source.folded, source.incomplete_splits) == (3, 1, 1)


def test_blank_lines_are_counted() -> None:
    """They are entries only where there is to be one for each line."""
    data = b"a\n\n  \nb\n"
    gathered, account = read_bytes(data)
    apart, _ = read_bytes(data, gather=False)

    assert [entry.number for entry in gathered] == [1, 4]
    assert [entry.number for entry in apart] == [1, 2, 3, 4]
    assert (account.sources[0].blank, account.sources[0].records) == (2, 4)


@pytest.mark.parametrize(
    "line",
    [
        "2025-09-15 00:43:{:02},123 INFO shop.cart: order {} packed",
        "{:02}0915 004308 {} INFO shop.cart$Packer: order packed",
        "- 11178385{:02} node-7 RAS KERNEL INFO order {} packed",
        "Sep 15 00:43:{:02} web-1 shop[{}]: order packed",
        "order {} of {} packed",
    ],
)
def test_messages_alone_are_without_their_headers(line: str) -> None:
    """Whatever stands before them, they are those of the entries, odd lines between them too."""
    made = [line.format(number % 60, number) for number in range(60)]
    data = "\n".join([*made[:30], "  indented", "", "2025 was good", "INFO: x", *made[30:]])
    found, _ = read_bytes(data.encode(), gather=False)
    messages, account = messages_of(data.encode())

    assert messages == [entry.message for entry in found]
    assert messages[0].startswith("order ")
    assert (account.records, account.sources[0].blank) == (64, 1)
