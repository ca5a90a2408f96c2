"""SQL over `family_tokens`: the access tokens of relying parties, by the family they belong to."""

from dataclasses import dataclass

from sqlalchemy import insert, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import family_tokens, login_sessions, refresh_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTokenRow:
    """An access token as stored: its id, not itself."""

    token_id: str
    family_id: str
    session_id: str
    client_id: str
    expires_at: float


async def add(connection: AsyncConnection, row: FamilyTokenRow) -> None:
    """Insert an access token."""
    await connection.execute(
        insert(family_tokens).values(
            token_id=row.token_id,
            family_id=row.family_id,
            session_id=row.session_id,
            client_id=row.client_id,
            expires_at=row.expires_at,
        )
    )


async def alive(connection: AsyncConnection, family_id: str, at: float) -> tuple[str, ...]:
    """List the ids of a family's access tokens that have not expired at a time."""
    statement = select(family_tokens.c.token_id).where(
        family_tokens.c.family_id == family_id, family_tokens.c.expires_at > at
    )
    return tuple((await connection.execute(statement)).scalars())


async def families_of(connection: AsyncConnection, user_id: str, client_id: str) -> tuple[str, ...]:
    """List the families of a person and a client, and keep the person's sessions until the end."""
    theirs = (
        select(login_sessions.c.session_id)
        .where(login_sessions.c.user_id == user_id)
        .order_by(login_sessions.c.session_id)
        .with_for_update()
    )
    session_ids = tuple((await connection.execute(theirs)).scalars())
    found = union(
        *(
            select(table.c.family_id).where(
                table.c.client_id == client_id, table.c.session_id.in_(session_ids)
            )
            for table in (family_tokens, refresh_tokens)
        )
    )
    return tuple((await connection.execute(found)).scalars())
