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
