"""After traffic was brought back: what serves again is walked, and what that says is told."""

import io
from pathlib import Path

import pytest

from fakes.configurations import BACKEND
from fakes.deploying import DeathAt, Gate, good_steps, people, steady, step
from fakes.fake_platform import Killed
from netra.secret import Secret
from netra_ops.cli.deployment import guard
from netra_ops.cli.deployment.stopping import CAME_TO_ITS_END
from netra_ops.deploy import events
from netra_ops.deploy.course.pace import Pace
from netra_ops.deploy.deployment import Options, deploy
from netra_ops.deploy.surroundings import Probed
from netra_ops.findings import CouldNotTell, ExitCode, Failed, Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import Judgement, Stage
from netra_ops.platform.port import Change, Observed

OLD, NEW = f"{BACKEND}-00001-aaa", f"{BACKEND}-00002-bbb"
CHANGE = Change(values={"ALLOWED_ORIGINS": Secret("https://chat.example")})
QUICK = Options(Pace(steps=(5, 100), hold=2, bake=1))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose candidate fails people, and whose stable revision is proven."""
    made = Gate(tmp_path / "ledger")
    made.platform.traffic = steady({OLD: people(s200=400)}, people(s500=40))
    return made


def run(gate: Gate) -> events.Ended:
    """Deploy what is going to be rolled back."""
    return deploy(gate.surroundings(), BACKEND, CHANGE, QUICK)


def becomes(gate: Gate, verdict: Verdict) -> None:
    """Have the stable revision answer otherwise from its second walk on."""

    def at_walk(_probed: Probed) -> None:
        if gate.prober.walked.count(OLD) > 1:
            gate.prober.steps[OLD] = (*good_steps(), step("me as user", verdict))

    gate.prober.at_walk = at_walk


def remarks(gate: Gate) -> list[str]:
    """Give the sentences that were told."""
    return [event.text for event in gate.of(events.Remarked)]


def test_what_serves_again_is_walked_once_traffic_is_back(gate: Gate) -> None:
    """Nobody waits for the walk: traffic is back and all is recorded before; then it is told."""
    serving: list[dict[str, int]] = []
    recorded: list[str] = []

    def at_walk(probed: Probed) -> None:
        if probed.revision == OLD:
            serving.append(gate.platform.split(BACKEND))
            recorded.extend(gate.records()[-1:])

    gate.prober.at_walk = at_walk
    ended = run(gate)

    assert (ended.ending, ended.golden_path) == ("rolled_back", Verdict.PASS)
    assert (ended.serving, serving[-1]) == ({OLD: 100}, {OLD: 100})
    assert recorded[-1] == "End"
    assert f"{OLD} serves again, and passes its golden path." in remarks(gate)
    last = gate.entries()[-1].record
    assert isinstance(last, Judgement)
    assert (last.revision, last.stage, last.verdict) == (OLD, Stage.PROBES, Verdict.PASS)
    assert queries.unfinished(gate.entries()) == ()


def test_a_fault_that_is_not_the_candidates_alone_is_told_plainly(gate: Gate) -> None:
    """What serves again fails too: where to look is said, and it is no longer called proven."""
    becomes(gate, Verdict.FAIL)

    ended = run(gate)

    assert (ended.ending, ended.exit_code) == ("rolled_back", ExitCode.FAIL)
    assert ended.golden_path is Verdict.FAIL
    assert "does not pass its golden path either: golden_path: me as user" in ended.reasons[-1]
    assert f"the fault is not of {NEW} alone" in ended.reasons[-1]
    assert queries.proven(gate.entries(), BACKEND) == ()


def test_what_cannot_be_walked_again_is_not_called_good(gate: Gate) -> None:
    """It serves, since nothing better is known, and that nobody knows how it is is told."""

    def at_walk(_probed: Probed) -> None:
        if gate.prober.walked.count(OLD) > 1:
            raise CouldNotTell("its secret cannot be seen")

    gate.prober.at_walk = at_walk
    ended = run(gate)

    assert (ended.ending, ended.golden_path) == ("rolled_back", Verdict.UNKNOWN)
    assert "is not known: golden_path: not walked: its secret cannot be seen" in ended.reasons[-1]
    assert [proof.revision for proof in queries.proven(gate.entries(), BACKEND)] == [OLD]


def test_a_ledger_that_is_full_by_then_changes_no_ending(gate: Gate) -> None:
    """The rollback took place and is recorded; only how what serves is could not be."""

    def full(point: str) -> None:
        if point == "before judgement" and gate.records()[-1] == "End":
            raise Failed("No space left on device.")

    gate.watch = full
    ended = run(gate)

    assert (ended.ending, ended.golden_path) == ("rolled_back", Verdict.UNKNOWN)
    assert "No space left" in ended.reasons[-1]


def test_what_never_had_traffic_leaves_nothing_to_be_walked_again(gate: Gate) -> None:
    """The stable revision served all the time."""
    gate.prober.steps[NEW] = (*good_steps(), step("me as user", Verdict.FAIL))

    ended = run(gate)

    assert (ended.ending, ended.golden_path) == ("refused", None)
    assert gate.prober.walked.count(OLD) == 1


def test_whoever_breaks_it_off_does_not_wait_for_a_walk(gate: Gate) -> None:
    """Traffic is brought back, and the command ends."""

    def traffic(_service: str, _since: float, _until: float) -> dict[str, Observed]:
        raise KeyboardInterrupt

    gate.platform.traffic = traffic
    with pytest.raises(KeyboardInterrupt):
        run(gate)

    assert gate.platform.split(BACKEND) == {OLD: 100}
    assert gate.prober.walked.count(OLD) == 1


def test_the_walk_may_be_broken_off(gate: Gate) -> None:
    """By then traffic is back and everything is recorded, so nothing is left open."""

    def at_walk(_probed: Probed) -> None:
        if gate.prober.walked.count(OLD) > 1:
            raise KeyboardInterrupt

    gate.prober.at_walk = at_walk
    with pytest.raises(KeyboardInterrupt):
        run(gate)

    assert gate.platform.split(BACKEND) == {OLD: 100}
    assert gate.records()[-1] == "End"


def killed_with_traffic(gate: Gate) -> None:
    """Kill the gate while its candidate has a share."""
    died = DeathAt(10**6)
    gate.watch = died

    def traffic(_service: str, _since: float, _until: float) -> dict[str, Observed]:
        died.number = 0
        return {}

    gate.platform.traffic = traffic
    with pytest.raises(Killed):
        run(gate)
    gate.watch = lambda _point: None
    assert gate.platform.split(BACKEND) == {OLD: 95, NEW: 5}


class _Standard:
    """Standard input that says something, and ends."""

    def __init__(self, says: bytes) -> None:
        self.buffer = io.BytesIO(says)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
def test_a_guard_walks_what_it_brought_traffic_back_to(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    """The ledger tells what happened, and how what serves is since."""
    killed_with_traffic(gate)
    becomes(gate, verdict)
    monkeypatch.setattr("sys.stdin", _Standard(b""))

    code = guard.keep_watch(gate.surroundings(), BACKEND)

    assert code is ExitCode.PASS
    assert gate.platform.split(BACKEND) == {OLD: 100}
    assert gate.records()[-4:] == ["Traffic", "Rollback", "End", "Judgement"]
    last = gate.entries()[-1].record
    assert isinstance(last, Judgement)
    assert (last.revision, last.verdict) == (OLD, verdict)
    assert remarks(gate)[-1].startswith(f"{OLD} serves again, and ")


def test_a_guard_of_a_gate_that_came_to_its_end_does_nothing(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the end was."""
    monkeypatch.setattr("sys.stdin", _Standard(CAME_TO_ITS_END))

    assert guard.keep_watch(gate.surroundings(), BACKEND) is ExitCode.PASS
    assert gate.platform.calls == []


def test_the_next_deployment_walks_it_too(gate: Gate) -> None:
    """Where the guard was killed as well, whoever comes next learns how what serves is."""
    killed_with_traffic(gate)
    gate.platform.traffic = steady({OLD: people(s200=400)}, people(s200=40))

    ended = run(gate)

    assert ended.ending == "promoted"
    assert f"{OLD} serves again, and passes its golden path." in remarks(gate)
