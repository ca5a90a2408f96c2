"""`netra logs follow` as a process of its own, on real files and pipes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.netra_command import stateless_runner
from fakes.timing import UNIT, eventually_blocking
from fakes.webhook import webhook

START = 60 * UNIT
"""A process loads within that, on a machine that does other things too."""
ERROR = "2026-11-29T17:00:05Z ERROR mail to ada@example.com failed: No module named 'quota'\n"


class Followed:
    """A running command, and what it said so far."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        """Give standard output."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """Give standard error."""
        return self._err.read_text()

    def events(self) -> list[dict[str, Any]]:
        """Give the events that were told."""
        return [json.loads(line) for line in self.out.splitlines(keepends=True) if line[-1] == "\n"]

    def begin(self) -> None:
        """Wait until the baseline is read."""
        eventually_blocking(lambda: "Following" in self.err, within=START)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30 * UNIT)


Start = Callable[..., Followed]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """What starts the command; what still runs at the end is killed."""
    running: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def files() -> Iterator[tuple[Any, Any]]:
        with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
            yield out, err

    def run(*arguments: str, stdin: int = subprocess.DEVNULL) -> Followed:
        command = "import sys; from netra_ops.cli.main import main; sys.exit(main())"
        with files() as (out, err):
            process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-c", command, "logs", "follow", *arguments],
                stdin=stdin,
                stdout=out,
                stderr=err,
            )
        running.append(process)
        return Followed(process, tmp_path / "out", tmp_path / "err")

    yield run
    for process in running:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log in a directory of its own."""
    file = tmp_path / "logs" / "app.log"
    file.parent.mkdir()
    file.write_text("2026-11-29T17:00:00Z INFO all is well\n")
    return file


def add(file: Path, text: str) -> None:
    """Add to a file."""
    with file.open("a") as opened:
        opened.write(text)


@pytest.mark.long
def test_a_new_cluster_is_told_within_five_seconds(start: Start, log: Path) -> None:
    """A line of JSON comes soon, with what it is known as and nothing private; Ctrl-C ends it."""
    follow = start(str(log.parent))
    follow.begin()

    begun = time.monotonic()
    add(log, ERROR)
    (event,) = eventually_blocking(follow.events, within=START)

    assert time.monotonic() - begun < 5 * UNIT
    assert event["event"] == "new_cluster"
    assert event["known_failure"]["name"] == event["name"] == "module-missing"
    assert event["example"]["reference"] == f"{log}:2"
    assert "ada" not in follow.out
    assert follow.end(signal.SIGINT) == 0
    assert "1 entries; 1 new clusters, 0 rate jumps" in follow.err


@pytest.mark.long
def test_what_is_told_is_not_followed(start: Start, tmp_path: Path) -> None:
    """Events that are written into a directory that is followed are no lines of a log."""
    follow = start(str(tmp_path), "--text")
    follow.begin()
    (tmp_path / "app.log").write_text(ERROR)
    eventually_blocking(lambda: follow.out, within=START)
    (tmp_path / "second.log").write_text("ERROR disk is full\n")
    eventually_blocking(lambda: "disk-full" in follow.out, within=START)

    assert follow.end() == 0
    assert follow.out.count("\n") == 2
    assert "out: what is told is written there" in follow.err


@pytest.mark.long
def test_a_webhook_that_hangs_delays_nothing(start: Start, log: Path) -> None:
    """Events come on standard output while their receiver hangs; what was not taken is said."""
    with webhook() as receiver:
        receiver.hangs = True
        url = receiver.url.replace("http://", "http://key:hush@")
        follow = start(str(log), "--text", "--alarm", url)
        follow.begin()
        for name in ("payment", "quota", "cache"):
            add(log, f"ERROR the {name} of nobody {name * 2} broke\n")
            begun = time.monotonic()
            eventually_blocking(lambda: f"{name * 2} broke" in follow.out, within=START)  # noqa: B023 - called at once
            assert time.monotonic() - begun < 5 * UNIT

        assert follow.end() == 0
        assert len(receiver.bodies) >= 1
    assert "Alarms: 0 delivered, 3 not." in follow.err
    assert "hush" not in follow.err
    assert follow.out.count("  NEW  ERROR  ") == 3


@pytest.mark.long
def test_a_webhook_is_told_what_is_told(start: Start, log: Path) -> None:
    """The same document is posted."""
    with webhook() as receiver:
        follow = start(str(log), "--alarm", receiver.url, "--from-start", "--level", "info")
        eventually_blocking(lambda: receiver.bodies, within=START)

        assert follow.end() == 0
        assert [json.loads(body) for body in receiver.bodies] == follow.events()
    assert [event["severity"] for event in follow.events()] == ["INFO"]


@pytest.mark.long
def test_a_pipe_that_ends_ends_it(start: Start) -> None:
    """What is piped in is told while the pipe is open; its end is the end, with exit code 0."""
    follow = start("-", stdin=subprocess.PIPE)
    pipe = follow.process.stdin
    assert pipe is not None
    follow.begin()

    pipe.write(ERROR.encode())
    pipe.flush()
    eventually_blocking(follow.events, within=START)
    pipe.write(b"ERROR disk is full")
    pipe.close()

    assert follow.process.wait(30 * UNIT) == 0
    assert [event["name"] for event in follow.events()] == ["module-missing", "disk-full"]


@pytest.mark.long
def test_what_is_gone_for_good_ends_it(start: Start, log: Path) -> None:
    """When all that was named is gone for longer than the patience, the exit code is 3."""
    follow = start(str(log), "--patience", "1")
    follow.begin()

    log.unlink()

    assert follow.process.wait(30 * UNIT) == 3
    assert "Nothing that was named is there any more." in follow.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("missing.log",), "missing.log is not there"),
        (("-", "-"), "Standard input can be read once only"),
        (("{log}", "--alarm", "http://example.com/hush"), "--alarm takes http for this machine"),
        (("{log}", "--memory", "{log}"), "cannot be used"),
        (("{log}", "--patience", "0"), "patience"),
        (("{log}", "--level", "loud"), "loud"),
        (("-",), "Standard input is no pipe and no file"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...],
    says: str,
    log: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot be followed is said, with exit code 2 and no secret."""
    run = stateless_runner(capsys, monkeypatch)

    done = run("logs", "follow", *(one.format(log=log) for one in arguments))

    assert done.code == 2
    assert says in " ".join(done.err.split())
    assert "hush" not in done.err
