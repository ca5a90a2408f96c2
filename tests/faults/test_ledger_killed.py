"""A writer of the ledger killed at any moment, and a disk that is full beneath it."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from fakes import ledger_writer
from fakes.ledger_records import proving
from fakes.requirements import require
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra_ops.findings import Failed
from netra_ops.ledger.ledger_file import RECORDS, Ledger

pytestmark = [pytest.mark.live, pytest.mark.long]

KILLS: Final = 60
BETWEEN: Final = 0.03
"""Seconds within which a writer is killed after it acknowledged its first record."""


def test_nothing_acknowledged_is_lost_whenever_a_writer_is_killed(tmp_path: Path) -> None:
    """After each of sixty kills the ledger is whole, in order, and holds what was acknowledged."""
    folder = tmp_path / "ledger"
    chance = random.Random()  # noqa: S311 - when a process dies is no secret
    acknowledged: list[int] = []
    ledger = Ledger(folder, SystemClock())
    for _ in range(KILLS):
        first = 1 + (acknowledged[-1] if acknowledged else -1)
        if ledger.read().entries:
            # A record may have been written whole without its writer living to say so.
            first = int(ledger.read().entries[-1].record.revision[1:]) + 1
        said = _written_until_killed(folder, first, chance.uniform(0, BETWEEN * UNIT))
        acknowledged += said

        reading = ledger.read()
        assert reading.complaint == ""
        held = [int(entry.record.revision[1:]) for entry in reading.entries]
        assert held == list(range(len(held)))
        assert set(acknowledged) <= set(held)
        assert len(held) <= len(acknowledged) + KILLS
        assert reading.entries[-1].record == ledger_writer.record(held[-1])
        if len(held) > 40:
            # Reading stays quick; what is checked does not depend on how much there is.
            shutil.rmtree(folder)
            acknowledged = []


def test_a_torn_line_of_a_killed_writer_is_put_aside_by_the_next(tmp_path: Path) -> None:
    """A writer that dies within its line leaves a trace that the next one tells of and keeps."""
    folder = tmp_path / "ledger"
    _written_until_killed(folder, 0, 0)
    path = folder / RECORDS
    before = Ledger(folder, SystemClock()).read()
    # A death in the middle of a write, at a place where this disk would rarely let it happen.
    with path.open("ab") as file:
        file.truncate(path.stat().st_size - 100)

    first = len(before.entries) - 1
    lines = _said_until_killed(folder, first, 0)

    assert any("did not finish" in line for line in lines)
    assert list(folder.glob("unfinished-after-*"))
    after = Ledger(folder, SystemClock()).read()
    assert after.complaint == ""
    assert [e.seq for e in after.entries] == list(range(1, len(after.entries) + 1))
    assert after.entries[:first] == before.entries[:first]


def test_a_lock_ends_with_the_writer_that_held_it(tmp_path: Path) -> None:
    """The next writer does not wait for a dead one."""
    folder = tmp_path / "ledger"
    _written_until_killed(folder, 0, 0)
    assert (folder / "lock").exists()

    Ledger(folder, SystemClock(), patience=0).append(ledger_writer.record(99))


def test_a_full_disk_is_told_and_tears_nothing(tmp_path: Path) -> None:
    """What does not fit is not acknowledged, leaves nothing behind, and fits once there is room."""
    with _small_disk(tmp_path / "disk") as disk:
        ledger = Ledger(disk / "ledger", SystemClock())
        for record in proving("r1"):
            ledger.append(record)
        path = disk / "ledger" / RECORDS
        ballast = _filled(disk)
        refused = 0
        held = len(ledger.read().entries)
        for number in range(40):
            before = path.read_bytes()
            try:
                ledger.append(ledger_writer.record(number))
                held += 1
            except Failed as error:
                refused += 1
                assert "No space left on device" in str(error)  # noqa: PT017 - some do fit
                assert path.read_bytes() == before
        assert refused
        assert len(Ledger(disk / "ledger", SystemClock()).read().trusted()) == held

        ballast.unlink()
        ledger.append(ledger_writer.record(100))
        assert len(Ledger(disk / "ledger", SystemClock()).read().trusted()) == held + 1


def test_a_ledger_that_cannot_begin_on_a_full_disk_begins_later(tmp_path: Path) -> None:
    """Without a byte for the first record there is no record, and no damage."""
    with _small_disk(tmp_path / "disk") as disk:
        ballast = _filled(disk)
        ledger = Ledger(disk / "ledger", SystemClock())
        with pytest.raises(Failed, match="No space left"):
            ledger.append(ledger_writer.record(1))
        assert ledger.read().trusted() == ()

        ballast.unlink()
        assert ledger.append(ledger_writer.record(1)).seq == 1


def _written_until_killed(folder: Path, first: int, seconds: float) -> list[int]:
    """Let a process write, kill it, and give the numbers it acknowledged."""
    return [int(line) for line in _said_until_killed(folder, first, seconds) if line.isdigit()]


def _said_until_killed(folder: Path, first: int, seconds: float) -> list[str]:
    with subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, ledger_writer.__file__, folder, str(first)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        while not said or not said[-1].isdigit():
            line = process.stdout.readline().rstrip("\n")
            assert line, "it ended before it recorded anything"
            said.append(line)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        rest = process.stdout.read()
    # The last line of a pipe may be torn as well: a number without its end is not said.
    return said + rest.split("\n")[:-1]


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(  # noqa: S603 - a fixed command
        ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    require("tmpfs", mounted.returncode == 0, "only root may mount a disk that is small")
    try:
        yield folder
    finally:
        subprocess.run(["/usr/bin/umount", folder], check=True)  # noqa: S603 - a fixed command


def _filled(disk: Path) -> Path:
    """Fill a disk but for what a few bytes more need, and give the file that does it."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65_536, 512, 1):
            with suppress(OSError):
                while True:
                    file.write(os.urandom(size))
    assert shutil.disk_usage(disk).free == 0
    return ballast
