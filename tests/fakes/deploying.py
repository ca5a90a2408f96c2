"""What a deployment works with, in memory, with a ledger on the disk and a clock that is moved."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from fakes.clock import ManualClock
from fakes.fake_platform import FakePlatform, Killed, fake_platform
from netra.contract import Contract
from netra.contract.reference import CONTRACTS
from netra.secret import Secret
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.deploy import events
from netra_ops.deploy.surroundings import Probed, Surroundings
from netra_ops.findings import Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor, Record
from netra_ops.platform.port import Observed, Requests
from netra_ops.validation.golden_path import WalkReport
from netra_ops.validation.step import StepResult, Wanted

T = TypeVar("T")
ACTOR = Actor("ana@example.com", "netra deploy on build-7")
_NAMES = ("revision", "health", "me as user", "revision to the end")


def step(
    name: str,
    verdict: Verdict = Verdict.PASS,
    wanted: Wanted = Wanted.ADMITTED,
    *,
    admitted: bool = False,
) -> StepResult:
    """Say what became of a step."""
    got = f"it was {verdict.value}"
    return StepResult(name, verdict, 1.0, "what is right", got, wanted, admitted)


def good_steps() -> tuple[StepResult, ...]:
    """Give a walk on which everything is right."""
    return (*(step(name) for name in _NAMES), step("no token", wanted=Wanted.REFUSED))


@dataclass
class FakeProber:
    """Says of each revision what a test says; without a word all is well.

    Attributes:
        steps: By revision, what becomes of the steps.
        at_walk: Called with each revision that is walked; may raise.
        walked: The revisions that were walked.
    """

    steps: dict[str, tuple[StepResult, ...]] = field(default_factory=dict)
    at_walk: Callable[[Probed], None] = lambda _probed: None
    walked: list[str] = field(default_factory=list)

    def walk(self, probed: Probed, on_result: Callable[[StepResult], None]) -> WalkReport:
        """Take every step."""
        self.walked.append(probed.revision)
        self.at_walk(probed)
        taken = self.steps.get(probed.revision, good_steps())
        for one in taken:
            on_result(one)
        return WalkReport("http://example", taken, 1.0)


class WatchedLedger(Ledger):
    """A ledger of which a test hears before and after each record."""

    watch: Callable[[str], None] = staticmethod(lambda _when: None)

    def append(self, record: Record) -> Entry:
        """Record it, unless the test has it otherwise."""
        kind = type(record).__name__.lower()
        self.watch(f"before {kind}")
        entry = super().append(record)
        self.watch(f"after {kind}")
        return entry


@dataclass
class Gate:
    """A gate on a fake platform, and everything that was told."""

    folder: Path
    platform: FakePlatform = field(default_factory=fake_platform)
    prober: FakeProber = field(default_factory=FakeProber)
    clock: ManualClock = field(default_factory=ManualClock)
    told: list[events.Event] = field(default_factory=list)
    contracts: tuple[Contract, ...] = tuple(CONTRACTS)
    watch: Callable[[str], None] = lambda _point: None
    key: Secret = field(default_factory=lambda: Secret("k" * 64))

    def surroundings(self) -> Surroundings:
        """Give what a command would work with."""
        ledger = WatchedLedger(self.folder, self.clock)
        ledger.watch = self._at
        self.platform.at_call = self._chained(self.platform.at_call, "call")
        self.platform.after_call = self._chained(self.platform.after_call, "done")
        return Surroundings(
            platform=self.platform,
            prober=self.prober,
            ledger=ledger,
            clock=self.clock,
            contracts=self.contracts,
            fingerprints=Fingerprints(self.key),
            actor=ACTOR,
            tell=self.told.append,
            alone=_alone,
            rollout=_alone,
            pause=self.clock.advance,
            aside=_inline,
            undisturbed=nullcontext,
        )

    def entries(self) -> tuple[Entry, ...]:
        """Read what is recorded."""
        return Ledger(self.folder, self.clock).read().trusted()

    def records(self) -> list[str]:
        """Name the kinds of records, in order."""
        return [type(entry.record).__name__ for entry in self.entries()]

    def recorded_split(self, service: str) -> dict[str, int]:
        """Say who serves by the records."""
        return queries.serving(self.entries()).get(service, {})

    def of(self, kind: type[T]) -> list[T]:
        """Give what was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def _at(self, point: str) -> None:
        self.watch(point)

    def _chained(self, first: Callable[[str], None], what: str) -> Callable[[str], None]:
        def both(name: str) -> None:
            self.watch(f"{what} {name}")
            first(name)

        return both


def people(**by_status: int) -> Observed:
    """Say what people asked: so many of each status, such as `s200=50`, 10 ms each."""
    answered = {int(name[1:]): number for name, number in by_status.items()}
    return Observed(people=Requests(answered, (0.01,) * sum(answered.values())))


def steady(
    seen: Mapping[str, Observed], default: Observed | None = None
) -> Callable[[str, float, float], Mapping[str, Observed]]:
    """Have the same be seen of revisions at any time; of others the default."""

    class _Always(dict[str, Observed]):
        def get(self, key: str, other: Observed | None = None) -> Observed:  # type: ignore[override]
            return super().get(key) or default or other or Observed()

    return lambda _service, _since, _until: _Always(seen)


@dataclass
class DeathAt:
    """Kills the gate at one point, counted from 0; everything after it is dead, too."""

    number: int
    points: list[str] = field(default_factory=list)

    def __call__(self, point: str) -> None:
        """Live, or die."""
        self.points.append(point)
        if len(self.points) > self.number:
            raise Killed(point)


@contextmanager
def _alone(_service: str) -> Iterator[None]:
    yield


def _inline(do: Callable[[], WalkReport]) -> "Future[WalkReport]":
    future: Future[WalkReport] = Future()
    try:
        future.set_result(do())
    except BaseException as error:  # noqa: BLE001 - handed on to whoever asks for the result
        future.set_exception(error)
    return future
