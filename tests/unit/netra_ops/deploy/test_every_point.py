"""A deployment that dies or is failed at every point there is: nobody is left in between."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from fakes.configurations import BACKEND
from fakes.deploying import DeathAt, Gate, people, steady
from fakes.fake_platform import Killed
from netra.secret import Secret
from netra_ops.deploy.course.pace import Pace
from netra_ops.deploy.deployment import Options, deploy
from netra_ops.deploy.putting_right import end_abandoned
from netra_ops.deploy.rollback import Options as RollbackOptions
from netra_ops.deploy.rollback import roll_back
from netra_ops.findings import CouldNotTell, Failed, OpsError
from netra_ops.ledger import queries
from netra_ops.ledger.records import Promotion
from netra_ops.platform.port import Change

OLD, NEW = f"{BACKEND}-00001-aaa", f"{BACKEND}-00002-bbb"
CHANGE: Final = Change(values={"TOKEN_AUDIENCE": Secret("netra-backend")})
QUICK: Final = Options(Pace(steps=(5, 100), hold=1, bake=0.5))
MOST: Final = 200


def gate_in(folder: Path, *, is_bad: bool = False) -> Gate:
    """Give a gate whose candidate is good, or shows a fault once it has all of the traffic."""
    gate = Gate(folder / "ledger")

    def traffic(service: str, since: float, until: float) -> object:
        fails = is_bad and gate.platform.split(BACKEND).get(NEW) == 100
        seen = people(s500=40) if fails else people(s200=40)
        return steady({OLD: people(s200=400), NEW: seen}, people(s200=40))(service, since, until)

    gate.platform.traffic = traffic  # type: ignore[assignment]
    return gate


def is_whole(gate: Gate) -> None:
    """See that one revision serves, that the ledger says so, and that nothing is left open."""
    split = gate.platform.split(BACKEND)
    assert list(split.values()) == [100]
    assert gate.recorded_split(BACKEND) == split
    assert queries.unfinished(gate.entries()) == ()


def was_covered(gate: Gate) -> None:
    """See that no revision serves of which the ledger does not say so, or say at least as much."""
    recorded = gate.recorded_split(BACKEND)
    real = gate.platform.split(BACKEND)
    if gate.entries():
        assert real.get(NEW, 0) <= recorded.get(NEW, 0) or NEW not in real


def points(folder: Path, *, is_bad: bool = False) -> int:
    """Count the points of a deployment at which it can die."""
    gate = gate_in(folder, is_bad=is_bad)
    gate.watch = DeathAt(10**6)
    deploy(gate.surroundings(), BACKEND, CHANGE, QUICK)
    return len(gate.watch.points)


def deaths(folder: Path, *, is_bad: bool) -> Iterator[Gate]:
    """Kill a deployment at each of its points, one after the other."""
    number = points(folder / "whole", is_bad=is_bad)
    assert 20 < number < MOST
    for at in range(number):
        gate = gate_in(folder / str(at), is_bad=is_bad)
        (folder / str(at)).mkdir()
        gate.watch = DeathAt(at)
        with pytest.raises(Killed):
            deploy(gate.surroundings(), BACKEND, CHANGE, QUICK)
        gate.watch = lambda _point: None
        yield gate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the ledgers are."""
    (tmp_path / "whole").mkdir()
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("is_bad", [False, True])
def test_a_gate_that_dies_anywhere_is_put_right_by_the_next(folder: Path, *, is_bad: bool) -> None:
    """The next command brings traffic back to who served, or finds the candidate promoted."""
    for gate in deaths(folder, is_bad=is_bad):
        was_covered(gate)
        promoted = any(
            isinstance(e.record, Promotion) and e.record.revision == NEW for e in gate.entries()
        )

        end_abandoned(gate.surroundings(), BACKEND)

        if gate.entries():
            is_whole(gate)
        assert gate.platform.split(BACKEND) == {NEW if promoted else OLD: 100}


@pytest.mark.long
def test_after_any_death_the_next_deployment_goes_through(folder: Path) -> None:
    """Whatever a dead gate left, the same again is promoted."""
    for gate in deaths(folder, is_bad=False):
        ended = deploy(gate.surroundings(), BACKEND, CHANGE, QUICK)

        assert ended.ending == "promoted"
        is_whole(gate)
        assert gate.platform.split(BACKEND) == {ended.revision: 100}


