"""The ledger's file: whole records for readers, one writer at a time, and no guessing."""

import fcntl
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import ManualClock
from fakes.ledger_records import (
    SERVICE,
    deploy,
    finding,
    judged,
    promoted,
    proving,
    traffic,
)
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra_ops.findings import CouldNotTell, Failed, Outcome, Verdict
from netra_ops.gate.decision import Judged, Kind, decide
from netra_ops.gate.waivers import Waiver
from netra_ops.ledger.ledger_file import RECORDS, Ledger
from netra_ops.ledger.records import Actor, Judgement, Promotion, Record, Stage

TORN = "unfinished-after-{}.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a ledger may be."""
    return tmp_path / "ledger"


def ledger(
    folder: Path, say: Callable[[str], None] = lambda _: None, patience: float = 10
) -> Ledger:
    """Give a ledger as a process of its own would have it."""
    return Ledger(folder, SystemClock(), say, patience)


def filled(folder: Path, records: list[Record] | None = None) -> bytes:
    """Record something and give the file."""
    book = ledger(folder)
    for record in records or proving("r1"):
        book.append(record)
    return (folder / RECORDS).read_bytes()


def recorded(folder: Path) -> list[Record]:
    """Give what is recorded."""
    return [entry.record for entry in ledger(folder).read().trusted()]


def test_what_is_recorded_is_read_by_everybody(folder: Path) -> None:
    """Records come back in their order with number and time, to this process and to others."""
    book = Ledger(folder, ManualClock())
    entries = [book.append(record) for record in proving("r1")]

    reading = ledger(folder).read()

    assert reading.entries == tuple(entries) == book.read().entries
    assert [entry.seq for entry in entries] == [1, 2, 3, 4]
    assert {entry.time for entry in entries} == {"2027-01-15T08:00:00.000000Z"}
    assert reading.head == entries[-1].hash
    assert reading.complaint == ""


def test_nothing_recorded_is_an_empty_ledger(folder: Path) -> None:
    """Reading makes nothing."""
    reading = ledger(folder).read()

    assert reading.trusted() == ()
    assert not folder.exists()


def test_the_ledger_is_private(folder: Path) -> None:
    """Folder and files are the owner's alone, also where somebody had loosened them."""
    filled(folder)
    folder.chmod(0o755)
    (folder / RECORDS).chmod(0o644)

    filled(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """Nobody makes another file the ledger."""
    folder.mkdir()
    (folder / RECORDS).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Failed, match="cannot be written"):
        ledger(folder).append(promoted("r1"))
    with pytest.raises(CouldNotTell, match="cannot be read"):
        ledger(folder).read()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", [RECORDS, "lock"])
def test_nobody_waits_for_a_pipe(folder: Path, name: str) -> None:
    """A pipe in the place of a file is refused at once, or does what the file does."""
    written = filled(folder)
    (folder / RECORDS).write_bytes(written[:-1])
    (folder / name).unlink()
    os.mkfifo(folder / name)

    if name == RECORDS:
        with pytest.raises(CouldNotTell, match="no regular file"):
            ledger(folder).read()
        with pytest.raises(Failed, match="no regular file"):
            ledger(folder).append(promoted("r1"))
    else:
        assert ledger(folder).read().unfinished
        ledger(folder).append(promoted("r1"))


def test_what_looks_like_a_secret_is_not_recorded(folder: Path) -> None:
    """A token in a reason or in an outcome is hidden before it is written."""
    token = "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    said = finding(Verdict.FAIL, reason=f"answered {token}", evidence=(token,))
    written = ledger(folder)
    written.append(
        Judgement(
            service=SERVICE,
            revision="r1",
            actor=Actor("ana", f"curl -H 'Authorization: {token}'"),
            reason=f"tried with {token}",
            stage=Stage.PROBES,
            verdict=Verdict.FAIL,
            outcomes=(Outcome(said), Outcome(said, f"waived because {token}")),
        )
    )

    content = (folder / RECORDS).read_bytes()
    assert b"eyJhbGci" not in content
    assert b"tried with" in content
    assert len(recorded(folder)) == 1


