"""The tests' own ground holds: nothing leaks in, nothing gets out, and waiting ends."""

import os
import socket

import pytest
from hypothesis import settings

from fakes.network import OutsideConnectionRefused, is_local
from fakes.process_variables import is_ours
from fakes.timing import UNIT, eventually, eventually_blocking
from netra.contract.declared import netra_auth, netra_backend

VARIABLES = {
    name
    for contract in (netra_auth.CONTRACT, netra_backend.CONTRACT)
    for variable in contract.variables
    for name in variable.names
}


@pytest.mark.parametrize("name", sorted({*VARIABLES, "NETRA_ENV_FILE", "https_proxy"}))
def test_what_the_shell_sets_for_netra_does_not_leak_in(name: str) -> None:
    """Every declared variable, its file and the proxies are gone when a test runs."""
    assert is_ours(name)
    assert is_ours(f"{name}_FILE") is (name != "https_proxy")
    assert name not in os.environ


@pytest.mark.parametrize("name", ["PATH", "HOME", "HOSTNAME", "NETRA_REQUIRE", "TEST_TIME_UNIT"])
def test_other_variables_stay(name: str) -> None:
    """What Python, the machine and the tests themselves need stays."""
    assert not is_ours(name)


@pytest.mark.parametrize("time", [1, 2])
def test_a_variable_set_by_a_test_is_gone_for_the_next(time: int) -> None:
    """Whatever order they run in, the second of two careless tests starts clean."""
    assert "SERVICE_ID" not in os.environ, f"seen in run {time}"

    os.environ["SERVICE_ID"] = "careless"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8", None, b"localhost"])
def test_this_machine_is_local(host: str | bytes | None) -> None:
    """Loopback in every spelling is this machine."""
    assert is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "0.0.0.0", "", "::", "2001:db8::1"])  # noqa: S104 - must be refused
def test_any_other_machine_is_not(host: str) -> None:
    """Addresses of others, and the wildcard that lets others in, are not."""
    assert not is_local(host)


def test_a_connection_to_another_machine_is_refused() -> None:
    """A test that forgets its fake fails at once and says why."""
    with socket.socket() as sock, pytest.raises(OutsideConnectionRefused, match="use a fake"):
        sock.connect(("192.0.2.1", 80))


def test_a_look_up_of_another_machine_is_refused() -> None:
    """Not even the name is asked for."""
    with pytest.raises(OutsideConnectionRefused):
        socket.getaddrinfo("example.org", 443)


def test_this_machine_can_be_reached() -> None:
    """Servers of the tests, on a free port of loopback, can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


async def test_waiting_ends_when_the_condition_is_true() -> None:
    """The answer that was true is given, from plain and from asynchronous conditions."""
    answers = iter([0, 0, 7])

    async def condition() -> int:
        return next(answers)

    assert await eventually(condition, within=UNIT) == 7
    assert await eventually(lambda: "yes", within=UNIT) == "yes"
    assert eventually_blocking(lambda: "yes", within=UNIT) == "yes"


async def test_waiting_ends_at_its_deadline() -> None:
    """A condition that is never true fails the test and shows its last answer."""
    with pytest.raises(AssertionError, match="last answer was 0"):
        await eventually(lambda: 0, within=0.02 * UNIT)
    with pytest.raises(AssertionError, match="last answer was None"):
        eventually_blocking(lambda: None, within=0.02 * UNIT)


def test_property_tests_are_repeatable_in_ci() -> None:
    """The profile of CI derives its examples from the test, not from chance."""
    profile = settings.get_profile("ci")

    assert profile.derandomize
    assert profile.database is None
