"""What is right where services share a machine, and wrong where each has one of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.configurations import (
    AUTH,
    BACKEND,
    cloud_run,
    env_file,
    json_file,
    knative,
    pair,
    yaml_file,
)
from fakes.netra_command import Done
from netra.contract.declared import netra_backend
from netra.contract.urls.hosts import is_own_machine
from netra.contract.written.documents import document_of
from netra_ops.cli.main import main

Ran = Callable[..., Done]
OWN = (
    "http://127.0.0.1:8001",
    "http://localhost:8001",
    "https://127.8.9.1",
    "https://0.0.0.0",
    "https://[::1]:8001",
    "https://[::]",
    "https://auth.localhost",
)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Ran:
    """Give what runs `netra config check`, and what it finds of one variable."""

    def run(*arguments: str) -> Done:
        return Done(main(["config", "check", *arguments, "--json"]), *capsys.readouterr())

    return run


def found(done: Done, variable: str) -> list[str]:
    """Give what is refused of a variable, in words."""
    findings: list[dict[str, Any]] = json.loads(done.out)["findings"]
    return [
        f"{one['problem']}: {one['says']}"
        for one in findings
        if one["variable"] == variable and one["verdict"] == "FAIL"
    ]


def in_the_cloud(folder: Path, values: dict[str, str], service: str = BACKEND) -> list[str]:
    """Write a configuration in both forms of Cloud Run."""
    return [
        yaml_file(folder, knative(values, service=service), f"{service}.yaml"),
        json_file(folder, cloud_run(values, service=service), f"{service}.json"),
    ]


@pytest.mark.parametrize("address", OWN)
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_another_service_is_not_on_the_own_machine(
    check: Ran, tmp_path: Path, address: str, environment: str
) -> None:
    """On Cloud Run no other service answers under a loopback or unspecified address."""
    auth, backend = pair(ENVIRONMENT=environment)
    says = f"names the machine the service runs on itself, though it is deployed in {environment}"

    for file in in_the_cloud(tmp_path, {**backend, "AUTH_SERVICE_URL": address}):
        done = check(file)
        assert done.code == 1
        assert found(done, "AUTH_SERVICE_URL") == [f"conflicting: {says}"]
        assert found(done, "TOKEN_ISSUER") == []
        assert address not in done.out
    for file in in_the_cloud(tmp_path, {**auth, "ISSUER_URL": address}, AUTH):
        assert found(check(file), "ISSUER_URL") == [f"conflicting: {says}"]


def test_services_of_one_machine_find_each_other_there(check: Ran, tmp_path: Path) -> None:
    """In env files such an address is right, in any environment, and so is the own HOST."""
    for environment in ("local", "production"):
        auth, backend = pair(ENVIRONMENT=environment)
        auth["ISSUER_URL"] = backend["AUTH_SERVICE_URL"] = OWN[0]
        files = (
            env_file(tmp_path, auth, f"{AUTH}.env"),
            env_file(tmp_path, {**backend, "HOST": "127.0.0.1"}, f"{BACKEND}.env"),
        )

        assert check(*files).code == 0


def test_a_service_in_a_local_environment_may_name_it(check: Ran, tmp_path: Path) -> None:
    """A document of the environment `local` is for a machine that emulates the platform."""
    _, backend = pair(ENVIRONMENT="local")

    for file in in_the_cloud(tmp_path, {**backend, "AUTH_SERVICE_URL": OWN[0]}):
        assert found(check(file), "AUTH_SERVICE_URL") == []


def test_a_contract_may_name_the_own_machine(check: Ran, tmp_path: Path) -> None:
    """What a contract lists as its hosts is right: a container beside the service, for one."""
    _, backend = pair()
    contract = document_of(netra_backend.CONTRACT)
    for variable in contract["variables"]:
        if variable["name"] == "AUTH_SERVICE_URL":
            variable["hosts"] = {"production": ["localhost"]}
    given = json_file(tmp_path, contract, "contract.json")

    for file in in_the_cloud(tmp_path, {**backend, "AUTH_SERVICE_URL": OWN[1]}):
        assert found(check(file, "--contract", given), "AUTH_SERVICE_URL") == []
    for file in in_the_cloud(tmp_path, {**backend, "AUTH_SERVICE_URL": OWN[0]}):
        assert len(found(check(file, "--contract", given), "AUTH_SERVICE_URL")) == 1


@pytest.mark.parametrize("host", [None, "127.0.0.1", "::1", "localhost"])
def test_a_service_in_the_cloud_is_reached_from_elsewhere(
    check: Ran, tmp_path: Path, host: str | None
) -> None:
    """HOST is a loopback address by default, under which Cloud Run does not reach a container."""
    _, backend = pair()
    document = knative({**backend, "HOST": host or ""})
    container = document["spec"]["template"]["spec"]["containers"][0]
    if host is None:
        container["env"] = [entry for entry in container["env"] if entry["name"] != "HOST"]

    done = check(yaml_file(tmp_path, document))

    (said,) = found(done, "HOST")
    assert said.startswith(
        "missing: is not set, and is then" if host is None else "conflicting: is"
    )
    assert "a loopback address, under which the platform does not reach" in said


def test_whoever_listens_on_every_address_is_reached(check: Ran, tmp_path: Path) -> None:
    """Nothing is found of HOST then."""
    _, backend = pair()

    for host in ("0.0.0.0", "::"):  # noqa: S104 - nothing is bound
        for file in in_the_cloud(tmp_path, {**backend, "HOST": host}):
            assert found(check(file), "HOST") == []


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("localhost.", True),
        ("::ffff:127.0.0.1", True),
        ("::", True),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
        ("2001:db8::1", False),
        ("", False),
    ],
)
def test_the_own_machine_is_known_by_its_addresses(host: str, is_own: bool) -> None:  # noqa: FBT001
    """Loopback and unspecified addresses, also written as IPv6, and names of localhost."""
    assert is_own_machine(host) is is_own
