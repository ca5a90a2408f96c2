"""A log that a test writes and `Watch` watches, by a clock that the test moves."""

from collections.abc import Sequence

from fakes.clock import ManualClock
from netra_ops.gardener.following.watch.events import Event
from netra_ops.gardener.following.watch.kinds import Bounds, Kinds
from netra_ops.gardener.following.watch.watching import Arrived, Watch
from netra_ops.gardener.memory import Memory
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.logs.entries import Entry, Kind, Level
from netra_ops.logs.entries.texts import read_line

TICK = 0.2


class WatchedLog:
    """A log, and what was told of it.

    Attributes:
        told: All events so far.
    """

    def __init__(
        self,
        before: Sequence[str] = (),
        level: Level = Level.WARNING,
        memory: Memory | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.told: list[Event] = []
        self._number = 0
        self.kinds = Kinds(Granularity.NORMAL, memory or Memory("normal"), bounds)
        self.watch = Watch(self.kinds, level, self.clock.monotonic(), self.clock.timestamp())
        self.watch.learn(Arrived("app.log", self.entries(*before)))
        self.watch.begin(self.clock.monotonic())

    def entries(self, *lines: str) -> list[Entry]:
        """Give lines as entries."""
        found = []
        for line in lines:
            self._number += 1
            entry = Entry(
                number=self._number, source=0, offset=0, length=len(line), kind=Kind.LINE,
                message="",
            )  # fmt: skip
            read_line(entry, line, 0)
            found.append(entry)
        return found

    def write(self, *lines: str) -> None:
        """Have lines arrive together."""
        self.arrive(*self.entries(*lines))

    def arrive(self, *entries: Entry) -> None:
        """Have entries arrive together."""
        self.watch.take(Arrived("app.log", entries), self.clock.monotonic())
        self.look()

    def look(self, *, is_last: bool = False) -> None:
        """Have the watch say what happened."""
        now, at = self.clock.monotonic(), self.clock.timestamp()
        self.told += self.watch.tick(now, at, is_last=is_last)

    def wait(self, seconds: float) -> None:
        """Let time go by, in the steps in which files are looked at."""
        for _ in range(round(seconds / TICK)):
            self.clock.advance(TICK)
            self.look()

    def of(self, kind: str) -> list[Event]:
        """Give the events of one kind."""
        return [event for event in self.told if event.event == kind]
