"""Makes agents for exactly one principal. Nothing made here is kept or shared."""

from netra.agent_api import Agent, Asker
from netra.errors import InternalError, PermissionDenied
from netra.policy import CredentialMethod, Denied, Permission, decide, permissions_of
from netra.principal import AuthenticatedPrincipal, ServicePrincipal, UserPrincipal
from netra_backend.app.agents.catalogue import AgentCatalogue


class AgentInstanceFactory:
    """Agents for one principal; get one by `for_user` or `for_service`."""

    def __init__(self, catalogue: AgentCatalogue, asker: Asker) -> None:
        self._catalogue = catalogue
        self._asker = asker

    @property
    def principal(self) -> AuthenticatedPrincipal:
        """For whom agents are made."""
        return self._asker.principal

    @property
    def names(self) -> tuple[str, ...]:
        """The agents there are."""
        return self._catalogue.names

    def make(self, name: str) -> Agent:
        """Make a new agent for the principal.

        Raises:
            NotFound: No agent has this name.
            InternalError: The package gave an agent that works for somebody else.
        """
        agent = self._catalogue.package(name).make(name, self._asker)
        if agent.asker != self._asker:
            raise InternalError(f"the package of {name} gave an agent made for another asker")
        return agent


def for_user(
    catalogue: AgentCatalogue, principal: UserPrincipal, method: CredentialMethod
) -> AgentInstanceFactory:
    """Give the factory of a user who asked by a request or a socket.

    Raises:
        PermissionDenied: The policy does not let the user run agents by this credential.
    """
    return _factory(catalogue, principal, method)


def for_service(
    catalogue: AgentCatalogue, principal: ServicePrincipal, method: CredentialMethod
) -> AgentInstanceFactory:
    """Give the factory of a service that runs agents in its own name and for nobody else.

    Raises:
        PermissionDenied: The service was not granted `agents:run`.
    """
    return _factory(catalogue, principal, method)


def _factory(
    catalogue: AgentCatalogue, principal: AuthenticatedPrincipal, method: CredentialMethod
) -> AgentInstanceFactory:
    decision = decide(principal, Permission.AGENTS_RUN, method)
    if isinstance(decision, Denied):
        raise PermissionDenied(decision.reason)
    permissions = frozenset(permissions_of(principal, method))
    return AgentInstanceFactory(catalogue, Asker(principal, permissions))