def test_a_torn_last_line_is_told_and_kept_aside(folder: Path) -> None:
    """Wherever a writer died in its line, all before it stays, and the next one goes on."""
    whole = filled(folder)
    last = whole.rindex(b"\n", 0, -1) + 1
    path = folder / RECORDS
    for cut in {last + 1, last + 40, len(whole) - 2, len(whole) - 1}:
        path.write_bytes(whole[:cut])
        said: list[str] = []
        reading = ledger(folder).read()
        assert len(reading.trusted()) == 3
        assert reading.unfinished == cut - last

        ledger(folder, said.append).append(promoted("r2"))

        assert recorded(folder) == [*proving("r1")[:3], promoted("r2")]
        aside = folder / TORN.format(3)
        assert aside.read_bytes() == whole[last:cut]
        assert aside.stat().st_mode & 0o777 == 0o600
        (told,) = said
        assert f"{cut - last} bytes after record 3" in told
        assert ledger(folder).read().unfinished == 0
        aside.unlink()


def test_a_torn_line_longer_than_the_next_leaves_nothing_behind(folder: Path) -> None:
    """What was put aside is gone from the ledger, however much it was."""
    whole = filled(folder)
    torn = b'{"hash":"' + b"x" * 10_000
    (folder / RECORDS).write_bytes(whole + torn)

    ledger(folder).append(promoted("r2"))

    reading = ledger(folder).read()
    assert (len(reading.trusted()), reading.unfinished) == (5, 0)
    assert (folder / TORN.format(4)).read_bytes() == torn


def test_torn_lines_do_not_take_each_others_place(folder: Path) -> None:
    """A second one after the same record is kept beside the first."""
    whole = filled(folder)
    for torn in (b"first", b"second"):
        (folder / RECORDS).write_bytes(whole + torn)
        ledger(folder).append(promoted("r2"))

    kept = sorted(path.read_bytes() for path in folder.glob("unfinished-*"))
    assert kept == [b"first", b"second"]


def test_damage_is_told_with_its_place_and_nothing_is_used_beyond_it(folder: Path) -> None:
    """Whichever byte is changed, what stands before its line is kept, and no decision is made."""
    whole = filled(folder)
    lines = whole.splitlines(keepends=True)
    chance = random.Random(7)  # noqa: S311 - which bytes are changed is no secret
    for place in chance.sample(range(len(whole)), 60):
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(7)
        (folder / RECORDS).write_bytes(changed)

        reading = ledger(folder).read()

        number = whole.count(b"\n", 0, place)
        if place == len(whole) - 1:
            assert reading.unfinished  # The end of the last line is gone.
            continue
        assert reading.flaw is not None, place
        assert reading.flaw.is_damage
        assert reading.flaw.line == number + 1
        assert reading.flaw.offset == sum(map(len, lines[:number]))
        assert len(reading.entries) == number
        assert f"{folder / RECORDS}, line {number + 1}" in reading.complaint
        with pytest.raises(CouldNotTell, match="are not used"):
            reading.trusted()
        with pytest.raises(CouldNotTell, match="none is added"):
            ledger(folder).append(promoted("r2"))
        assert (folder / RECORDS).read_bytes() == changed


@pytest.mark.parametrize("what", ["taken out", "doubled", "exchanged", "put in", "emptied"])
def test_lines_out_of_their_order_are_damage(folder: Path, what: str) -> None:
    """A record that is missing, repeated, moved or foreign is noticed."""
    whole = filled(folder)
    foreign = filled(folder.with_name("another"), [promoted("r9"), promoted("r8")])
    lines = whole.splitlines(keepends=True)
    lines[1:3] = {
        "taken out": [lines[2]],
        "doubled": [lines[1], lines[1], lines[2]],
        "exchanged": [lines[2], lines[1]],
        "put in": [lines[1], foreign.splitlines(keepends=True)[1], lines[2]],
        "emptied": [b"\n", lines[2]],
    }[what]
    (folder / RECORDS).write_bytes(b"".join(lines))

    flaw = ledger(folder).read().flaw

    assert flaw is not None
    assert flaw.is_damage
    assert flaw.line in {2, 3}


