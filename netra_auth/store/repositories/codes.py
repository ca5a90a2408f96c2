"""SQL over `authorization_codes`."""

from dataclasses import dataclass, field

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import authorization_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """An authorization code as stored, with everything it is bound to."""

    code_hash: str = field(repr=False)
    session_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str
    scope: str
    expires_at: float
    claimed_at: float | None = None
    nonce: str | None = field(default=None, repr=False)
    family_id: str | None = None


async def add(connection: AsyncConnection, row: CodeRow) -> None:
    """Insert a code."""
    await connection.execute(
        insert(authorization_codes).values(
            code_hash=row.code_hash,
            session_id=row.session_id,
            client_id=row.client_id,
            redirect_uri=row.redirect_uri,
            code_challenge=row.code_challenge,
            scope=row.scope,
            expires_at=row.expires_at,
            claimed_at=row.claimed_at,
            nonce=row.nonce,
            family_id=row.family_id,
        )
    )


async def by_hash(connection: AsyncConnection, code_hash: str) -> CodeRow | None:
    """Find a code, claimed or not, expired or not."""
    statement = select(authorization_codes).where(authorization_codes.c.code_hash == code_hash)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else CodeRow(**row)


async def claim(connection: AsyncConnection, code_hash: str, at: float) -> bool:
    """Claim a code; of any number of callers exactly one is told True, for all time."""
    statement = (
        update(authorization_codes)
        .where(
            authorization_codes.c.code_hash == code_hash,
            authorization_codes.c.claimed_at.is_(None),
        )
        .values(claimed_at=at)
    )
    return (await connection.execute(statement)).rowcount == 1
