"""Services as they prove themselves by a secret, and as others look them up."""

from collections.abc import Collection, Mapping

from netra.clock import Clock
from netra.errors import CredentialRejected
from netra.policy import CredentialMethod
from netra.principal import is_service_id
from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, Origin, Outcome
from netra_auth.identities.services.account import Service, ServiceAccount, account_of, service_of
from netra_auth.identities.services.secrets import matching
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.store.engine import Database
from netra_auth.store.group_read import GroupRead
from netra_auth.store.repositories import services
from netra_auth.store.repositories.services import KnownService


class ServiceRefused(CredentialRejected):
    """Unknown service, wrong proof or disabled service: from outside they are one."""

    code = "invalid_client"


class ServiceAccounts:
    """Checks the secrets of services and finds services."""

    def __init__(self, database: Database, refused: RefusedCredentials, clock: Clock) -> None:
        self._database = database
        self._refused = refused
        self._clock = clock
        self._known: GroupRead[str, KnownService] = GroupRead(self._look_up)

    async def authenticate(self, service_id: str, secret: Secret, origin: Origin) -> ServiceAccount:
        """Check a service's secret. A refusal is recorded here; a success by what it leads to.

        The same work is done for every id, known or not (checklist 28).

        Raises:
            ServiceRefused: The service is unknown or disabled, or the secret is wrong.
            TooManyRequests: That happened too often; a right secret is never refused for it.
            DatabaseUnavailable: The store cannot be reached.
        """
        known_shape = service_id if is_service_id(service_id) else ""
        row, held = await self._known.get(known_shape) or (None, ())
        now = self._clock.timestamp()
        valid = [one for one in held if one.valid_until is None or now < one.valid_until]
        used = matching(secret, valid)
        if row is None:
            reason = "unknown service"
        elif used is None:
            reason = "wrong secret"
        elif row.disabled_at is not None:
            reason = "the service is disabled"
        else:
            return account_of(row, CredentialMethod.CLIENT_SECRET, secret_id=used.secret_id)
        await self._refused.client(refusal(service_id, reason, origin))
        raise ServiceRefused(reason)

    async def is_enabled(self, service_id: str) -> bool:
        """Tell whether there is such a service and it is not disabled.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        row, _ = await self._known.get(service_id) or (None, ())
        return row is not None and row.disabled_at is None

    async def relying_party(self, client_id: str) -> Service | None:
        """Find the service that may send people's browsers here under a client id.

        Nothing is proven by it: an authorization request carries no proof of its client.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        if not is_service_id(client_id):
            return None
        row, _ = await self._known.get(client_id) or (None, ())
        if row is None or row.disabled_at is not None:
            return None
        service = service_of(row)
        return service if service.logs_people_in else None

    async def _look_up(self, service_ids: Collection[str]) -> Mapping[str, KnownService]:
        async with self._database.reading() as connection:
            return await services.known(connection, service_ids)


def refusal(service_id: str, reason: str, origin: Origin) -> Act:
    """Write down that a service did not prove itself; only the record says why."""
    return Act(
        event=AuditEvent.CLIENT_AUTHENTICATION,
        outcome=Outcome.REFUSED,
        origin=origin,
        client_id=service_id or None,
        reason=reason,
    )
