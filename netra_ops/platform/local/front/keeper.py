"""The process that keeps HAProxy running: `python -m netra_ops.platform.local.front.keeper`.

It is started in the front's folder. HAProxy is its child, comes back when it ends, is replaced when
it does not answer any more, and is told what was applied last: that is on the disk before anything
is changed live. When this process ends, however it ends, HAProxy ends with it: without its keeper
it would hold the ports unseen, and nobody would bring it back.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from netra.clock import Clock, SystemClock
from netra.telemetry.log_events import configure_logging, event_logger
from netra_ops.platform.local import processes
from netra_ops.platform.local.front import layout, request_file
from netra_ops.platform.local.front.admin import Admin, FrontRefused, FrontSilent
from netra_ops.platform.local.front.model import Applied
from netra_ops.platform.local.record import ProcessMark
from netra_ops.platform.local.state_directory import FILE_MODE, write_whole

MODULE: Final = "netra_ops.platform.local.front.keeper"
APPLIED: Final = "applied.json"
KEPT: Final = "kept.json"
CONFIGURATION: Final = "haproxy.cfg"
COMPLAINTS: Final = "haproxy.stderr.log"
EVENTS: Final = "keeper.ndjson"
LAST_WORDS: Final = "keeper.stderr.log"

_LOCK: Final = "keeper.lock"
_PR_SET_PDEATHSIG: Final = 1
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_TICK_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 3.0
"""Within which HAProxy answers at its socket, also on a machine that is very busy."""
_SOCKET_SECONDS: Final = 10.0
"""How long HAProxy may have no socket at which it could be asked, as when it just began."""
_LONG_LIVED_SECONDS: Final = 10.0
"""Whoever ends after less is taken to end again."""
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0
_MOST_TEXT: Final = 1_048_576
"""Bytes of what HAProxy complains of, and of this process's own events, each."""

