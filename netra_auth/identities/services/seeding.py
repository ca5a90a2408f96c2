"""Services from the registry of the configuration, put into the store at start."""

from typing import Final

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.contract.service_registry import ServiceRegistration
from netra.ids import row_id
from netra.principal import SERVICE_NAMESPACE
from netra.telemetry.log_events import event_logger
from netra_auth.audit import STARTUP, Act, AuditEvent, AuditTrail, Outcome
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import services
from netra_auth.store.repositories.service_secrets import ServiceSecretRow
from netra_auth.store.repositories.services import ServiceRow

_log = event_logger("netra_auth.identities")

_OURSELVES: Final = "service:netra-auth"


async def seed(
    registrations: tuple[ServiceRegistration, ...],
    database: Database,
    audit: AuditTrail,
    clock: Clock,
) -> None:
    """Insert the registered services that the store does not have.

    One that it has is never overwritten, whatever the registry says: a difference is told as the
    event `service_registry_differs`, since a secret may have been rotated in the store.

    Raises:
        DatabaseUnavailable: The store cannot be reached.
    """
    for registration in registrations:
        try:
            async with database.transaction() as transaction:
                await _seed_one(transaction, registration, audit, clock.timestamp())
        except IntegrityError:
            # Another process that starts at the same time inserted it first.
            async with database.transaction() as transaction:
                await _seed_one(transaction, registration, audit, clock.timestamp())


async def _seed_one(
    transaction: Transaction, registration: ServiceRegistration, audit: AuditTrail, now: float
) -> None:
    connection, service_id = transaction.connection, registration.service_id
    found = (await services.known(connection, [service_id])).get(service_id)
    if found is not None:
        stored, secrets = found
        valid = tuple(one for one in secrets if one.valid_until is None or now < one.valid_until)
        _tell_differences(registration, stored, valid)
        return
    row = ServiceRow(
        service_id=service_id,
        scopes=" ".join(registration.scopes),
        audiences=" ".join(registration.audiences),
        created_at=now,
    )
    secret = ServiceSecretRow(
        secret_id=row_id("sec"),
        service_id=service_id,
        secret_sha256=registration.secret_sha256,
        created_at=now,
    )
    await services.add(connection, row, secret)
    act = Act(
        event=AuditEvent.SERVICE_REGISTERED,
        outcome=Outcome.SUCCESS,
        origin=STARTUP,
        actor=_OURSELVES,
        subject=f"{SERVICE_NAMESPACE}{service_id}",
    )
    await audit.note(transaction, act)


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
