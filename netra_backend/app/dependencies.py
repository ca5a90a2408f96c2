"""The three things a route may ask for: a session, the service's name, an agent factory.

No decision is made here: who is asking is `auth_integration`'s, what it may is `netra.policy`'s.
"""

from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Request

from netra.errors import ConfigurationInvalid, CredentialMissing
from netra.isolated_environment import IsolatedEnvironment, process_environment
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal, ServiceIdentity, UserPrincipal
from netra.telemetry.request_record import Stage, request_record
from netra_backend.app.agents.instance_factory import (
    AgentInstanceFactory,
    for_service,
    for_user,
)
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import authenticated, require
from netra_backend.app.db.session import PrincipalSession

_READING = frozenset({"GET", "HEAD", "OPTIONS"})

Caller = Annotated[AuthenticatedPrincipal, Depends(authenticated)]
"""The verified principal of the request; asking for it is asking for a credential."""


async def get_request_scoped_db_session(
    request: Request, principal: Caller
) -> AsyncIterator[PrincipalSession]:
    """Give the caller's session; committed before the answer goes out, rolled back on any error.

    The caller is authenticated before anything is opened. What goes wrong is booked on the stage
    it went wrong in.

    Raises:
        CredentialError: The caller proved nothing; no session was opened.
        PermissionDenied: The caller may not open sessions.
        DatabaseUnavailable: The database gave no session.
    """
    record = request_record(request.scope)
    require(Permission.SESSIONS_OPEN, record)
    record.stage = Stage.SESSION_OPEN
    async with state_of(request).database.session_for(
        principal, record.method, writes=request.method not in _READING
    ) as session:
        record.stage = Stage.HANDLER
        yield session
        record.stage = Stage.COMMIT


SessionDep = Annotated[PrincipalSession, Depends(get_request_scoped_db_session, scope="function")]
"""The one way a route gets a session; the scope puts the commit before the answer."""


def get_service_user_context() -> ServiceIdentity:
    """Give this service's own name, from the process's environment; the name opens nothing.

    Raises:
        ConfigurationInvalid: SERVICE_ID is not set, or is no service id.
    """
    return _named_in(process_environment())


@lru_cache(maxsize=4)
def _named_in(environment: IsolatedEnvironment) -> ServiceIdentity:
    # A snapshot never changes and is equal to itself alone, so its name is read once.
    service_id = environment.get("SERVICE_ID")
    if service_id is None:
        raise ConfigurationInvalid("SERVICE_ID is not set: the service has no name of its own.")
    return ServiceIdentity(service_id)


async def get_agent_instance_factory_dependency(
    request: Request, principal: Caller
) -> AgentInstanceFactory:
    """Give the agent factory bound to the caller; a service's is its own, never a user's.

    Raises:
        CredentialError: The caller proved nothing.
        PermissionDenied: The caller may not run agents.
    """
    record = request_record(request.scope)
    require(Permission.AGENTS_RUN, record)
    if record.method is None:
        raise CredentialMissing("the caller's credential came by no known way")
    catalogue = state_of(request).catalogue
    if isinstance(principal, UserPrincipal):
        return for_user(catalogue, principal, record.method)
    return for_service(catalogue, principal, record.method)
