"""Services: seeded from the registry at start, authenticated by their secret.

A secret is 256 random bits made by whoever deploys the service; the store has its SHA-256 only,
which is enough for a secret that cannot be guessed (ASVS 6.5.2).
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.contract.service_registry import ServiceRegistration
from netra.errors import CredentialRejected
from netra.ids import row_id
from netra.principal import SERVICE_NAMESPACE, ServicePrincipal, is_service_id
from netra.secret import Secret
from netra.telemetry.log_events import event_logger
from netra_auth.audit import STARTUP, Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.group_read import GroupRead
from netra_auth.store.repositories import services
from netra_auth.store.repositories.services import ServiceRow, ServiceSecretRow

_log = event_logger("netra_auth.identities")

_NOBODYS_SECRET: Final = "0" * 64

KnownService: TypeAlias = tuple[ServiceRow, tuple[ServiceSecretRow, ...]]


class ServiceRefused(CredentialRejected):
    """Unknown service, wrong secret or disabled service: from outside they are one."""

    code = "invalid_client"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service that has just proven its secret."""

    service_id: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The name tokens carry."""
        return f"{SERVICE_NAMESPACE}{self.service_id}"

    def principal(self, proven_at: float) -> ServicePrincipal:
        """Give the principal a secret proves: for this request, hence no token and no life."""
        return ServicePrincipal(self.service_id, frozenset(self.scopes), "", proven_at)


class ServiceAccounts:
    """Keeps the services and checks their secrets."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._known: GroupRead[str, KnownService] = GroupRead(self._look_up)

    async def authenticate(self, service_id: str, secret: Secret, origin: Origin) -> ServiceAccount:
        """Check a service's secret. A refusal is recorded here; a success by what it leads to.

        The same work is done for every id, known or not (checklist 28).

        Raises:
            ServiceRefused: The service is unknown or disabled, or the secret is wrong.
            DatabaseUnavailable: The store cannot be reached.
        """
        known_shape = service_id if is_service_id(service_id) else ""
        row, secrets = await self._known.get(known_shape) or (None, ())
        now = self._clock.timestamp()
        presented = sha256(secret.reveal().encode()).hexdigest()
        # Every stored secret is compared, and nobody's where there is none.
        held = [
            stored.secret_sha256
            for stored in secrets
            if stored.valid_until is None or now < stored.valid_until
        ] or [_NOBODYS_SECRET]
        is_right = any([hmac.compare_digest(presented, digest) for digest in held])  # noqa: C419 - a generator would stop at the first match
        if row is None:
            reason = "unknown service"
        elif not is_right:
            reason = "wrong secret"
        elif row.disabled_at is not None:
            reason = "the service is disabled"
        else:
            return ServiceAccount(
                row.service_id, tuple(row.scopes.split()), tuple(row.audiences.split())
            )
        act = Act(
            event=AuditEvent.CLIENT_AUTHENTICATION,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=service_id,
            reason=reason,
        )
        await self._audit.note_alone(act)
        raise ServiceRefused(reason)

    async def is_enabled(self, service_id: str) -> bool:
        """Tell whether there is such a service and it is not disabled.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        row, _ = await self._known.get(service_id) or (None, ())
        return row is not None and row.disabled_at is None

    async def _look_up(self, service_ids: Collection[str]) -> Mapping[str, KnownService]:
        async with self._database.reading() as connection:
            return await services.known(connection, service_ids)

    async def seed(self, registrations: tuple[ServiceRegistration, ...]) -> None:
        """Insert the registered services that the store does not have.

        One that it has is never overwritten, whatever the registry says: a difference is told as
        the event `service_registry_differs`, since a secret may have been rotated in the store.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        for registration in registrations:
            try:
                async with self._database.transaction() as transaction:
                    await self._seed_one(transaction, registration)
            except IntegrityError:
                # Another process that starts at the same time inserted it first.
                async with self._database.transaction() as transaction:
                    await self._seed_one(transaction, registration)

    async def _seed_one(self, transaction: Transaction, registration: ServiceRegistration) -> None:
        now = self._clock.timestamp()
        stored = await services.by_id(transaction.connection, registration.service_id)
        if stored is not None:
            held = await services.secrets_of(transaction.connection, registration.service_id, now)
            _tell_differences(registration, stored, held)
            return
        row = ServiceRow(
            service_id=registration.service_id,
            scopes=" ".join(registration.scopes),
            audiences=" ".join(registration.audiences),
            created_at=now,
        )
        secret = ServiceSecretRow(
            secret_id=row_id("sec"),
            service_id=registration.service_id,
            secret_sha256=registration.secret_sha256,
            created_at=now,
        )
        await services.add(transaction.connection, row, secret)
        act = Act(
            event=AuditEvent.SERVICE_REGISTERED,
            outcome=Outcome.SUCCESS,
            origin=STARTUP,
            actor="service:netra-auth",
            subject=f"{SERVICE_NAMESPACE}{registration.service_id}",
        )
        await self._audit.note(transaction, act)


def _tell_differences(
    registration: ServiceRegistration, stored: ServiceRow, held: tuple[ServiceSecretRow, ...]
) -> None:
    differing = [
        name
        for name, differs in (
            ("secret", registration.secret_sha256 not in {s.secret_sha256 for s in held}),
            ("scopes", set(registration.scopes) != set(stored.scopes.split())),
            ("audiences", set(registration.audiences) != set(stored.audiences.split())),
        )
        if differs
    ]
    if differing:
        _log.warning(
            "service_registry_differs",
            message=f"SERVICE_REGISTRY and the store differ for {stored.service_id} in "
            f"{', '.join(differing)}; the store's entry stays in force.",
            service_id=stored.service_id,
            differing=differing,
        )
