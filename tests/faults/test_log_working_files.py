"""The working files of `--engine duckdb`: gone afterwards, whatever ended the command."""

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes import incident_log
from fakes.netra_command import Run, stateless_runner
from fakes.odd_logs import in_halves
from fakes.requirements import require
from fakes.timing import UNIT, eventually_blocking
from netra_ops.findings import CouldNotTell
from netra_ops.gardener.on_disk.rows import LinesOnDisk
from netra_ops.gardener.on_disk.store import Store
from netra_ops.gardener.on_disk.working_folder import working_folder

Begin = Callable[[], subprocess.Popen[bytes]]
_HEARING = (
    sys.executable,
    "-c",
    (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    ),
)
"""Starts a program that hears SIGINT and SIGHUP also where tests run in the background, or under
`nohup`, which ignore them."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """What runs a command."""
    return stateless_runner(capsys, monkeypatch)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """What starts a gardening that waits in the midst of a log, with its files made."""
    running: list[subprocess.Popen[bytes]] = []

    def started() -> subprocess.Popen[bytes]:
        before = len(folders(tmp_path))
        netra = str(Path(sys.executable).with_name("netra"))
        where = ["--working-directory", str(tmp_path), "--tracker", str(tmp_path / "none")]
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*_HEARING, netra, "logs", "garden", "-", "--engine", "duckdb", *where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        running.append(process)
        assert process.stdin is not None
        process.stdin.write(in_halves(incident_log.as_ndjson(incident_log.incident()).encode())[1])
        process.stdin.flush()
        eventually_blocking(
            lambda: [one for one in folders(tmp_path) if (one / "entries.duckdb").exists()][
                before:
            ],
            within=30 * UNIT,
        )
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate()


def folders(place: Path) -> list[Path]:
    """Give the working folders that are there."""
    return sorted(place.glob("netra-logs-*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_no_files(begin: Begin, tmp_path: Path, number: signal.Signals) -> None:
    """A command that is asked to end in the midst of its work ends, and its files go."""
    process = begin()

    process.send_signal(number)
    out, err = process.communicate(timeout=30 * UNIT)

    assert process.returncode == 128 + number
    assert (out, b"Traceback" in err) == (b"", False)
    assert folders(tmp_path) == []


def test_what_a_killed_run_left_goes_with_the_next(begin: Begin, run: Run, tmp_path: Path) -> None:
    """Files of a run that was killed are removed by the next one, and a running one's are not."""
    killed, going_on = begin(), begin()
    killed.kill()
    killed.communicate()
    assert len(folders(tmp_path)) == 2
    log = tmp_path / "log"
    log.write_text("one line\n")

    done = run(
        "logs", "cluster", str(log), "--engine", "duckdb", "--working-directory", str(tmp_path)
    )

    assert done.code == 0
    assert len(folders(tmp_path)) == 1
    going_on.communicate(timeout=60 * UNIT)
    assert going_on.returncode == 0
    assert folders(tmp_path) == []


def test_nobody_elses_files_are_touched(tmp_path: Path) -> None:
    """A link, a folder without a lock and a file of such a name stay as they are."""
    there = tmp_path / "there"
    there.mkdir()
    (there / "held").touch()
    (tmp_path / "netra-logs-link").symlink_to(there)
    (tmp_path / "netra-logs-new").mkdir()
    (tmp_path / "netra-logs-file").touch()
    before = sorted(tmp_path.rglob("*"))

    with working_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700

    assert sorted(tmp_path.rglob("*")) == before


def keep_many(place: Path) -> None:
    """Keep three million lines in a place, of shapes that cannot be packed."""
    made = random.Random(1)  # noqa: S311 - no secrets
    with working_folder(place) as folder, Store(folder, 64 << 20) as store:
        lines = LinesOnDisk(store, 10_000)
        for _ in range(300):
            lines.add([made.getrandbits(30) for _ in range(10_000)])


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """What finds no space for its files could not tell, and says how to give it some."""
    mounted = subprocess.run(  # noqa: S603 - our own folder
        ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path],
        capture_output=True,
        check=False,
    )
    require("tmpfs", mounted.returncode == 0, "only root may mount a disk that is small")
    try:
        with pytest.raises(CouldNotTell, match="--working-directory"):
            keep_many(tmp_path)
        assert folders(tmp_path) == []
    finally:
        subprocess.run(["/usr/bin/umount", tmp_path], check=True)  # noqa: S603 - our own folder


def test_too_little_memory_is_told(tmp_path: Path) -> None:
    """What DuckDB cannot do in the memory it has ends it with what to give it."""
    with (
        pytest.raises(CouldNotTell, match="--memory-limit"),
        Store(tmp_path, 1 << 20) as store,
    ):
        store.fill("line", {"shape": "INTEGER"}, ((number,) for number in range(100_000)))


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """A store whose folder somebody removed says that its files could not be written."""
    folder = tmp_path / "gone"
    folder.mkdir()
    with Store(folder, 64 << 20) as store:
        shutil.rmtree(folder)
        with pytest.raises(CouldNotTell, match="could not be written"):
            store.fill("line", {"shape": "INTEGER"}, [(1,)])
