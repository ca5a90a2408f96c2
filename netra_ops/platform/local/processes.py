"""Processes of this machine: started apart from us, recognised again, ended.

Which processes there should be is decided in `local_services`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from netra.clock import Clock
from netra_ops.platform.local.record import ProcessMark
from netra_ops.platform.local.state_directory import FILE_MODE, made_directory

_POLL_SECONDS: Final = 0.02
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_AFTER_NAME_STATE, _AFTER_NAME_START = 0, 19


def start(
    module: str,
    environment: Mapping[str, str],
    *,
    directory: Path,
    stdout: Path,
    stderr: Path,
    arguments: Sequence[str] = ("--migrate",),
) -> subprocess.Popen[bytes]:
    """Start a module with these arguments and nothing in its environment but what is given.

    It gets a session of its own, so that neither our terminal's Ctrl-C nor our end reaches it.
    """
    made_directory(stdout.parent)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    out = os.open(stdout, flags, FILE_MODE)
    try:
        err = os.open(stderr, flags, FILE_MODE)
        try:
            # The arguments are this interpreter, a module of ours and what our own code gives it.
            # `-P` keeps the working directory out of the import path.
            return subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
                [sys.executable, "-P", "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=directory,
                env={"PATH": os.defpath, "LANG": "C.UTF-8", **environment},
                start_new_session=True,
                umask=0o077,
            )
        finally:
            os.close(err)
    finally:
        os.close(out)


def mark(pid: int) -> ProcessMark | None:
    """Give what tells this process from a later one with its number; None if it is gone."""
    birth = _birth(pid)
    return ProcessMark(pid, birth) if birth else None


def is_alive(process: ProcessMark | None) -> bool:
    """Tell whether that very process still runs; a zombie does not."""
    return process is not None and _birth(process.pid) == process.birth


def stop(process: ProcessMark, *, clock: Clock, seconds: float) -> bool:
    """End that very process: ask, wait, then kill.

    Returns:
        Whether it ended by itself (or had ended before).
    """
    _send(process, signal.SIGTERM)
    if _gone_within(process, clock, seconds):
        return True
    _send(process, signal.SIGKILL)
    _gone_within(process, clock, seconds)
    return False


def _gone_within(process: ProcessMark, clock: Clock, seconds: float) -> bool:
    deadline = clock.monotonic() + seconds
    while is_alive(process):
        if clock.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _send(process: ProcessMark, number: signal.Signals) -> None:
    """Signal that very process: the descriptor pins it before its birth is compared."""
    with suppress(ProcessLookupError):
        try:
            descriptor = os.pidfd_open(process.pid)
        except PermissionError:
            # Some sandboxes forbid the call; a plain signal leaves a gap of microseconds.
            if is_alive(process):
                os.kill(process.pid, number)
            return
        try:
            if is_alive(process):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def _birth(pid: int) -> str | None:
    """Give boot and start time of a process; None for a zombie or none.

    Boot id and ticks since boot do not move when the wall clock is set (proc(5)).
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may itself hold spaces and parentheses.
    fields = status.rpartition(")")[2].split()
    if fields[_AFTER_NAME_STATE] in ("Z", "X"):
        return None
    return f"{_BOOT_ID.read_text(encoding='ascii').strip()}:{fields[_AFTER_NAME_START]}"
