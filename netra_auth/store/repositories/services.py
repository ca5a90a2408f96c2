"""SQL over `services`."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from typing import Final, TypeAlias

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.repositories.service_secrets import ServiceSecretRow
from netra_auth.store.repositories.service_secrets import add as add_secret
from netra_auth.store.tables import consents, service_secrets, services


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


KnownService: TypeAlias = tuple[ServiceRow, tuple[ServiceSecretRow, ...]]

_SERVICE: Final = tuple(field.name for field in fields(ServiceRow))
_SECRET: Final = tuple(field.name for field in fields(ServiceSecretRow))
_KNOWN: Final = (
    select(*(services.c[name] for name in _SERVICE), *(service_secrets.c[n] for n in _SECRET))
    .select_from(services.outerjoin(service_secrets))
    .where(services.c.service_id.in_(bindparam("ids", expanding=True)))
)


async def add(
    connection: AsyncConnection, row: ServiceRow, secret: ServiceSecretRow | None = None
) -> None:
    """Insert a service, with its first secret if it has one.

    Raises:
        sqlalchemy.exc.IntegrityError: There is such a service.
    """
    await connection.execute(insert(services).values(**asdict(row)))
    if secret is not None:
        await add_secret(connection, secret)


async def by_id(
    connection: AsyncConnection, service_id: str, *, for_update: bool = False
) -> ServiceRow | None:
    """Find a service, disabled or not; `for_update` keeps others from changing it meanwhile."""
    statement = select(services).where(services.c.service_id == service_id)
    if for_update:
        # SQLite knows no such clause, and needs none: a write transaction there is alone.
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else ServiceRow(**row)


async def known(
    connection: AsyncConnection, service_ids: Collection[str]
) -> dict[str, KnownService]:
    """Find services, disabled or not, each with all its secrets, ended or not, in one read."""
    found = await connection.execute(_KNOWN, {"ids": list(service_ids)})
    rows: dict[str, ServiceRow] = {}
    secrets: dict[str, list[ServiceSecretRow]] = {}
    width = len(_SERVICE)
    for row in found:
        # Both tables have columns of the same name: they are told apart by position.
        if row[0] not in rows:
            rows[row[0]] = ServiceRow(**dict(zip(_SERVICE, row[:width], strict=True)))
            secrets[row[0]] = []
        if row[width] is not None:
            secret = dict(zip(_SECRET, row[width:], strict=True))
            secrets[row[0]].append(ServiceSecretRow(**secret))
    return {name: (row, tuple(secrets[name])) for name, row in rows.items()}


async def everyone(connection: AsyncConnection) -> tuple[ServiceRow, ...]:
    """List every service, by id."""
    rows = await connection.execute(select(services).order_by(services.c.service_id))
    return tuple(ServiceRow(**row) for row in rows.mappings())


async def replace(connection: AsyncConnection, row: ServiceRow) -> None:
    """Store a service's row as given."""
    values = {name: value for name, value in asdict(row).items() if name != "service_id"}
    statement = update(services).where(services.c.service_id == row.service_id)
    await connection.execute(statement.values(**values))


async def forget_consents(connection: AsyncConnection, service_id: str) -> None:
    """Forget what people allowed a service: each is asked again."""
    await connection.execute(delete(consents).where(consents.c.client_id == service_id))
