"""Makes agents for exactly one principal. Nothing made here is kept or shared."""

from netra.agent_api import Agent, Asker
from netra.errors import InternalError, NotFound, PermissionDenied
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
        """The agents the principal may ask, the one that answers by default first."""
        return self._catalogue.names_for(self._asker.permissions)

    def chosen(self, name: str | None) -> str:
        """Give the name of the agent that answers: the one asked for, or the default.

        Raises:
            NotFound: There is none for this principal; whether there is one for others is not
                said.
        """
        names = self.names
        if name is None:
            if not names:
                raise NotFound("there is no agent for the principal")
            return names[0]
        if name not in names:
            raise NotFound("no agent has this name", detail="There is no agent of this name.")
        return name

    def make(self, name: str) -> Agent:
        """Make a new agent for the principal.

        Raises:
            NotFound: No agent has this name.
            PermissionDenied: The policy does not let the principal ask this agent.
            InternalError: The package gave an agent that works for somebody else.
        """
        if not self._catalogue.permits(name, self._asker.permissions):
            raise PermissionDenied(f"the agent {name} is not for this {self.principal.kind}")
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
