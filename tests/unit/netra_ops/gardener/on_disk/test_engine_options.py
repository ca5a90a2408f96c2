"""How an engine is chosen, and what it keeps on the disk."""

import signal
from io import BytesIO
from pathlib import Path

import pytest

from fakes import incident_log
from fakes.gardener import NOW
from fakes.netra_command import Run, stateless_runner
from netra_ops.cli.logs.engines.options import EngineName, bytes_of, engine_of
from netra_ops.gardener.engine import Engine, MemoryEngine
from netra_ops.gardener.facts.clusters import Facts
from netra_ops.gardener.gathering import Wanted, gathered
from netra_ops.gardener.on_disk.engine import DiskEngine
from netra_ops.gardener.on_disk.store import Store
from netra_ops.logs.reading import Reading


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """What runs a command."""
    return stateless_runner(capsys, monkeypatch)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file with an incident."""
    file = tmp_path / "log"
    file.write_text(incident_log.as_ndjson(incident_log.incident()))
    return file


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--memory-limit", "1GB"], "are for --engine duckdb"),
        (["--working-directory", "."], "are for --engine duckdb"),
        (["--engine", "duckdb", "--memory-limit", "much"], "much is no size"),
        (["--engine", "duckdb", "--memory-limit", "10MB"], "needs 64MiB at least"),
        (["--engine", "duckdb", "--working-directory", "/nowhere"], "No such file or directory"),
        (["--engine", "duckdb", "--working-directory", "/dev/null"], "Not a directory"),
    ],
)
@pytest.mark.parametrize("command", ["cluster", "garden"])
def test_what_does_not_fit_is_a_wrong_usage(
    run: Run, log: Path, command: str, words: list[str], says: str
) -> None:
    """It is told before anything is read, and nothing is written."""
    done = run("logs", command, str(log), *words)

    assert (done.code, done.out) == (2, "")
    assert says in done.err


@pytest.mark.parametrize(
    ("text", "size"), [("64MiB", 1 << 26), ("2GB", 2 * 10**9), ("1gib", 1 << 30), ("100mb", 10**8)]
)
def test_sizes(text: str, size: int) -> None:
    """Sizes are in thousands or in powers of two, as they say."""
    assert bytes_of(text) == size


def test_what_outlives_its_terminal_goes_on(tmp_path: Path) -> None:
    """A hang-up that is ignored, as with nohup, stays ignored; signals are as before afterwards."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ending = signal.getsignal(signal.SIGTERM)
    try:
        with engine_of(EngineName.DUCKDB, tmp_path, "64MiB"):
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) != ending
        assert signal.getsignal(signal.SIGTERM) == ending
    finally:
        signal.signal(signal.SIGHUP, before)
    assert not list(tmp_path.iterdir())


def known(log: Path, engine: Engine) -> Facts:
    """Give what is known of a log."""
    wanted = Wanted(inputs=(str(log),), reading=Reading(now=NOW))
    return gathered(wanted, BytesIO(), lambda _: None, engine).facts


def test_the_files_hold_numbers_only(log: Path, tmp_path: Path) -> None:
    """Whatever a log says, its texts are not in the working files."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with Store(folder, 64 << 20) as store:
        known(log, DiskEngine(store, 100))
        held = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())

    assert len(held) > 10_000
    for said in (incident_log.PERSON, incident_log.TOKEN, incident_log.MISSING, incident_log.BAD):
        assert said.encode() not in held


def test_a_change_at_the_edge_of_a_span(tmp_path: Path) -> None:
    """The moment since which something is more frequent is the same, also at a span's edge."""
    seconds = [0.0, *(30 + part / 10 for part in range(300)), 60.0]
    log = tmp_path / "log"
    log.write_text(
        incident_log.as_ndjson(
            incident_log.entry(at, severity="ERROR", textPayload="broke") for at in seconds
        )
    )
    with Store(tmp_path, 64 << 20) as store:
        on_disk = known(log, DiskEngine(store, 50))

    assert on_disk == known(log, MemoryEngine())
    (one,) = on_disk.clusters
    assert one.first is not None
    assert one.changed == one.first + 30_000_000_000


def test_what_comes_at_one_moment_keeps_its_order(tmp_path: Path) -> None:
    """Of entries of one time the one that was read first comes first, in what follows what."""
    log = tmp_path / "log"
    log.write_text(
        incident_log.as_ndjson(
            incident_log.entry(at, severity="ERROR", textPayload=text, insertId=f"{text}{at}")
            for at in (1.0, 10.0, 20.0)
            for text in ("the cause", "an echo of it")
        )
    )
    with Store(tmp_path, 64 << 20) as store:
        on_disk = known(log, DiskEngine(store, 1))

    assert on_disk == known(log, MemoryEngine())
    (followed,) = on_disk.order.followings
    assert on_disk.clusters[followed.first].template == "the cause"
