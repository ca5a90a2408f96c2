"""SQL over `login_sessions`. How long a session lasts is decided in `identities.sessions`."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import login_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A login session as stored.

    Attributes:
        expires_at: Its absolute end.
        address: Where it was begun from.
        user_agent: The browser it was begun with, in its own words.
        authenticated_at: When the person last proved who they are (OpenID Connect's `auth_time`).
        methods: How, as RFC 8176 names it, separated by spaces: `pwd`, `otp`.
    """

    session_id: str
    cookie_hash: str
    user_id: str
    created_at: float
    last_seen_at: float
    expires_at: float
    address: str = ""
    user_agent: str = ""
    authenticated_at: float = 0
    methods: str = "pwd"


async def add(connection: AsyncConnection, row: SessionRow) -> None:
    """Insert a session."""
    await connection.execute(
        insert(login_sessions).values(
            session_id=row.session_id,
            cookie_hash=row.cookie_hash,
            user_id=row.user_id,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            address=row.address,
            user_agent=row.user_agent,
            authenticated_at=row.authenticated_at,
            methods=row.methods,
        )
    )


async def by_cookie_hash(connection: AsyncConnection, cookie_hash: str) -> SessionRow | None:
    """Find the session a cookie belongs to, ended or not by time."""
    statement = select(login_sessions).where(login_sessions.c.cookie_hash == cookie_hash)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else SessionRow(**row)


async def by_id(connection: AsyncConnection, session_id: str) -> SessionRow | None:
    """Find a session by id, ended or not by time."""
    statement = select(login_sessions).where(login_sessions.c.session_id == session_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else SessionRow(**row)


async def locked(connection: AsyncConnection, session_id: str) -> SessionRow | None:
    """Find a session by id, ended or not by time; until the commit nobody else may end it.

    Whatever is done with a session's codes and tokens begins here, so that two such acts, and the
    end of the session, come one after the other.
    """
    statement = (
        select(login_sessions).where(login_sessions.c.session_id == session_id).with_for_update()
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else SessionRow(**row)


async def ids_of_user(connection: AsyncConnection, user_id: str) -> tuple[str, ...]:
    """List the ids of a person's sessions, always in one order: they are locked in it."""
    statement = (
        select(login_sessions.c.session_id)
        .where(login_sessions.c.user_id == user_id)
        .order_by(login_sessions.c.session_id)
    )
    return tuple((await connection.execute(statement)).scalars())


async def of_user(connection: AsyncConnection, user_id: str, at: float) -> tuple[SessionRow, ...]:
    """List a person's sessions that have not reached their absolute end, the latest used first."""
    statement = (
        select(login_sessions)
        .where(login_sessions.c.user_id == user_id, login_sessions.c.expires_at > at)
        .order_by(login_sessions.c.last_seen_at.desc(), login_sessions.c.session_id.desc())
    )
    return tuple(SessionRow(**row) for row in (await connection.execute(statement)).mappings())


async def touch(connection: AsyncConnection, session_id: str, seen_at: float) -> None:
    """Note that a session was used; the note never moves backwards."""
    await connection.execute(
        update(login_sessions)
        .where(login_sessions.c.session_id == session_id, login_sessions.c.last_seen_at < seen_at)
        .values(last_seen_at=seen_at)
    )


async def remove(connection: AsyncConnection, session_id: str) -> bool:
    """Erase a session with its codes and refresh tokens; say whether there was one."""
    statement = delete(login_sessions).where(login_sessions.c.session_id == session_id)
    return (await connection.execute(statement)).rowcount == 1


async def remove_every_one(connection: AsyncConnection) -> tuple[str, ...]:
    """Erase every session with its codes and refresh tokens; give their ids."""
    statement = delete(login_sessions).returning(login_sessions.c.session_id)
    return tuple((await connection.execute(statement)).scalars())
