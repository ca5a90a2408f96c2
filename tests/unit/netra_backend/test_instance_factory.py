"""Agents are made for one principal: users apart from each other, services by their own path."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from fakes.installed_agent import installed
from netra.agent_api import Agent, AgentPackage, Asker, Question, Run, Tool
from netra.errors import ConfigurationInvalid, InternalError, NotFound, PermissionDenied
from netra.policy import CredentialMethod, Permission
from netra.principal import Role, ServicePrincipal, UserPrincipal
from netra_backend.app.agents.catalogue import AgentCatalogue, installed_agents
from netra_backend.app.agents.instance_factory import for_service, for_user

BEARER: Final = CredentialMethod.BEARER


@dataclass
class Echo:
    """An agent that knows for whom it works and says back what it was told."""

    name: str
    asker: Asker
    tools: Sequence[Tool] = ()

    async def answer(self, question: Question, run: Run) -> str:
        """Say it back."""
        await run.say(question.text)
        return question.text


class EchoPackage:
    """A package that offers the agent above."""

    description = "Says back what it was told."

    def make(self, name: str, asker: Asker) -> Agent:
        """Make a new one."""
        return Echo(name, asker)


class SharingPackage:
    """A package that wrongly hands the first asker's agent to everybody."""

    description = "Keeps one agent for all."

    def __init__(self) -> None:
        self._kept: Agent | None = None

    def make(self, name: str, asker: Asker) -> Agent:
        """Give the one that was made first."""
        self._kept = self._kept or Echo(name, asker)
        return self._kept


CATALOGUE: Final = AgentCatalogue({"echo": EchoPackage(), "sharing": SharingPackage()})


def user(name: str, *roles: Role) -> UserPrincipal:
    """Make a user's principal."""
    return UserPrincipal(
        f"usr_{name}", f"ses_{name}", "netra-cli", frozenset(), frozenset(roles), f"tok_{name}", 2e9
    )


def service(*scopes: str) -> ServicePrincipal:
    """Make a service's principal."""
    return ServicePrincipal("netra-backend", frozenset(scopes), "tok_service", 2e9)


EVERYTHING: Final = frozenset(Permission)


class RestrictedEchoPackage(EchoPackage):
    """A package whose agent is for operators."""

    permission = Permission.OPERATIONS_READ


def test_the_agents_of_this_distribution_are_installed() -> None:
    """The catalogue is read from the entry points; only an operator is told of the operator's."""
    catalogue = installed_agents()

    assert catalogue.names == ("assistant", "operator")
    assert catalogue.names_for(EVERYTHING) == ("assistant", "operator")
    assert catalogue.names_for(EVERYTHING - {Permission.OPERATIONS_READ}) == ("assistant",)


def test_a_package_that_was_put_together_stands_beside_the_installed_ones() -> None:
    """What needs settings is handed in; under a name that is taken it is refused."""
    installed_beside = installed_agents().having("echo", EchoPackage())

    assert installed_beside.names == ("assistant", "echo", "operator")
    with pytest.raises(ConfigurationInvalid, match="assistant is offered by two"):
        installed_beside.having("assistant", EchoPackage())


@pytest.mark.parametrize(
    ("names", "default"),
    [
        (("assistant", "echo", "model"), "model"),
        (("another", "assistant"), "assistant"),
        (("echo", "other"), "echo"),
    ],
)
def test_a_model_answers_unless_another_is_asked_for(names: tuple[str, ...], default: str) -> None:
    """Without a name the model answers; without a model the assistant; else the first there is."""
    agents = AgentCatalogue(dict.fromkeys(names, EchoPackage()))

    assert for_user(agents, user("anna"), BEARER).chosen(None) == default


def test_without_agents_there_is_no_default() -> None:
    """An empty catalogue says that nothing is there."""
    with pytest.raises(NotFound):
        for_user(AgentCatalogue({}), user("anna"), BEARER).chosen(None)


@pytest.mark.parametrize("method", [BEARER, CredentialMethod.SUBPROTOCOL])
def test_a_restricted_agent_is_there_for_whom_the_policy_permits_it(
    method: CredentialMethod,
) -> None:
    """An operator is told of it and gets it; for anybody else there is no agent of this name."""
    agents = AgentCatalogue({"echo": EchoPackage(), "secret": RestrictedEchoPackage()})
    plain, operator = (
        for_user(agents, user("anna"), method),
        for_user(agents, user("olga", Role.OPERATOR), method),
    )

    assert (plain.names, operator.names) == (("echo",), ("echo", "secret"))
    assert operator.make(operator.chosen("secret")).asker.principal.kind == "user"
    with pytest.raises(NotFound):
        plain.chosen("secret")
    with pytest.raises(PermissionDenied):
        plain.make("secret")