@pytest.mark.long
def test_after_any_death_a_rollback_goes_back(folder: Path) -> None:
    """To the one that served; if it serves still, there is nowhere to go."""
    for gate in deaths(folder, is_bad=True):
        try:
            roll_back(gate.surroundings(), BACKEND, RollbackOptions(to=OLD))
        except OpsError as error:
            assert "serves already" in str(error)  # noqa: PT017 - it may end either way

        if gate.entries():
            is_whole(gate)
        assert gate.platform.split(BACKEND) == {OLD: 100}


class FailsAt:
    """Fails one call of the platform, once."""

    def __init__(self, number: int, error: OpsError) -> None:
        self.number = number
        self.error = error
        self.calls = 0

    def __call__(self, point: str) -> None:
        """Count, and fail the one."""
        if point.startswith("call "):
            self.calls += 1
            if self.calls == self.number + 1:
                raise self.error


@pytest.mark.long
@pytest.mark.parametrize("is_bad", [False, True])
@pytest.mark.parametrize("error", [CouldNotTell("It does not answer."), Failed("No.")])
def test_a_platform_that_fails_anywhere_leaves_people_where_they_were(
    folder: Path, error: OpsError, *, is_bad: bool
) -> None:
    """The candidate is promoted, or traffic is with who served before, and it is recorded."""
    counter = FailsAt(10**6, error)
    gate = gate_in(folder / "whole", is_bad=is_bad)
    gate.watch = counter
    deploy(gate.surroundings(), BACKEND, CHANGE, QUICK)
    for at in range(counter.calls):
        (folder / str(at)).mkdir()
        gate = gate_in(folder / str(at), is_bad=is_bad)
        gate.watch = FailsAt(at, error)
        try:
            ending = deploy(gate.surroundings(), BACKEND, CHANGE, QUICK).ending
        except OpsError:
            ending = "stopped"

        serves = NEW if ending == "promoted" else OLD
        assert gate.platform.split(BACKEND) == {serves: 100}, (at, ending)
        assert ending != "could_not_decide"
        if gate.entries():
            is_whole(gate)


@pytest.mark.long
def test_a_ledger_that_cannot_be_written_anywhere_stops_it(folder: Path) -> None:
    """What cannot be recorded is not done, and what was done is undone."""

    class Full:
        def __init__(self, number: int) -> None:
            self.number = number
            self.records = 0

        def __call__(self, point: str) -> None:
            if point.startswith("before "):
                self.records += 1
                if self.records > self.number:
                    raise Failed("No space left on device.")

    for at in range(12):
        (folder / str(at)).mkdir()
        gate = gate_in(folder / str(at))
        gate.watch = Full(at)
        try:
            ending = deploy(gate.surroundings(), BACKEND, CHANGE, QUICK).ending
        except CouldNotTell:
            ending = "stopped"

        serves = NEW if ending == "promoted" else OLD
        assert gate.platform.split(BACKEND) == {serves: 100}, at
        # Once there is room again, the next command makes the ledger true.
        gate.watch = lambda _point: None
        end_abandoned(gate.surroundings(), BACKEND)
        assert gate.platform.split(BACKEND) == {serves: 100}
        if gate.entries():
            is_whole(gate)


@pytest.mark.long
def test_whoever_breaks_it_off_gets_traffic_back(folder: Path) -> None:
    """Ctrl-C at any point leaves people where they were, and the reason in the ledger."""
    number = points(folder / "whole")
    for at in range(number):
        (folder / str(at)).mkdir()
        gate = gate_in(folder / str(at))
        seen: list[str] = []

        def interrupt(point: str, seen: list[str] = seen, at: int = at) -> None:
            seen.append(point)
            if len(seen) == at + 1:
                raise KeyboardInterrupt

        gate.watch = interrupt
        with pytest.raises(KeyboardInterrupt):
            deploy(gate.surroundings(), BACKEND, CHANGE, QUICK)

        promoted = any(isinstance(e.record, Promotion) for e in gate.entries())
        split = gate.platform.split(BACKEND)
        if not promoted:
            assert split == {OLD: 100}, (at, seen)
        end_abandoned(gate.surroundings(), BACKEND)
        if gate.entries():
            is_whole(gate)
