"""SQL over `service_secrets`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import service_secrets


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


_COUNT_USES: Final = (
    update(service_secrets)
    .where(service_secrets.c.secret_id == bindparam("used"))
    .values(uses=service_secrets.c.uses + bindparam("more"), last_used_at=bindparam("at"))
)


def valid_at(at: float) -> ColumnElement[bool]:
    """Say in SQL that a secret is valid at a time."""
    return or_(service_secrets.c.valid_until.is_(None), service_secrets.c.valid_until > at)


async def add(connection: AsyncConnection, row: ServiceSecretRow) -> None:
    """Insert a secret."""
    await connection.execute(
        insert(service_secrets).values(
            secret_id=row.secret_id,
            service_id=row.service_id,
            secret_sha256=row.secret_sha256,
            created_at=row.created_at,
            valid_until=row.valid_until,
        )
    )


async def of_service(connection: AsyncConnection, service_id: str) -> tuple[ServiceSecretRow, ...]:
    """List the secrets of a service, those that have ended too, the oldest first."""
    return await _listed(connection, service_secrets.c.service_id == service_id)


async def valid_of(
    connection: AsyncConnection, service_id: str, at: float
) -> tuple[ServiceSecretRow, ...]:
    """List the secrets of a service that are valid at a time, the oldest first."""
    return await _listed(connection, service_secrets.c.service_id == service_id, valid_at(at))


async def everybodys(connection: AsyncConnection) -> tuple[ServiceSecretRow, ...]:
    """List the secrets of every service, those that have ended too, the oldest first."""
    return await _listed(connection)


async def valid(connection: AsyncConnection, at: float) -> tuple[ServiceSecretRow, ...]:
    """List the secrets of every service that are valid at a time, the oldest first."""
    return await _listed(connection, valid_at(at))


async def count_uses(connection: AsyncConnection, uses: Sequence[tuple[str, int, float]]) -> None:
    """Count uses of secrets, in the store: two processes never lose one of each other's.

    Args:
        connection: Where.
        uses: The secret, how often it was used, and when last.
    """
    several = [{"used": used, "more": more, "at": at} for used, more, at in uses]
    await connection.execute(_COUNT_USES, several)


async def end_all(connection: AsyncConnection, service_id: str, at: float) -> None:
    """Give every secret of a service an end; one that ends earlier keeps its own."""
    await connection.execute(
        update(service_secrets)
        .where(service_secrets.c.service_id == service_id, valid_at(at))
        .values(valid_until=at)
    )


async def remove(connection: AsyncConnection, service_id: str, secret_id: str) -> bool:
    """Delete one secret of a service; say whether there was such a one."""
    statement = delete(service_secrets).where(
        service_secrets.c.service_id == service_id, service_secrets.c.secret_id == secret_id
    )
    return (await connection.execute(statement)).rowcount == 1


async def remove_ended(connection: AsyncConnection, service_id: str, before: float) -> None:
    """Delete the secrets of a service that ended before a time."""
    await connection.execute(
        delete(service_secrets).where(
            service_secrets.c.service_id == service_id, service_secrets.c.valid_until < before
        )
    )


async def _listed(
    connection: AsyncConnection, *conditions: ColumnElement[bool]
) -> tuple[ServiceSecretRow, ...]:
    statement = (
        select(service_secrets)
        .where(*conditions)
        .order_by(service_secrets.c.created_at, service_secrets.c.secret_id)
    )
    rows = await connection.execute(statement)
    return tuple(ServiceSecretRow(**row) for row in rows.mappings())
