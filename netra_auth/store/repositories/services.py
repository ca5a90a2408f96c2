"""SQL over `services`."""

from dataclasses import asdict, dataclass

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.repositories.service_secrets import ServiceSecretRow, valid_at
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


async def with_valid_secrets(
    connection: AsyncConnection, service_id: str, at: float
) -> tuple[ServiceRow | None, tuple[ServiceSecretRow, ...]]:
    """Find a service, disabled or not, and its secrets that are valid at a time, in one read."""
    same = and_(service_secrets.c.service_id == services.c.service_id, valid_at(at))
    statement = (
        select(services, service_secrets)
        .select_from(services.outerjoin(service_secrets, same))
        .where(services.c.service_id == service_id)
    )
    rows = (await connection.execute(statement)).all()
    if not rows:
        return None, ()
    # Both tables have columns of the same name: a row is told apart by position.
    width = len(services.c)
    service = ServiceRow(**dict(zip(services.c.keys(), rows[0][:width], strict=True)))
    names = service_secrets.c.keys()
    secrets = tuple(
        ServiceSecretRow(**dict(zip(names, row[width:], strict=True)))
        for row in rows
        if row[width] is not None
    )
    return service, secrets


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