def test_a_service_never_gets_a_restricted_agent() -> None:
    """Whatever scopes a service was granted, no row lets it ask what is for operators."""
    agents = AgentCatalogue({"secret": RestrictedEchoPackage()})
    factory = for_service(agents, service("agents:run", "operations:read"), BEARER)

    assert factory.names == ()
    with pytest.raises(PermissionDenied):
        factory.make("secret")


def test_a_restriction_to_no_permission_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that means to be restricted and names no permission is open to nobody."""
    monkeypatch.syspath_prepend(installed(tmp_path, "odd", "fakes.oddly_restricted:PACKAGE"))

    with pytest.raises(ConfigurationInvalid, match="no permission"):
        installed_agents()


def test_an_agent_is_made_for_its_principal_with_its_permissions() -> None:
    """The agent knows who asks and what that principal may do, no more."""
    agent = for_user(CATALOGUE, user("anna"), BEARER).make("echo")

    assert agent.asker.principal == user("anna")
    assert Permission.THREADS_WRITE in agent.asker.permissions
    assert Permission.USERS_ADMIN not in agent.asker.permissions
    assert Permission.DATA_MAINTAIN not in agent.asker.permissions


def test_two_calls_give_two_agents() -> None:
    """Nothing made is kept: the same principal asking twice gets two agents."""
    factory = for_user(CATALOGUE, user("anna"), BEARER)

    assert factory.make("echo") is not factory.make("echo")


async def test_concurrent_users_get_agents_of_their_own() -> None:
    """Factories used at once by many users never hand out an agent of another's."""

    async def work(name: str) -> set[str]:
        factory = for_user(CATALOGUE, user(name), BEARER)
        seen = set()
        for _ in range(20):
            seen.add(str(factory.make("echo").asker.principal))
            await asyncio.sleep(0)
        return seen

    names = [f"user{number}" for number in range(50)]
    seen = await asyncio.gather(*(work(name) for name in names))

    assert seen == [{f"usr_{name}"} for name in names]


def test_an_agent_made_for_somebody_else_is_refused() -> None:
    """A package that hands out another asker's agent is found out."""
    for_user(CATALOGUE, user("anna"), BEARER).make("sharing")

    with pytest.raises(InternalError, match="another asker"):
        for_user(CATALOGUE, user("berta"), BEARER).make("sharing")


def test_a_service_needs_the_scope() -> None:
    """A service runs agents by its own path, and only with `agents:run`."""
    with pytest.raises(PermissionDenied):
        for_service(CATALOGUE, service("sessions:open"), BEARER)
    factory = for_service(CATALOGUE, service("agents:run"), CredentialMethod.CLIENT_SECRET)

    assert str(factory.principal) == "service:netra-backend"
    assert factory.make("echo").asker.permissions == {Permission.AGENTS_RUN}


def test_a_user_cannot_come_by_a_services_credential() -> None:
    """A user whose credential came as a client secret is refused: no row grants it."""
    with pytest.raises(PermissionDenied):
        for_user(CATALOGUE, user("anna"), CredentialMethod.CLIENT_SECRET)


def test_an_unknown_agent_is_not_found() -> None:
    """A name nobody offers is NotFound, and the names that are offered are listed in order."""
    factory = for_user(CATALOGUE, user("anna"), BEARER)

    assert factory.names == ("echo", "sharing")
    with pytest.raises(NotFound):
        factory.make("nobody")


def test_a_package_is_told_by_what_it_offers() -> None:
    """An object that can make agents and describe itself is a package; another is not."""
    assert isinstance(EchoPackage(), AgentPackage)
    assert not isinstance(object(), AgentPackage)


@pytest.mark.parametrize(
    ("name", "offers", "told"),
    [
        ("broken", "no_such_module:PACKAGE", "no_such_module:PACKAGE.*ModuleNotFoundError"),
        ("empty", "fakes.installed_agent:PACKAGE", "cannot be loaded: AttributeError"),
        ("wrong", "fakes.installed_agent:installed", "does not offer an agent package"),
        ("Bad_Name", "fakes.slow_agent:PACKAGE", "Bad_Name.*lower-case"),
    ],
)
def test_a_package_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, offers: str, told: str
) -> None:
    """A third party's broken package stops the start with its name and what is wrong with it."""
    monkeypatch.syspath_prepend(installed(tmp_path, name, offers))

    with pytest.raises(ConfigurationInvalid, match=told):
        installed_agents()
