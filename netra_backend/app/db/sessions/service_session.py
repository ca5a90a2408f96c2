"""How the service's own work gets a session: after its credential was proven, and not before."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from netra.errors import OwnCredentialUnproven
from netra.policy import CredentialMethod
from netra.principal import ServiceIdentity, ServicePrincipal
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.session import Database, PrincipalSession

_log: Final = event_logger("db")

ServiceValidator = Callable[[str], Awaitable[ServicePrincipal]]
"""Proves the service's credential for a named operation; raises `CouldNotDecide` if it cannot."""


@asynccontextmanager
async def service_authentication_context(
    operation: str,
    *,
    database: Database,
    identity: ServiceIdentity,
    validate: ServiceValidator,
) -> AsyncIterator[PrincipalSession]:
    """Open a session for work the service starts itself, after its credential was proven.

    Args:
        operation: What the work is, in words an operator knows.
        database: Where the session is opened.
        identity: The service's own name; it opens nothing.
        validate: Proves the credential to the auth service.

    Raises:
        OwnCredentialUnproven: The credential was refused, or proves another service.
        AuthServiceUnreachable: The auth service could not be asked.
        PermissionDenied: The service may not open sessions.
        DatabaseUnavailable: The database gave no session.
    """
    _log.info(
        "service_session_requested",
        message=f"Creating session for service user '{identity}' - "
        "validating using service-to-service authentication",
        operation=operation,
        user_id=str(identity),
    )
    principal = await validate(operation)
    if principal.service_id != identity.service_id:
        raise OwnCredentialUnproven("the credential proves another service than this one")
    async with database.session_for(principal, CredentialMethod.CLIENT_SECRET) as session:
        _log.info(
            "service_session_created",
            message=f"SERVICE USER SESSION: Created session for service user_id='{principal}'",
            operation=operation,
            user_id=str(principal),
        )
        yield session
