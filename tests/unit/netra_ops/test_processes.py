"""Processes: recognised, ended, and never mistaken for another."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.timing import UNIT, eventually_blocking
from netra.clock import SystemClock
from netra_ops.platform.local import processes
from netra_ops.platform.local.record import ProcessMark

Spawn = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start Python code as a child that says `ready` first."""
    children: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(  # noqa: S603 - code of this file
            [sys.executable, "-c", f"import signal, time\n{code}"], stdout=subprocess.PIPE
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


SLEEP = "print('ready', flush=True)\ntime.sleep(600)"
DEAF = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SLEEP}"


def _marked(child: "subprocess.Popen[bytes]") -> ProcessMark:
    mark = processes.mark(child.pid)
    assert mark is not None
    return mark


def test_a_process_is_recognised_while_it_lives(spawn: Spawn) -> None:
    """The same mark is given again, and another process has another."""
    one, two = spawn(SLEEP), spawn(SLEEP)

    assert _marked(one) == _marked(one)
    assert processes.is_alive(_marked(one))
    assert _marked(one) != _marked(two)


def test_a_process_that_is_told_to_end_ends(spawn: Spawn) -> None:
    """SIGTERM is enough for one that listens."""
    child = spawn(SLEEP)

    assert processes.stop(_marked(child), clock=SystemClock(), seconds=10 * UNIT)
    assert child.wait(UNIT) == -signal.SIGTERM


def test_a_deaf_process_is_killed_after_the_time(spawn: Spawn) -> None:
    """What does not end by itself is ended, and that is told."""
    child = spawn(DEAF)

    assert not processes.stop(_marked(child), clock=SystemClock(), seconds=0.1)
    assert child.wait(UNIT) == -signal.SIGKILL


def test_a_reused_number_is_never_signalled(spawn: Spawn) -> None:
    """Another process that got the number of a dead one is left alone."""
    child = spawn(SLEEP)
    former = ProcessMark(child.pid, "another-boot:1")

    assert not processes.is_alive(former)
    assert processes.stop(former, clock=SystemClock(), seconds=0.1)
    assert child.poll() is None


def test_a_zombie_does_not_run(spawn: Spawn) -> None:
    """A child that ended and was not yet waited for counts as ended."""
    child = spawn(SLEEP)
    mark = _marked(child)
    child.kill()

    eventually_blocking(lambda: not processes.is_alive(mark), within=5 * UNIT)
    assert child.returncode is None
    assert processes.mark(child.pid) is None


def test_what_is_not_there_is_not_alive() -> None:
    """No process, no mark."""
    assert processes.mark(2**22 + 1) is None
    assert not processes.is_alive(None)
    assert processes.stop(ProcessMark(2**22 + 1, "x"), clock=SystemClock(), seconds=0.1)


def test_output_goes_to_private_files_that_grow(tmp_path: Path) -> None:
    """A second start of the same revision adds to its log."""
    out, err = tmp_path / "logs" / "a.ndjson", tmp_path / "logs" / "a.stderr.log"

    for _ in range(2):
        child = processes.start("this", {}, directory=tmp_path, stdout=out, stderr=err)
        assert child.wait(30 * UNIT) == 0

    assert out.read_text(encoding="utf-8").count("The Zen of Python") == 2
    assert err.read_bytes() == b""
    assert (out.stat().st_mode & 0o777, out.parent.stat().st_mode & 0o777) == (0o600, 0o700)