def test_damage_behind_a_writers_back_stops_it(folder: Path) -> None:
    """A writer that has read the file before sees what happened to it since."""
    book = ledger(folder)
    for record in proving("r1"):
        book.append(record)
    path = folder / RECORDS
    path.write_bytes(path.read_bytes() + b"not a record\n")

    with pytest.raises(CouldNotTell, match="line 5"):
        book.append(promoted("r2"))

    path.write_bytes(b"")
    assert book.append(promoted("r2")).seq == 1


def test_a_ledger_moved_away_makes_room_for_a_new_one(folder: Path) -> None:
    """What the complaint advises works, also for a writer that knew the old file."""
    book = ledger(folder)
    book.append(promoted("r1"))
    (folder / RECORDS).rename(folder / "kept.ndjson")

    assert book.append(promoted("r2")).seq == 1
    assert recorded(folder) == [promoted("r2")]


@pytest.mark.parametrize("in_place", [True, False])
def test_a_ledger_that_was_restored_is_gone_on_with(folder: Path, in_place: bool) -> None:  # noqa: FBT001 - a case
    """A writer that knew another content reads the one that is there, of whatever length."""
    for records in ([promoted("r7")], [promoted("r7"), promoted("r8"), promoted("r9")]):
        other = filled(folder.with_name(f"other-{len(records)}"), list(records))
        book = ledger(folder)
        book.append(promoted("r1"))
        if not in_place:
            # Kept, so that its inode is not given to the file that takes its place.
            (folder / RECORDS).rename(folder / f"kept-{len(records)}")
        (folder / RECORDS).write_bytes(other)
        if in_place and len(records) == 1:
            (folder / RECORDS).write_bytes(other + other[:20])

        book.append(promoted("r2"))

        assert recorded(folder) == [*records, promoted("r2")]
        (folder / RECORDS).unlink()


def test_a_decision_is_recorded_as_it_was_made(folder: Path) -> None:
    """What the gate decided, waived outcomes included, is what the ledger says."""
    waiver = Waiver(
        check="golden_path",
        service=SERVICE,
        reason="known",
        person="ana",
        expires=ManualClock().timestamp() + 60,
    )
    said = (finding(Verdict.FAIL), finding(Verdict.PASS, check="other"))
    decision = decide(
        [Judged(Kind.RULES, 2, said)],
        [waiver],
        service=SERVICE,
        revision="r1",
        now=ManualClock().timestamp(),
    )

    ledger(folder).append(
        Judgement(
            service=decision.service,
            revision=decision.revision,
            actor=Actor("ana", "here"),
            reason="before the deployment",
            stage=Stage.RULES,
            verdict=decision.verdict,
            outcomes=decision.outcomes,
        )
    )

    (record,) = recorded(folder)
    assert isinstance(record, Judgement)
    assert (record.verdict, record.outcomes) == (Verdict.PASS, decision.outcomes)
    assert record.outcomes[0].waived.startswith("waived by ana until")


