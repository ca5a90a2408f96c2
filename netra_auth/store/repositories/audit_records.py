"""SQL over `audit`: rows are added and read, never changed (triggers refuse it)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import audit, audit_head


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which rows are wanted; what is None selects nothing out."""

    event: str | None = None
    actor: str | None = None
    subject: str | None = None
    since: float | None = None


EVERYTHING: Final = Selection()
_LOCKED_HEAD: Final = select(audit_head.c.seq, audit_head.c.chain_hash).with_for_update()
_APPEND: Final = insert(audit)
_MOVE_HEAD: Final = update(audit_head).values(
    seq=bindparam("to_seq"), chain_hash=bindparam("to_hash")
)


async def locked_head(connection: AsyncConnection) -> tuple[int, str]:
    """Give the number and hash of the chain's end; until the commit nobody else may move it."""
    seq, chain_hash = (await connection.execute(_LOCKED_HEAD)).one()
    return seq, chain_hash


async def append(
    connection: AsyncConnection, rows: Sequence[dict[str, Any]], seq: int, chain_hash: str
) -> None:
    """Append rows, each as a value for every field of `AuditRow`, and move the chain's end."""
    await connection.execute(_APPEND, rows)
    await connection.execute(_MOVE_HEAD, {"to_seq": seq, "to_hash": chain_hash})


async def head(connection: AsyncConnection) -> tuple[int, str]:
    """Give the number and hash of the chain's end."""
    seq, chain_hash = (
        await connection.execute(select(audit_head.c.seq, audit_head.c.chain_hash))
    ).one()
    return seq, chain_hash


async def page(
    connection: AsyncConnection, after: int, limit: int, which: Selection = EVERYTHING
) -> tuple[AuditRow, ...]:
    """List at most `limit` rows behind a number, in the order of the chain."""
    statement = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    for name in ("event", "actor", "subject"):
        value = getattr(which, name)
        if value is not None:
            statement = statement.where(audit.c[name] == value)
    if which.since is not None:
        statement = statement.where(audit.c.recorded_at >= which.since)
    return tuple(AuditRow(**row) for row in (await connection.execute(statement)).mappings())


async def unchained(connection: AsyncConnection) -> int:
    """Count the rows outside the chain."""
    outside = or_(audit.c.seq.is_(None), audit.c.seq < 1)
    statement = select(func.count()).select_from(audit).where(outside)
    number: int = (await connection.execute(statement)).scalar_one()
    return number


async def since(connection: AsyncConnection, recorded_at: float) -> tuple[AuditRow, ...]:
    """List the rows from a time on, in the order of the chain."""
    statement = (
        select(audit)
        .where(audit.c.recorded_at >= recorded_at)
        .order_by(audit.c.seq, audit.c.recorded_at, audit.c.audit_id)
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
