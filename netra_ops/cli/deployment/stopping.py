"""Being asked to end while traffic moves: it goes back first, and nobody disturbs that."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

from netra_ops.cli.output import remark

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """Somebody asked this command to end."""


class Stopping:
    """While this is entered, a signal breaks off what goes on, unless that is putting right."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._holds = False

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
        if self._holds:
            remark("Traffic is being put right; this ends by itself.")
            return
        raise Stopped(signal.Signals(number).name)
