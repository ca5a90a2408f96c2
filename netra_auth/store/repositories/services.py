"""SQL over `services` and `service_secrets`."""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Final

from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import service_secrets, services


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A service as stored; what is listed in one text is separated by spaces."""

    service_id: str
    scopes: str
    audiences: str
    created_at: float
    disabled_at: float | None = None
    name: str = ""
    redirect_uris: str = ""
    grants: str = "client_credentials"
    public_jwks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSecretRow:
    """One of a service's secrets, as SHA-256."""

    secret_id: str
    service_id: str
    secret_sha256: str = field(repr=False)
    created_at: float
    valid_until: float | None = None
    last_used_at: float | None = None
    uses: int = 0


_SERVICE: Final = tuple(field.name for field in fields(ServiceRow))
_SECRET: Final = tuple(field.name for field in fields(ServiceSecretRow))
_KNOWN: Final = (
    select(*(services.c[name] for name in _SERVICE), *(service_secrets.c[n] for n in _SECRET))
    .select_from(services.outerjoin(service_secrets))
    .where(services.c.service_id.in_(bindparam("ids", expanding=True)))
)


async def add(connection: AsyncConnection, row: ServiceRow, secret: ServiceSecretRow) -> None:
    """Insert a service with its first secret.

    Raises:
        sqlalchemy.exc.IntegrityError: There is such a service.
    """
    await connection.execute(
        insert(services).values(
            service_id=row.service_id,
            scopes=row.scopes,
            audiences=row.audiences,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
            name=row.name,
            redirect_uris=row.redirect_uris,
            grants=row.grants,
            public_jwks=row.public_jwks,
        )
    )
    await connection.execute(
        insert(service_secrets).values(
            secret_id=secret.secret_id,
            service_id=secret.service_id,
            secret_sha256=secret.secret_sha256,
            created_at=secret.created_at,
            valid_until=secret.valid_until,
        )
    )


async def by_id(connection: AsyncConnection, service_id: str) -> ServiceRow | None:
    """Find a service, disabled or not."""
    statement = select(services).where(services.c.service_id == service_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else ServiceRow(**row)


async def known(
    connection: AsyncConnection, service_ids: Collection[str]
) -> dict[str, tuple[ServiceRow, tuple[ServiceSecretRow, ...]]]:
    """Find services, disabled or not, each with all its secrets, ended or not."""
    found = await connection.execute(_KNOWN, {"ids": list(service_ids)})
    services_by_id: dict[str, ServiceRow] = {}
    secrets_by_id: dict[str, list[ServiceSecretRow]] = {}
    for row in found:
        if row[0] not in services_by_id:
            services_by_id[row[0]] = ServiceRow(
                **dict(zip(_SERVICE, row[: len(_SERVICE)], strict=True))
            )
            secrets_by_id[row[0]] = []
        if row[len(_SERVICE)] is not None:
            secret = dict(zip(_SECRET, row[len(_SERVICE) :], strict=True))
            secrets_by_id[row[0]].append(ServiceSecretRow(**secret))
    return {name: (row, tuple(secrets_by_id[name])) for name, row in services_by_id.items()}


async def secrets_of(
    connection: AsyncConnection, service_id: str, at: float
) -> tuple[ServiceSecretRow, ...]:
    """List the secrets of a service that are valid at a time."""
    valid = or_(service_secrets.c.valid_until.is_(None), service_secrets.c.valid_until > at)
    statement = select(service_secrets).where(service_secrets.c.service_id == service_id, valid)
    rows = await connection.execute(statement)
    return tuple(ServiceSecretRow(**row) for row in rows.mappings())
