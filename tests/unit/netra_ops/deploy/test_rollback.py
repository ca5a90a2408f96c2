"""A rollback: where it goes, what is checked before, and what is said after."""

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.configurations import AUTH, BACKEND
from fakes.deploying import DeathAt, Gate, good_steps, people, steady, step
from fakes.fake_platform import Killed, candidate
from netra.schema_fit import SchemaFit, SchemaJudgement
from netra.secret import Secret
from netra_ops.candidates.candidate import Reference
from netra_ops.deploy import events
from netra_ops.deploy.course.pace import Pace
from netra_ops.deploy.deployment import Options as DeployOptions
from netra_ops.deploy.deployment import deploy
from netra_ops.deploy.rollback import Options, roll_back
from netra_ops.findings import CouldNotTell, ExitCode, UsageRefused, Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import Override
from netra_ops.platform.port import Change

FIRST = f"{BACKEND}-00001-aaa"
SECOND, THIRD = f"{BACKEND}-00002-bbb", f"{BACKEND}-00003-bbb"
QUICK = DeployOptions(Pace(steps=(100,), hold=1, bake=0))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate that has deployed twice."""
    made = Gate(tmp_path / "ledger")
    made.platform.traffic = steady({}, people(s200=40))
    for text in ("https://one.example", "https://two.example"):
        change = Change(values={"ALLOWED_ORIGINS": Secret(text)})
        assert deploy(made.surroundings(), BACKEND, change, QUICK).ending == "promoted"
    made.told.clear()
    made.platform.calls.clear()
    return made


def back(gate: Gate, **options: object) -> events.Ended:
    """Roll the backend back."""
    return roll_back(gate.surroundings(), BACKEND, Options(**options))  # type: ignore[arg-type]


def serving(gate: Gate) -> dict[str, int]:
    """Say who serves, and see that the ledger says the same and nothing is left open."""
    split = gate.platform.split(BACKEND)
    assert gate.recorded_split(BACKEND) == split
    assert queries.unfinished(gate.entries()) == ()
    return split


def test_it_goes_to_the_one_that_was_proven_before(gate: Gate) -> None:
    """Traffic is shifted at once, the golden path walked on it, and it is proven again."""
    ended = back(gate)

    assert (ended.ending, ended.exit_code) == ("restored", ExitCode.PASS)
    assert serving(gate) == {SECOND: 100}
    assert gate.prober.walked[-2:] == [THIRD, SECOND]
    proofs = [proof.revision for proof in queries.proven(gate.entries(), BACKEND)]
    assert proofs == [FIRST, SECOND]


def test_what_was_never_proven_is_not_gone_to_by_itself(tmp_path: Path) -> None:
    """What served before there was a ledger did not pass itself; only a person may name it."""
    gate = Gate(tmp_path / "ledger")
    gate.platform.traffic = steady({}, people(s200=40))
    gate.prober.steps[FIRST] = (*good_steps(), step("me as user", Verdict.FAIL))
    change = Change(values={"ALLOWED_ORIGINS": Secret("https://one.example")})
    assert deploy(gate.surroundings(), BACKEND, change, QUICK).ending == "promoted"
    del gate.prober.steps[FIRST]

    with pytest.raises(UsageRefused, match="No revision of netra-backend is proven besides"):
        back(gate)

    assert back(gate, to=FIRST).ending == "restored"
    assert serving(gate) == {FIRST: 100}


def test_a_revision_that_is_out_of_service_is_brought_back(gate: Gate) -> None:
    """The one before the last was taken out of service, and serves again."""
    assert not gate.platform.revisions[BACKEND][FIRST].is_running

    back(gate, to=FIRST)

    assert gate.platform.revisions[BACKEND][FIRST].is_running


@pytest.mark.parametrize("to", ["no-such-revision", THIRD])
def test_there_is_nowhere_to_go(gate: Gate, to: str) -> None:
    """What is not there, or serves already, is a mistake of the caller."""
    records = gate.records()

    with pytest.raises(UsageRefused):
        back(gate, to=to)

    assert gate.records() == records


def test_a_target_that_shows_the_same_fault_is_told_and_stays(gate: Gate) -> None:
    """The revision that was left is not the cause; going on would not help."""
    fault = (*good_steps(), step("me as user", Verdict.FAIL))
    gate.prober.steps = {THIRD: fault, SECOND: fault}

    ended = back(gate)

    assert (ended.ending, ended.exit_code) == ("stays", ExitCode.FAIL)
    assert f"{SECOND} shows the same fault as {THIRD} (golden_path)" in ended.reasons[0]
    assert serving(gate) == {SECOND: 100}
    assert SECOND not in {proof.revision for proof in queries.proven(gate.entries(), BACKEND)}


def test_a_target_with_another_fault_is_not_called_the_same(gate: Gate) -> None:
    """It stays where the operator wanted it, and is told as not proven."""
    gate.prober.steps = {
        THIRD: (*good_steps(), step("me as user", Verdict.FAIL)),
        SECOND: (*good_steps(), step("read back", Verdict.FAIL)),
    }

    ended = back(gate)

    assert (ended.ending, ended.exit_code) == ("stays", ExitCode.FAIL)
    assert "not proven" in ended.reasons[0]
    assert serving(gate) == {SECOND: 100}


def test_a_target_that_cannot_be_walked_is_unknown(gate: Gate) -> None:
    """It serves, and nobody says that it is well."""

    def silent(_probed: object) -> None:
        raise CouldNotTell("nobody answers")

    gate.prober.at_walk = silent
    ended = back(gate)

    assert (ended.ending, ended.exit_code) == ("stays", ExitCode.UNKNOWN)
    assert serving(gate) == {SECOND: 100}


def spoil(gate: Gate, revision: str, **values: str) -> None:
    """Have a revision's configuration be another."""
    old = gate.platform.made_with[revision]
    known = {s.name: s.value.reveal() for s in old.settings if s.value} | values
    gate.platform.made_with[revision] = candidate(BACKEND, known)


