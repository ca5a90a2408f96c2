"""Asked to end, or killed, while traffic moves: it goes back first, and nobody disturbs that."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self

from netra_ops.cli.output import remark
from netra_ops.findings import CouldNotTell
from netra_ops.platform.local.state_directory import StateDirectory, made_directory

CAME_TO_ITS_END: Final = b"."
"""What a command says to its guard before it ends, whatever the end is."""

_GUARD: Final = "netra_ops.cli.deployment.guard"
_LOG: Final = "deploy-guard.log"
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """Somebody asked this command to end."""


class Stopping:
    """While this is entered, the first signal breaks off what goes on, but no putting right.

    A second one changes nothing: it must not strike between the first and the putting right.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._holds = False
        self._was_asked = False

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let no signal break off what is done within."""
        before, self._holds = self._holds, True
        try:
            yield
        finally:
            self._holds = before

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        if self._holds or self._was_asked:
            remark("Traffic is being put right; this ends by itself.")
            return
        self._was_asked = True
        raise Stopped(signal.Signals(number).name)


@contextmanager
def guarded(state: StateDirectory, service: str) -> Iterator[None]:
    """Have a guard beside what is done to the traffic of a service.

    Raises:
        CouldNotTell: It cannot be started; without it nothing is moved.
    """
    log = made_directory(state.root / "logs") / _LOG
    try:
        with log.open("ab", buffering=0) as words:
            # The arguments are this interpreter, a module of ours, and where and what it guards.
            guard = subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
                [sys.executable, "-P", "-m", _GUARD, str(state.root), service],
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=words,
                start_new_session=True,
                umask=0o077,
            )
    except OSError as error:
        raise CouldNotTell(f"The guard of the traffic does not start: {error.strerror}.") from error
    try:
        yield
    finally:
        with suppress(OSError):
            guard.communicate(CAME_TO_ITS_END)
