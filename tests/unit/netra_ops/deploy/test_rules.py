"""What is refused of real configurations: from the change that is asked to what refuses it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.configurations import BACKEND
from fakes.deploying import Gate
from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Deployment, Place, Reference, Setting
from netra_ops.deploy import events
from netra_ops.deploy.deployment import Options, deploy
from netra_ops.findings import ExitCode, Verdict
from netra_ops.platform.port import Change, Plan

OLD = f"{BACKEND}-00001-aaa"
STRONG = "tV3x9Qm2Lr8Zk5Wp1Nc7Hd4Sg6Jf0Ba-Yu_Ei3Oq"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate on a platform with two configurations that agree."""
    return Gate(tmp_path / "ledger")


def refused_by(gate: Gate, change: Change) -> set[str]:
    """Name the checks that refuse a change; nothing of it may be made."""
    ended = deploy(gate.surroundings(), BACKEND, change, Options())

    assert "create" not in gate.platform.calls
    assert (ended.ending, ended.exit_code) == ("refused", ExitCode.FAIL)
    (decided,) = gate.of(events.Decided)
    return {
        outcome.finding.check
        for outcome in decided.outcomes
        if outcome.finding.verdict is Verdict.FAIL
    }


def value_of(gate: Gate, name: str) -> str:
    """Give what serves."""
    setting = gate.platform.made_with[OLD].setting(name)
    assert setting is not None
    assert setting.value is not None
    return setting.value.reveal()


@pytest.mark.parametrize(
    ("name", "value", "checks"),
    [
        ("SERVICE_SECRET", "", {"variable_empty"}),
        ("SERVICE_SECRET", "changeme", {"value_is_placeholder"}),
        ("SERVICE_SECRET", "Qm2Lr8Zk5", {"value_too_short"}),
        ("SERVICE_SECRET", f"'{STRONG}'", {"value_in_quotes"}),
        ("SERVICE_SECRET", f"{STRONG}\n", {"value_with_white_space"}),
        ("SERVICE_SECRET", "${SERVICE_SECRET}", {"reference_unresolved"}),
        ("ALLOWED_ORIGINS", "chat.example", {"value_malformed"}),
        ("JWT_SECRET_KEY", STRONG, {"services_disagree"}),
        ("TOKEN_AUDIENCE", "another-audience", {"services_disagree"}),
    ],
)
def test_a_value_is_refused_by_the_check_that_it_breaks(
    gate: Gate, name: str, value: str, checks: set[str]
) -> None:
    """And by no other, so that the report says what is wrong."""
    assert refused_by(gate, Change(values={name: Secret(value)})) == checks


def test_what_is_required_is_missed_though_it_was_unset_on_purpose(gate: Gate) -> None:
    """A word on the command line lets a variable go, and not the contract."""
    change = Change(removed=frozenset({"SERVICE_SECRET"}))

    assert refused_by(gate, change) == {"variable_missing"}


@pytest.mark.parametrize("around", ["'{}'", "{}\n", " {}"])
def test_a_value_that_was_damaged_on_the_way_is_named_as_that(gate: Gate, around: str) -> None:
    """Besides being wrong by itself, it is told to be what serves, with something around it."""
    value = around.format(value_of(gate, "SERVICE_SECRET"))

    assert "value_damaged" in refused_by(gate, Change(values={"SERVICE_SECRET": Secret(value)}))


def serves(gate: Gate, **changed: Setting) -> None:
    """Have what serves be configured otherwise."""
    old = gate.platform.made_with[OLD]
    kept = [one for one in old.settings if one.name not in changed]
    gate.platform.made_with[OLD] = replace(old, settings=(*kept, *changed.values()))


def referred(gate: Gate, name: str, secret: str) -> Setting:
    """Give a variable as what serves has it, but taken from a secret."""
    value = Secret(value_of(gate, name))
    return Setting(name, Place("x"), value, Reference("secret", secret, "3"))


def test_a_secret_that_becomes_plain_is_refused_though_asked_for(gate: Gate) -> None:
    """The variable is named, and its value is not."""
    value = value_of(gate, "SERVICE_SECRET")
    serves(gate, SERVICE_SECRET=referred(gate, "SERVICE_SECRET", "service-secret"))

    assert refused_by(gate, Change(values={"SERVICE_SECRET": Secret(value)})) == {
        "secret_made_plain"
    }
    assert value not in str(gate.told)


def broken_by_the_platform(gate: Gate, spoil: Callable[[Candidate], Candidate]) -> set[str]:
    """Have the platform plan something else than was asked, and name the checks that refuse it."""
    planned = gate.platform.planned

    def spoilt(service: str, change: Change) -> Plan:
        plan = planned(service, change)
        return replace(plan, after=spoil(plan.after))

    gate.platform.planned = spoilt  # type: ignore[method-assign]
    return refused_by(gate, Change())


def without(name: str) -> Callable[[Candidate], Candidate]:
    """Lose a variable."""
    return lambda one: replace(one, settings=tuple(s for s in one.settings if s.name != name))


def test_what_is_lost_on_the_way_is_refused(gate: Gate) -> None:
    """A variable that nobody requires is lost all the same, and so is what refers to a secret."""
    serves(gate, OLD_FEATURE=Setting("OLD_FEATURE", Place("x"), Secret("on")))

    assert broken_by_the_platform(gate, without("OLD_FEATURE")) == {"variable_lost"}


def test_a_reference_that_is_lost_on_the_way_is_refused(gate: Gate) -> None:
    """It has a check of its own: what it led to is not in any file."""
    reference = Reference("secret", "old-key", "3")
    serves(gate, OLD_KEY=Setting("OLD_KEY", Place("x"), Secret("v"), reference))

    assert broken_by_the_platform(gate, without("OLD_KEY")) == {"secret_reference_lost"}


def test_what_nobody_asked_for_is_refused(gate: Gate) -> None:
    """Also where it is right by the contract."""

    def change(one: Candidate) -> Candidate:
        settings = [s for s in one.settings if s.name != "SERVICE_SECRET"]
        changed = Setting("SERVICE_SECRET", Place("x"), Secret(STRONG))
        return replace(one, settings=(*settings, changed))

    assert broken_by_the_platform(gate, change) == {"changed_unasked"}


def test_a_renamed_variable_is_refused(gate: Gate) -> None:
    """Half of a renaming is how writers and readers part."""
    serves(gate, MODEL_CHOICE=Setting("MODEL_CHOICE", Place("x"), Secret("a-long-choice")))

    def rename(one: Candidate) -> Candidate:
        kept = without("MODEL_CHOICE")(one)
        renamed = Setting("MODEL_CHOSEN", Place("x"), Secret("a-long-choice"))
        return replace(kept, settings=(*kept.settings, renamed))

    assert broken_by_the_platform(gate, rename) == {"variable_renamed"}


def test_another_reach_is_refused(gate: Gate) -> None:
    """Who may reach a service is not changed by the way."""
    old = gate.platform.made_with[OLD]
    gate.platform.made_with[OLD] = replace(old, deployment=Deployment(ingress="internal"))

    def open_up(one: Candidate) -> Candidate:
        return replace(one, deployment=Deployment(ingress="all"))

    assert broken_by_the_platform(gate, open_up) == {"deployment_changed"}