def test_a_target_whose_configuration_no_longer_agrees_is_refused(gate: Gate) -> None:
    """A key that the other service has left since then would refuse everybody."""
    spoil(gate, SECOND, JWT_SECRET_KEY="another-key-" * 4)

    ended = back(gate)

    assert (ended.ending, ended.exit_code) == ("refused", ExitCode.FAIL)
    assert "shift" not in gate.platform.calls
    assert serving(gate) == {THIRD: 100}


def test_a_secret_that_does_not_resolve_any_more_stops_it(gate: Gate) -> None:
    """What cannot be seen is neither right nor wrong, so it takes a person's word."""
    old = gate.platform.made_with[SECOND]
    gate.platform.made_with[SECOND] = replace(
        old,
        settings=tuple(
            replace(s, value=None, reference=Reference("secret", "service-secret", "3"))
            if s.name == "SERVICE_SECRET"
            else s
            for s in old.settings
        ),
    )

    stopped = back(gate)
    assert (stopped.ending, stopped.exit_code) == ("refused", ExitCode.UNKNOWN)
    assert serving(gate) == {THIRD: 100}

    ended = back(gate, override="the store of secrets is down, the revision still runs")
    assert ended.ending == "restored"
    assert serving(gate) == {SECOND: 100}
    assert any(isinstance(e.record, Override) for e in gate.entries())


def test_a_schema_that_left_the_target_behind_refuses_it(gate: Gate) -> None:
    """Code that would not start is not given the traffic first."""
    gate.platform.fit = lambda *_: SchemaJudgement(SchemaFit.TOO_NEW, "0005", "0007", "0006")

    ended = back(gate)

    assert ended.ending == "refused"
    assert ended.reasons[0].startswith("schema_fits: ")
    assert serving(gate) == {THIRD: 100}


def test_a_rehearsal_changes_nothing(gate: Gate) -> None:
    """It says where it would go, and what the checks say."""
    records = gate.records()

    ended = back(gate, dry_run=True)

    assert (ended.ending, ended.revision) == ("would_go_on", SECOND)
    assert gate.records() == records
    assert gate.platform.split(BACKEND) == {THIRD: 100}


def test_a_rollout_that_was_broken_off_is_what_is_gone_back_from(gate: Gate) -> None:
    """A gate died with 5 % at a candidate: going back is going to who served before it."""
    died = DeathAt(10**6)
    gate.watch = died

    def traffic(_service: str, _since: float, _until: float) -> dict[str, object]:
        died.number = 0
        return {}

    kept, gate.platform.traffic = gate.platform.traffic, traffic  # type: ignore[assignment]
    options = DeployOptions(Pace(steps=(5, 100), hold=1, bake=0))
    with pytest.raises(Killed):
        deploy(gate.surroundings(), BACKEND, Change(), options)
    gate.watch, gate.platform.traffic = (lambda _point: None), kept
    assert len(gate.platform.split(BACKEND)) == 2

    ended = back(gate)

    assert (ended.ending, ended.revision) == ("restored", THIRD)
    assert serving(gate) == {THIRD: 100}
    assert any("has no end" in event.text for event in gate.of(events.Remarked))
    assert gate.records()[-5:] == ["Traffic", "Traffic", "Rollback", "End", "Judgement"]


def test_a_shift_that_does_not_take_place_is_recorded_so(gate: Gate) -> None:
    """Traffic is where it was, and the rollback is over."""

    def at_call(name: str) -> None:
        if name == "shift":
            raise CouldNotTell("The platform does not answer.")

    gate.platform.at_call = at_call
    ended = back(gate)

    assert (ended.ending, ended.exit_code) == ("could_not_decide", ExitCode.UNKNOWN)
    assert serving(gate) == {THIRD: 100}


def test_faults_of_the_other_service_do_not_stop_it(gate: Gate) -> None:
    """What is wrong elsewhere is no reason to stay with what is wrong here."""
    auth = f"{AUTH}-00001-aaa"
    old = gate.platform.made_with[auth]
    known = {s.name: s.value.reveal() for s in old.settings if s.value}
    gate.platform.made_with[auth] = candidate(AUTH, known | {"PORT": "none"})

    assert back(gate).ending == "restored"
