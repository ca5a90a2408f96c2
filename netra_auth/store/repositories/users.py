"""SQL over `users`. What a user may be called and what a password must be is decided elsewhere."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import users


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A person as stored; `roles` are separated by spaces."""

    user_id: str
    email: str
    password_hash: str = field(repr=False)
    roles: str
    created_at: float
    disabled_at: float | None = None


async def add(connection: AsyncConnection, row: UserRow) -> None:
    """Insert a person.

    Raises:
        sqlalchemy.exc.IntegrityError: The e-mail address is taken.
    """
    await connection.execute(
        insert(users).values(
            user_id=row.user_id,
            email=row.email,
            password_hash=row.password_hash,
            roles=row.roles,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
        )
    )


async def by_email(connection: AsyncConnection, email: str) -> UserRow | None:
    """Find a person by normalised e-mail address."""
    statement = select(users).where(users.c.email == email)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else UserRow(**row)


async def by_id(connection: AsyncConnection, user_id: str) -> UserRow | None:
    """Find a person by id."""
    statement = select(users).where(users.c.user_id == user_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else UserRow(**row)


async def lock(connection: AsyncConnection, user_id: str) -> None:
    """Keep a person's row from everybody else until the transaction ends."""
    statement = select(users.c.user_id).where(users.c.user_id == user_id).with_for_update()
    await connection.execute(statement)


async def locked(connection: AsyncConnection, user_id: str) -> UserRow | None:
    """Find a person by id; until the commit nobody else may change or erase them."""
    statement = select(users).where(users.c.user_id == user_id).with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else UserRow(**row)


async def set_password_hash(connection: AsyncConnection, user_id: str, password_hash: str) -> None:
    """Replace a person's password hash."""
    await connection.execute(
        update(users).where(users.c.user_id == user_id).values(password_hash=password_hash)
    )


async def replace_password_hash(
    connection: AsyncConnection, user_id: str, *, before: str, after: str
) -> bool:
    """Replace a password hash if it is still the one that was checked; say whether it was."""
    statement = (
        update(users)
        .where(users.c.user_id == user_id, users.c.password_hash == before)
        .values(password_hash=after)
    )
    return (await connection.execute(statement)).rowcount == 1


async def page(connection: AsyncConnection, after: str, limit: int) -> tuple[UserRow, ...]:
    """List at most `limit` people whose ids follow one, in the order of their ids."""
    statement = select(users).where(users.c.user_id > after).order_by(users.c.user_id).limit(limit)
    return tuple(UserRow(**row) for row in (await connection.execute(statement)).mappings())


async def disable(connection: AsyncConnection, user_id: str, at: float) -> bool:
    """Disable a person; say whether they were enabled."""
    statement = (
        update(users)
        .where(users.c.user_id == user_id, users.c.disabled_at.is_(None))
        .values(disabled_at=at)
    )
    return (await connection.execute(statement)).rowcount == 1


async def enable(connection: AsyncConnection, user_id: str) -> bool:
    """Enable a person again; say whether they were disabled."""
    statement = (
        update(users)
        .where(users.c.user_id == user_id, users.c.disabled_at.is_not(None))
        .values(disabled_at=None)
    )
    return (await connection.execute(statement)).rowcount == 1


async def remove(connection: AsyncConnection, user_id: str) -> bool:
    """Erase a person with their sessions, codes and refresh tokens; say whether there was one."""
    result = await connection.execute(delete(users).where(users.c.user_id == user_id))
    return result.rowcount == 1
