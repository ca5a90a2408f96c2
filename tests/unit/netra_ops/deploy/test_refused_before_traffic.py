"""What a deployment refuses before anybody is served by it: by name, with a reason, no value shown.

Real checks of real configurations; nothing of what is refused here may even be made.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from fakes.configurations import AUTH, BACKEND, pair, shown_parts
from fakes.deploying import Gate, good_steps, step
from fakes.environments import strong_secret
from fakes.fake_platform import FakePlatform
from netra.contract import Contract
from netra.contract.declared import netra_auth, netra_backend
from netra.secret import Secret
from netra_ops.candidates.candidate import Place, Reference, Setting
from netra_ops.deploy import events
from netra_ops.deploy.deployment import Options, deploy
from netra_ops.findings import ExitCode, Verdict
from netra_ops.platform.port import Change, Plan
from netra_ops.validation.step import Wanted

CONTRACTS: Final = {AUTH: netra_auth.CONTRACT, BACKEND: netra_backend.CONTRACT}
SERVING: Final = {service: f"{service}-00001-aaa" for service in CONTRACTS}


def needed(contract: Contract, values: Mapping[str, str]) -> list[str]:
    """Give the variables without which this configuration is refused."""
    return [v.name for v in contract.variables if v.name in values and v.required.text != "no"]


def both(mode: str) -> dict[str, dict[str, str]]:
    """Give the configurations of both services, in one of the ways to trust tokens."""
    without = {"JWT_SECRET_KEY": None} if mode == "keyring" else {"KEYRING_ENCRYPTION_KEY": None}
    return dict(zip((AUTH, BACKEND), pair(TOKEN_TRUST_MODE=mode, **without), strict=True))


NEEDED: Final = [
    (mode, service, name)
    for mode in ("shared-key", "keyring")
    for service, values in both(mode).items()
    for name in needed(CONTRACTS[service], values)
]


def gate_of(folder: Path, values: Mapping[str, Mapping[str, str]]) -> Gate:
    """Give a gate on a platform where these configurations serve."""
    platform = FakePlatform()
    for service, its in values.items():
        platform.begin(service, its)
    return Gate(folder, platform)


def refused(
    gate: Gate, service: str, change: Change, code: ExitCode = ExitCode.FAIL
) -> events.Ended:
    """Deploy it, and see that it is refused before anything is made, and that no value is shown."""
    before = {name: gate.platform.split(name) for name in gate.platform.revisions}
    serving = gate.platform.made_with[SERVING[service]]
    values = [s.value.reveal() for s in serving.settings if s.value is not None]
    values += [value.reveal() for value in change.values.values()]

    ended = deploy(gate.surroundings(), service, change, Options())

    assert (ended.ending, ended.exit_code) == ("refused", code)
    assert not {"create", "shift", "retire"} & set(gate.platform.calls)
    assert {name: gate.platform.split(name) for name in before} == before
    assert shown_parts(values, str(gate.told), str(gate.entries())) == []
    return ended


def says(ended: events.Ended, name: str, *words: str) -> bool:
    """Tell whether one reason names a variable and says these words of it."""
    return any(name in reason and all(word in reason for word in words) for reason in ended.reasons)


@pytest.mark.parametrize(("mode", "service", "name"), NEEDED)
def test_every_needed_variable_is_refused_whatever_happened_to_it(
    tmp_path: Path, mode: str, service: str, name: str
) -> None:
    """Removed, emptied, with a line break, quoted or not filled in (checklist 61)."""
    values = both(mode)
    right = values[service][name]
    damaged: dict[str, Change] = {
        "is not set": Change(removed=frozenset({name})),
        "is set but empty": Change(values={name: Secret("")}),
        "ends in a line break": Change(values={name: Secret(f"{right}\n")}),
        "has quotation marks": Change(values={name: Secret(f'"{right}"')}),
        "holds a reference that nothing has replaced": Change(
            values={name: Secret(f"${{{name}}}")}
        ),
    }
    for number, (words, change) in enumerate(damaged.items()):
        gate = gate_of(tmp_path / str(number), values)

        assert says(refused(gate, service, change), name, words), words


@pytest.mark.parametrize(("mode", "service", "name"), NEEDED)
def test_every_needed_variable_is_missed_when_it_is_lost_on_the_way(
    tmp_path: Path, mode: str, service: str, name: str
) -> None:
    """Nobody asked for it: whoever wrote the deployment forgot it (checklist 61)."""
    gate = gate_of(tmp_path, both(mode))
    planned = gate.platform.planned

    def lost(service: str, change: Change) -> Plan:
        plan = planned(service, change)
        kept = tuple(one for one in plan.after.settings if one.name != name)
        return replace(plan, after=replace(plan.after, settings=kept))

    gate.platform.planned = lost  # type: ignore[method-assign]

    assert says(refused(gate, service, Change()), name, "is not set any more")


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


@pytest.mark.parametrize("service", [AUTH, BACKEND])
@pytest.mark.parametrize(
    ("made", "words"),
    [(lambda _old: strong_secret(), "another value"), (_base64, "encoded as base64")],
)
def test_keys_that_the_two_services_do_not_share_are_refused(
    tmp_path: Path, service: str, made: Callable[[str], str], words: str
) -> None:
    """Another key, or the same key encoded on one side, whichever side it is (checklist 62, 63).

    In this mode the key is what tokens are signed with: who changes it without keeping the one of
    before drops the active key.
    """
    values = both("shared-key")
    key = made(values[service]["JWT_SECRET_KEY"])
    gate = gate_of(tmp_path, values)

    ended = refused(gate, service, Change(values={"JWT_SECRET_KEY": Secret(key)}))

    assert says(ended, "JWT_SECRET_KEY", "services_disagree", words)


def test_the_active_key_is_not_dropped_on_the_way_to_a_new_one(tmp_path: Path) -> None:
    """The backend takes a new key only beside the one whose tokens are alive (checklist 63)."""
    values = both("shared-key")
    old, new = values[BACKEND]["JWT_SECRET_KEY"], strong_secret()
    change = {"JWT_SECRET_KEY": Secret(new), "JWT_SECRET_KEY_PREVIOUS": Secret(strong_secret())}

    ended = refused(gate_of(tmp_path / "1", values), BACKEND, Change(values=change))

    assert says(ended, "JWT_SECRET_KEY", "services_disagree")
    kept = Change(values={**change, "JWT_SECRET_KEY_PREVIOUS": Secret(old)})
    gate = gate_of(tmp_path / "2", values)
    options = Options(dry_run=True)
    assert deploy(gate.surroundings(), BACKEND, kept, options).ending == "would_go_on"


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        (BACKEND, "AUTH_SERVICE_URL", "https://auth.staging.example"),
        (AUTH, "ISSUER_URL", "https://auth.staging.example"),
        (BACKEND, "TOKEN_AUDIENCE", "netra-staging"),
        (BACKEND, "ENVIRONMENT", "staging"),
        (AUTH, "TOKEN_TRUST_MODE", "keyring"),
    ],
)
def test_what_belongs_to_another_environment_is_refused(
    tmp_path: Path, service: str, name: str, value: str
) -> None:
    """Each service is right by itself, and they do not agree (checklist 62)."""
    gate = gate_of(tmp_path, dict(zip((AUTH, BACKEND), pair(), strict=True)))

    ended = refused(gate, service, Change(values={name: Secret(value)}))

    assert any(reason.startswith("services_disagree: ") for reason in ended.reasons)
    assert says(ended, name)


def test_a_name_that_the_other_service_does_not_know_is_not_let_pass(tmp_path: Path) -> None:
    """Whether it was registered since only the store tells: no data is no pass (checklist 62)."""
    gate = gate_of(tmp_path, both("shared-key"))
    change = Change(values={"SERVICE_ID": Secret("netra-front")})

    ended = refused(gate, BACKEND, change, ExitCode.UNKNOWN)

    assert says(ended, "SERVICE_ID", "is not in the registry")


SECRETS: Final = [(AUTH, "SERVICE_REGISTRY"), (BACKEND, "SERVICE_SECRET")]


@pytest.mark.parametrize(("service", "name"), SECRETS)
def test_a_secret_that_becomes_plain_is_refused(tmp_path: Path, service: str, name: str) -> None:
    """Also with the same value, and though somebody asked for it by name (checklist 61)."""
    gate = gate_of(tmp_path, both("shared-key"))
    old = gate.platform.made_with[SERVING[service]]
    setting = old.setting(name)
    assert setting is not None
    assert setting.value is not None
    referred = Setting(name, Place("x"), setting.value, Reference("secret", "a-secret", "3"))
    kept = tuple(one for one in old.settings if one.name != name)
    gate.platform.made_with[SERVING[service]] = replace(old, settings=(*kept, referred))

    ended = refused(gate, service, Change(values={name: setting.value}))

    assert says(ended, name, "secret_made_plain")


@pytest.mark.parametrize(
    ("name", "wanted", "admitted", "check"),
    [
        ("session as service", Wanted.ADMITTED, False, "golden_path"),
        ("socket handshake", Wanted.ADMITTED, False, "golden_path"),
        ("bad token", Wanted.REFUSED, True, "caller_wrongly_admitted"),
        ("user token on a service route", Wanted.REFUSED, True, "caller_wrongly_admitted"),
        ("socket without a token", Wanted.REFUSED, True, "caller_wrongly_admitted"),
        ("bad token", Wanted.REFUSED, False, "refusal_wrong"),
    ],
)
def test_any_miss_of_the_live_probe_keeps_traffic_away(
    tmp_path: Path, name: str, wanted: Wanted, check: str, *, admitted: bool
) -> None:
    """A service or a person who is not let in, or a stranger who is (checklist 64)."""
    gate = gate_of(tmp_path, both("shared-key"))
    new = f"{BACKEND}-00002-bbb"
    failed = step(name, Verdict.FAIL, wanted, admitted=admitted)
    gate.prober.steps[new] = (*good_steps(), failed)

    ended = deploy(gate.surroundings(), BACKEND, Change(), Options())

    assert (ended.ending, ended.exit_code) == ("refused", ExitCode.FAIL)
    assert [reason.partition(":")[0] for reason in ended.reasons] == [check]
    assert name in ended.reasons[0]
    assert "shift" not in gate.platform.calls
    assert not gate.platform.revisions[BACKEND][new].is_running


def test_a_right_configuration_is_not_refused(tmp_path: Path) -> None:
    """In both ways to trust tokens: what refuses above is what is wrong there."""
    for mode in ("shared-key", "keyring"):
        gate = gate_of(tmp_path / mode, both(mode))
        for service in (AUTH, BACKEND):
            options = Options(dry_run=True)
            assert deploy(gate.surroundings(), service, Change(), options).ending == "would_go_on"
