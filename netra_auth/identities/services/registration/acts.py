"""An act on a service: one transaction, one audit row, done or refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from netra.errors import NotFound, RequestError
from netra.principal import (
    SERVICE_NAMESPACE,
    AuthenticatedPrincipal,
    ServicePrincipal,
    is_service_id,
)
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import service_secrets, services
from netra_auth.store.repositories.service_secrets import ServiceSecretRow
from netra_auth.store.repositories.services import ServiceRow


class OpenAct:
    """An act that is going on; `says` becomes the reason in its audit row."""

    def __init__(self, transaction: Transaction, caller: AuthenticatedPrincipal) -> None:
        self.transaction = transaction
        self.connection = transaction.connection
        self.says: str | None = None
        self._caller = caller

    async def service(
        self, service_id: str, at: float
    ) -> tuple[ServiceRow, tuple[ServiceSecretRow, ...]]:
        """Find the service and its valid secrets; nobody else changes either meanwhile.

        Raises:
            NotFound: There is no such service.
        """
        row = None
        if is_service_id(service_id):
            row = await services.by_id(self.connection, service_id, for_update=True)
        if row is None:
            raise NotFound("there is no such service")
        return row, await service_secrets.valid_of(self.connection, service_id, at)

    async def callers_row(self) -> ServiceRow | None:
        """Find what is registered of the caller; None if it is a person."""
        if not isinstance(self._caller, ServicePrincipal):
            return None
        return await services.by_id(self.connection, self._caller.service_id)


@asynccontextmanager
async def recorded_act(
    database: Database,
    audit: AuditTrail,
    event: AuditEvent,
    service_id: str,
    caller: AuthenticatedPrincipal,
    origin: Origin,
) -> AsyncIterator[OpenAct]:
    """Open the transaction of an act, and record how the act ends.

    Raises:
        DatabaseUnavailable: The store cannot be reached; nothing was done then.
    """

    def recorded(outcome: Outcome, reason: str | None) -> Act:
        return Act(
            event=event,
            outcome=outcome,
            origin=origin,
            actor=str(caller),
            subject=f"{SERVICE_NAMESPACE}{service_id}",
            reason=reason,
        )

    try:
        async with database.transaction() as transaction:
            act = OpenAct(transaction, caller)
            yield act
            await audit.note(transaction, recorded(Outcome.SUCCESS, act.says))
    except RequestError as refused:
        await audit.note_alone(recorded(Outcome.REFUSED, refused.reason))
        raise