def test_writers_take_turns_and_readers_see_whole_records(folder: Path) -> None:
    """Many at once write in one order, while every reader sees the beginning of it."""
    writers, each = 6, 15
    stop = threading.Event()
    seen: list[int] = []
    wrong: list[str] = []

    def write(name: str) -> None:
        book = ledger(folder, patience=60 * UNIT)
        for number in range(each):
            book.append(promoted(f"{name}-{number:05}"))

    def look() -> None:
        while not stop.is_set():
            reading = ledger(folder, patience=60 * UNIT).read()
            wrong.extend([reading.complaint] if reading.flaw else [])
            seen.append(len(reading.entries))

    readers = [threading.Thread(target=look) for _ in range(2)]
    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(writers)]
    for thread in (*readers, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()

    assert wrong == []
    assert max(seen) <= writers * each
    revisions = [record.revision for record in recorded(folder)]
    for n in range(writers):
        own = [name for name in revisions if name.startswith(f"w{n}-")]
        assert own == [f"w{n}-{number:05}" for number in range(each)]


def test_a_writer_waits_only_so_long(folder: Path) -> None:
    """Where another one hangs, it says so and records nothing; reading goes on."""
    whole = filled(folder)
    with _locked(folder):
        with pytest.raises(CouldNotTell, match="has been in use"):
            ledger(folder, patience=0).append(promoted("r2"))
        assert len(ledger(folder, patience=0).read().entries) == 4

    assert (folder / RECORDS).read_bytes() == whole


def test_a_line_that_is_being_written_is_not_there_yet(folder: Path) -> None:
    """A reader waits for the writer, and says that it cannot tell if that takes too long."""
    whole = filled(folder)
    (folder / RECORDS).write_bytes(whole + b'{"hash":"')
    with _locked(folder), pytest.raises(CouldNotTell, match="has been in use"):
        ledger(folder, patience=0).read()

    assert len(ledger(folder).read().entries) == 4


def test_what_is_acknowledged_is_on_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record, the file's name and the folder's are handed to the disk before the answer."""
    synced: list[str] = []
    real = os.fsync

    def noticed(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        real(file)

    monkeypatch.setattr(os, "fsync", noticed)
    book = ledger(folder)
    book.append(promoted("r1"))
    first, synced[:] = list(synced), []
    book.append(promoted("r2"))

    second, synced[:] = list(synced), []
    (folder / RECORDS).rename(folder / "kept.ndjson")
    book.append(promoted("r3"))

    assert first == synced == [RECORDS, "ledger", folder.parent.name]
    assert second == [RECORDS]


@pytest.mark.parametrize("call", ["pwrite", "fsync"])
def test_what_cannot_be_written_leaves_no_trace(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A disk that fails in the middle of a line, or at its end, leaves the records before it."""
    whole = filled(folder)
    real_write = os.pwrite
    asked: list[int] = []

    def half(file: int, content: bytes, offset: int) -> int:
        asked.append(offset)
        if len(asked) > 1:
            raise OSError(28, "No space left on device")
        return real_write(file, content[: len(content) // 2], offset)

    def broken(_: int) -> None:
        asked.append(0)
        if len(asked) == 1:
            raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, half if call == "pwrite" else broken)
        with pytest.raises(Failed, match="Nothing was recorded"):
            ledger(folder).append(promoted("r2"))

    assert (folder / RECORDS).read_bytes() == whole
    assert ledger(folder).append(promoted("r2")).seq == 5


def test_a_record_too_large_is_refused_before_anything_is_written(folder: Path) -> None:
    """What is recorded can be read again."""
    whole = filled(folder)
    outcomes = tuple(Outcome(finding(Verdict.PASS, reason=f"{n} {'x' * 3000}")) for n in range(400))
    large = Judgement(
        service=SERVICE,
        revision="r1",
        actor=Actor("ana", "here"),
        reason="why",
        stage=Stage.PROBES,
        verdict=Verdict.PASS,
        outcomes=outcomes,
    )

    with pytest.raises(ValueError, match="larger than"):
        ledger(folder).append(large)

    assert (folder / RECORDS).read_bytes() == whole


def test_a_clock_that_goes_back_does_not_change_the_order(folder: Path) -> None:
    """Numbers say what came first; times are what the clock said."""
    clock = ManualClock()
    book = Ledger(folder, clock)
    book.append(traffic(r1=100))
    clock.jump(-3600)
    book.append(Promotion(**_common()))

    reading = book.read()

    assert [entry.seq for entry in reading.entries] == [1, 2]
    assert reading.entries[0].time > reading.entries[1].time


def test_a_line_holds_no_line(folder: Path) -> None:
    """Line ends in a reason cannot forge a record."""
    forged = 'why\n{"hash":"' + "0" * 64 + '",'
    book = ledger(folder)
    book.append(Promotion(**(_common() | {"reason": forged})))
    book.append(deploy("r2"))
    book.append(judged("r2"))

    assert (folder / RECORDS).read_bytes().count(b"\n") == 3
    assert recorded(folder)[0].reason == forged


def _common() -> dict[str, Any]:
    return {
        "service": SERVICE,
        "revision": "r1",
        "actor": Actor("ana", "here"),
        "reason": "why",
        "rollout": "rol_1",
    }


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock as a writer that hangs."""
    file = os.open(folder / "lock", os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
