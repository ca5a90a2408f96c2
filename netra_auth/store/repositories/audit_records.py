"""SQL over `audit`: rows are added and read, never changed (triggers refuse it)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One act as stored; a token appears as a hash of its id only."""

    audit_id: str
    recorded_at: float
    event: str
    outcome: str
    actor: str
    client_id: str | None = None
    subject: str | None = None
    token_hash: str | None = None
    reason: str | None = None
    request_id: str | None = None
    address: str | None = None
    seq: int | None = None
    chain_hash: str | None = None


async def add(connection: AsyncConnection, row: AuditRow) -> None:
    """Append a row."""
    await connection.execute(insert(audit).values(**asdict(row)))


async def since(connection: AsyncConnection, recorded_at: float) -> tuple[AuditRow, ...]:
    """List the rows from a time on, the oldest first."""
    statement = (
        select(audit)
        .where(audit.c.recorded_at >= recorded_at)
        .order_by(audit.c.recorded_at, audit.c.audit_id)
    )
    return tuple(AuditRow(**row) for row in (await connection.execute(statement)).mappings())


async def concerning(
    connection: AsyncConnection, user_id: str, session_ids: Sequence[str]
) -> tuple[AuditRow, ...]:
    """List what a person did, and what was done to them or their sessions, the oldest first."""
    statement = (
        select(audit)
        .where(
            or_(
                audit.c.actor == user_id,
                audit.c.subject == user_id,
                audit.c.subject.in_(list(session_ids)),
            )
        )
        .order_by(audit.c.recorded_at, audit.c.audit_id)
    )
    return tuple(AuditRow(**row) for row in (await connection.execute(statement)).mappings())
