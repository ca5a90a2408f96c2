"""A writer of the ledger killed at any moment, and a disk that is full beneath it."""

import os
import random
import shutil
import signal
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
DEATHS: Final = 12
LONGEST: Final = 12
"""Records after which a ledger is begun anew."""
BETWEEN: Final = 0.03
"""Seconds within which a writer is killed after it acknowledged its first record."""


def test_nothing_acknowledged_is_lost_whenever_a_writer_is_killed(tmp_path: Path) -> None:
    """After each of sixty kills the ledger is whole, in order, and holds what was acknowledged."""
    folder = tmp_path / "ledger"
    chance = random.Random()  # noqa: S311 - when a process dies is no secret
    acknowledged: list[int] = []
    first = 0
    for _ in range(KILLS):
        said = _written_until_killed(folder, first, chance.uniform(0, BETWEEN * UNIT))
        acknowledged += said

        reading = Ledger(folder, SystemClock()).read()
        assert reading.complaint == ""
        held = [int(entry.record.revision[1:]) for entry in reading.entries]
        assert held == list(range(len(held)))
        assert acknowledged == sorted(set(acknowledged))
        assert set(acknowledged) <= set(held)
        # A record may have been written whole without its writer living to say so.
        assert len(held) <= len(acknowledged) + KILLS
        assert reading.entries[-1].record == ledger_writer.record(held[-1])
        first = held[-1] + 1
        if len(held) > LONGEST:
            # Reading stays quick; what is looked at does not depend on how much there is.
            shutil.rmtree(folder)
            acknowledged, first = [], 0


def test_a_writer_that_dies_within_its_line_takes_nothing_with_it(tmp_path: Path) -> None:
    """At whatever byte it dies, what was acknowledged stays, and the next one tells and goes on."""
    folder = tmp_path / "ledger"
    path = folder / RECORDS
    chance = random.Random()  # noqa: S311 - when a process dies is no secret
    Ledger(folder, SystemClock()).append(ledger_writer.record(0))
    kept = path.read_bytes()
    aside: list[bytes] = []
    for _ in range(DEATHS):
        room = chance.randrange(1, len(kept) - 1)
        said = _run(folder, 1, len(kept) + room)

        torn = path.read_bytes()
        assert len(torn) == len(kept) + room
        assert torn.startswith(kept)
        assert not [line for line in said if line.isdigit()]
        assert len([line for line in said if "did not finish" in line]) == bool(aside)
        reading = Ledger(folder, SystemClock()).read()
        assert len(reading.trusted()) == 1
        assert reading.unfinished == room
        aside.append(torn[len(kept) :])

    told: list[str] = []
    Ledger(folder, SystemClock(), told.append).append(ledger_writer.record(1))

    assert len(told) == 1
    assert sorted(p.read_bytes() for p in folder.glob("unfinished-after-1.*")) == sorted(aside)
    entries = Ledger(folder, SystemClock()).read().trusted()
    assert [e.record for e in entries] == [ledger_writer.record(0), ledger_writer.record(1)]


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


def _run(folder: Path, first: int, longest: int) -> list[str]:
    """Let a process write until the system kills it for the length of its file."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, ledger_writer.__file__, folder, str(first), str(longest)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGXFSZ
    return done.stdout.splitlines()


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
