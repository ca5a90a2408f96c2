"""Having the worker look: its time, one at a time, its faults, on each kind of loop."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import pytest
import uvloop

from fakes.clock import ManualClock
from fakes.log_lines import LogLines, log_lines
from fakes.own_records import FakeRecords
from fakes.timing import UNIT, eventually
from netra.agent_api import Surroundings, ToolContext, ToolFailed
from netra.principal import UserPrincipal
from netra_ops.operator_agent.looking import Looking

OLGA: Final = UserPrincipal(
    "usr_olga", "ses_olga", "netra-chat", frozenset(), frozenset(), "tok_olga", 2e9
)
CONTEXT: Final = ToolContext(OLGA, frozenset(), "thr_1", FakeRecords(), ManualClock())
SAYS: Final = """import sys; sys.stdin.read(); print('{"result": {"seen": 1}}')"""
FALLS: Final = "raise ValueError('a line with secrets')"
SLEEPS: Final = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""
WITHOUT_YAML: Final = """
import runpy, sys
sys.modules["yaml"] = None
runpy.run_module("netra_ops.operator_agent.worker", run_name="__main__")
"""


def looking(code: str, *arguments: str, seconds: float = 60 * UNIT) -> Looking:
    """Give what runs some code as its worker."""
    command = (sys.executable, "-P", "-c", code, *arguments)
    return Looking(Surroundings(bundle="/nowhere"), seconds, command)


def runs(pid: str) -> bool:
    """Tell whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_looks_on_the_services_loop() -> None:
    """The loop that serves the chat starts the worker and gives what it found."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(looking(SAYS).found("serving", CONTEXT)) == {"seen": 1}


async def test_what_takes_too_long_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    """After its time the worker and its children are gone, and the person is told what to do."""
    note = tmp_path / "pids"
    slow = looking(SLEEPS, str(note), seconds=2 * UNIT)

    with pytest.raises(ToolFailed, match=r"longer than .* Ask for a shorter time"):
        await slow.found("logs", CONTEXT)

    pids = note.read_text().split()
    await eventually(lambda: not any(map(runs, pids)), within=10 * UNIT)


async def test_a_look_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    """A run that is stopped stops the worker too, and the next question is looked into."""
    note = tmp_path / "pids"
    slow = looking(SLEEPS, str(note))
    task = asyncio.create_task(slow.found("logs", CONTEXT))
    pids = await eventually(lambda: note.exists() and note.read_text().split(), within=20 * UNIT)

    with pytest.raises(ToolFailed, match="just being looked into"):
        await slow.found("logs", CONTEXT)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await eventually(lambda: not any(map(runs, pids or [])), within=10 * UNIT)
    slow.command = looking(SAYS).command
    assert await slow.found("logs", CONTEXT) == {"seen": 1}


async def test_a_worker_that_falls_is_told_by_its_kind_alone() -> None:
    """Neither the person nor the log sees what an error quotes of what was read."""
    lines: LogLines
    with log_lines() as lines, pytest.raises(ToolFailed, match="a fault of ours"):
        await looking(FALLS).found("logs", CONTEXT)

    (told,) = [line for line in lines.all() if line["event"] == "operations_work_failed"]
    assert (told["error_type"], told["exit_code"]) == ("ValueError", 1)
    assert "secrets" not in lines.text


async def test_a_toolkit_that_is_not_installed_is_named() -> None:
    """Where the extra is missing the answer says which package, and how to install it."""
    with pytest.raises(ToolFailed, match=r"yaml is missing\. Install the extra `ops`"):
        await looking(WITHOUT_YAML).found("logs", CONTEXT)


async def test_the_worker_finds_nothing_of_the_services_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the service was told, its secrets too, is not handed on."""
    monkeypatch.setenv("SERVICE_SECRET", "of the service")
    names = "import json, os; print(json.dumps({'result': dict.fromkeys(os.environ)}))"
    found = await looking(names).found("logs", CONTEXT)

    assert found.keys() - {"LC_CTYPE"} == {"PATH", "LANG", "PYTHONPATH"}
    assert "SERVICE_SECRET" in os.environ
