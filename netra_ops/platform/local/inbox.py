"""What happens to a command that watches over services: a signal to it, the end of a service.

Both arrive in one queue, so that neither can strike between two steps that belong together.
"""

import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final, TypeAlias

_ASKING_TO_STOP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Somebody wants this command to end."""

    by: signal.Signals


@dataclass(frozen=True, slots=True)
class ServiceEnded:
    """A process of a revision that this command started is no more.

    Attributes:
        revision: Of which revision.
        code: How it ended, as `subprocess` gives it.
        pid: Which of its processes: a revision may have been started again since.
    """

    revision: str
    code: int
    pid: int


Event: TypeAlias = StopAsked | ServiceEnded


class Inbox:
    """Events in the order they came."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def next(self, seconds: float | None = None) -> Event | None:
        """Give the next event, waiting for it; None if none came in time."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None

    def watch(self, revision: str, process: subprocess.Popen[bytes]) -> None:
        """Tell when this child ends, and take its exit code so that no zombie stays."""
        threading.Thread(
            target=lambda: self._events.put(ServiceEnded(revision, process.wait(), process.pid)),
            name=f"watch-{revision}",
            daemon=True,
        ).start()

    @contextmanager
    def taking_signals(self) -> Iterator[None]:
        """Have signals that ask to stop arrive here instead of striking."""
        before = {number: signal.signal(number, self._take) for number in _ASKING_TO_STOP}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        # SimpleQueue.put is reentrant, so a signal may arrive while another is being put.
        self._events.put(StopAsked(signal.Signals(number)))