_log = event_logger("netra_ops.front.keeper")
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What runs.

    Attributes:
        keeper: The keeper.
        haproxy: The HAProxy it started last.
        ends: How often HAProxy ended since the keeper was started.
    """

    keeper: ProcessMark
    haproxy: ProcessMark | None = None
    ends: int = 0


def pause(ends: int) -> float:
    """Give how many seconds to wait after so many early ends in a row."""
    if ends <= 1:
        return 0.0
    return float(min(_FIRST_PAUSE_SECONDS * 2 ** min(ends - 2, 16), _LONGEST_PAUSE_SECONDS))


def read_kept(folder: Path) -> Kept | None:
    """Read what was written down as running; None if nothing was, or it cannot be read."""
    try:
        return msgspec.json.decode((folder / KEPT).read_bytes(), type=Kept)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def read_applied(folder: Path) -> Applied | None:
    """Read what was applied last; None if nothing was.

    Raises:
        msgspec.DecodeError: The file is damaged.
    """
    try:
        return msgspec.json.decode((folder / APPLIED).read_bytes(), type=Applied)
    except FileNotFoundError:
        return None


class Keeper:
    """One HAProxy, and what is done to keep it.

    Args:
        folder: The front's folder, which this process was started in.
        binary: HAProxy.
        log_bytes: How large the request log grows before it is turned over.
        clock: For pauses.
    """

    def __init__(self, folder: Path, binary: str, log_bytes: int, clock: Clock) -> None:
        self._folder = folder
        self._binary = binary
        self._log_bytes = log_bytes
        self._turn_over_at = log_bytes
        self._clock = clock
        own = processes.mark(os.getpid())
        if own is None:
            raise RuntimeError("A process that runs has a mark.")
        self._kept = Kept(own)
        self._admin = Admin(folder, _ANSWER_SECONDS)
        self._answered = 0.0
        self._early_ends = 0

    def keep(self) -> None:
        """Have HAProxy running until somebody asks this process to end."""
        self._write_down(self._kept)
        try:
            while self._kept_once():
                self._early_ends += 1
                if self._asked_within(pause(self._early_ends)):
                    break
        finally:
            for name in (KEPT, layout.SOCKET):
                (self._folder / name).unlink(missing_ok=True)
        _log.info("front_stopped")

    def _kept_once(self) -> bool:
        """Run HAProxy until it ends; False if that was asked for."""
        began = self._clock.monotonic()
        try:
            asked, code = self._run()
        except (OSError, subprocess.SubprocessError, msgspec.DecodeError, ValueError) as error:
            _log.error("front_not_started", reason=str(error))
            asked, code = False, None
        if asked:
            return False
        if self._clock.monotonic() - began > _LONG_LIVED_SECONDS:
            self._early_ends = 0
        self._write_down(msgspec.structs.replace(self._kept, ends=self._kept.ends + 1))
        _log.error("front_ended", code=code, early_ends=self._early_ends)
        return True

    def _run(self) -> tuple[bool, int]:
        """Start HAProxy with what was applied last, and wait.

        Returns:
            Whether this process was asked to end, and HAProxy's exit code.
        """
        self._keep_texts_small()
        self._write_configuration()
        request_file.prepare(self._folder)
        requests = request_file.opened(self._folder)
        try:
            child = self._start(requests)
            try:
                self._write_down(
                    msgspec.structs.replace(self._kept, haproxy=processes.mark(child.pid))
                )
                _log.info("front_started", pid=child.pid)
                self._answered = self._clock.monotonic()
                asked = self._watched(child, requests)
            finally:
                _end(child)
            return asked, child.returncode
        finally:
            os.close(requests)

    def _write_configuration(self) -> None:
        applied = read_applied(self._folder)
        if applied is None:
            raise ValueError("nothing was ever applied")
        for name, entries in layout.maps(applied).items():
            write_whole(self._folder / name, layout.rendered_map(entries))
        write_whole(self._folder / CONFIGURATION, layout.configuration(applied.state))
        for rest in self._folder.glob(f"{layout.SOCKET}.*"):
            rest.unlink(missing_ok=True)

    def _start(self, requests: int) -> "subprocess.Popen[bytes]":
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        complaints = os.open(self._folder / COMPLAINTS, flags, FILE_MODE)
        parent = os.getpid()
        try:
            return subprocess.Popen(  # noqa: S603 - the program was found by our own code
                [self._binary, "-db", "-f", CONFIGURATION],
                stdin=subprocess.DEVNULL,
                stdout=requests,
                stderr=complaints,
                cwd=self._folder,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                # This process has one thread, so nothing can be locked at the fork.
                preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509
            )
        finally:
            os.close(complaints)

    def _watched(self, child: "subprocess.Popen[bytes]", requests: int) -> bool:
        """Wait until HAProxy ends (False) or somebody asks this process to (True)."""
        while child.poll() is None:
            received = signal.sigtimedwait(_SIGNALS, _TICK_SECONDS)
            if received is not None and received.si_signo != signal.SIGCHLD:
                return True
            if not self._folder.exists():
                # Whoever removes the folder removes the front: nobody could find it any more.
                return True
            self._keep_texts_small()
            if child.poll() is None:
                self._keep_request_log_small(child, requests)
                self._see_that_it_answers(child)
        return False

    def _see_that_it_answers(self, child: "subprocess.Popen[bytes]") -> None:
        """Ask HAProxy how it is, and kill one that hangs; it comes back like any that ended.

        One that ends meanwhile closes its socket, so that nobody waits for its answer.
        """
        began = self._clock.monotonic()
        try:
            self._admin.info()
        except FrontRefused:
            pass  # It says something else than expected, but it does answer.
        except FrontSilent:
            now = self._clock.monotonic()
            hangs = now - began >= _ANSWER_SECONDS or now - self._answered >= _SOCKET_SECONDS
            if hangs and child.poll() is None:
                _log.error("front_silent", pid=child.pid)
                child.kill()
                child.wait()
            return
        self._answered = self._clock.monotonic()

    def _asked_within(self, seconds: float) -> bool:
        """Rest; True if somebody asks this process to end meanwhile."""
        deadline = self._clock.monotonic() + seconds
        while True:
            left = max(deadline - self._clock.monotonic(), 0.0)
            received = signal.sigtimedwait(_SIGNALS, left)
            if received is None:
                return False
            if received.si_signo != signal.SIGCHLD:
                return True

    def _keep_request_log_small(self, child: "subprocess.Popen[bytes]", requests: int) -> None:
        if not request_file.is_larger_than(self._folder, self._turn_over_at):
            return
        try:
            request_file.turn_over(
                self._folder,
                requests,
                hold=lambda: _hold(child),
                release=lambda: child.send_signal(signal.SIGCONT),
            )
            self._turn_over_at = self._log_bytes
            _log.info("request_log_turned_over")
        except OSError as error:
            # A full disk, as a rule: copying all of it every second would not help.
            self._turn_over_at += self._log_bytes
            _log.error("request_log_not_turned_over", reason=str(error))

    def _keep_texts_small(self) -> None:
        for name in (COMPLAINTS, EVENTS):
            with suppress(FileNotFoundError):
                if (self._folder / name).stat().st_size > _MOST_TEXT:
                    os.truncate(self._folder / name, 0)

    def _write_down(self, kept: Kept) -> None:
        self._kept = kept
        write_whole(self._folder / KEPT, msgspec.json.encode(kept).decode() + "\n")


def _hold(child: "subprocess.Popen[bytes]") -> None:
    """Have the child stand still, with all its threads between two system calls."""
    child.send_signal(signal.SIGSTOP)
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Have the child ended when this returns."""
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_with(parent: int) -> None:
    """Run in the child before it becomes HAProxy: have it killed when its parent ends."""
    if _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        os._exit(126)
    # It may have ended before this was said; then nobody would be told.
    if os.getppid() != parent:
        os._exit(126)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def main(arguments: Sequence[str]) -> int:
    """Keep HAProxy in the folder this is started in; one keeper per folder.

    Args:
        arguments: HAProxy's path, and how many bytes the request log grows to.

    Returns:
        0 once it was asked to end, 1 if another keeper keeps this folder.
    """
    binary, log_bytes = arguments
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    configure_logging(service="netra-front", revision="local")
    folder = Path.cwd()
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _log.error("front_is_kept_already")
        return 1
    Keeper(folder, binary, int(log_bytes), SystemClock()).keep()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
