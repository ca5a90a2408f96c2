"""SQL over `second_factors`. What a code is worth is decided in `identities.second_factor`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import second_factors


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorRow:
    """A person's authenticator as stored.

    Attributes:
        user_id: Whose it is.
        sealed_secret: Its secret, sealed.
        created_at: When it was set up.
        confirmed_at: When its first code was taken; None while it is being set up.
        last_step: The time step of the newest code taken.
        failures: How many codes were wrong since the last right one.
        blocked_until: No code is looked at before.
    """

    user_id: str
    sealed_secret: str = field(repr=False)
    created_at: float
    confirmed_at: float | None = None
    last_step: int = 0
    failures: int = 0
    blocked_until: float = 0


async def add(connection: AsyncConnection, row: SecondFactorRow) -> None:
    """Insert one that is still to be confirmed.

    Raises:
        sqlalchemy.exc.IntegrityError: The person has one.
    """
    await connection.execute(
        insert(second_factors).values(
            user_id=row.user_id,
            sealed_secret=row.sealed_secret,
            created_at=row.created_at,
            confirmed_at=row.confirmed_at,
            last_step=row.last_step,
        )
    )


async def of_user(connection: AsyncConnection, user_id: str) -> SecondFactorRow | None:
    """Find a person's, confirmed or not."""
    statement = select(second_factors).where(second_factors.c.user_id == user_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else SecondFactorRow(**row)


async def confirmed_among(connection: AsyncConnection, user_ids: Iterable[str]) -> frozenset[str]:
    """Say who of these people has a confirmed one."""
    statement = select(second_factors.c.user_id).where(
        second_factors.c.user_id.in_(list(user_ids)), second_factors.c.confirmed_at.is_not(None)
    )
    return frozenset((await connection.execute(statement)).scalars())


async def confirm(
    connection: AsyncConnection, row: SecondFactorRow, *, step: int, at: float
) -> bool:
    """Confirm the very one that was read; of any number of callers exactly one is told True."""
    statement = (
        update(second_factors)
        .where(
            second_factors.c.user_id == row.user_id,
            second_factors.c.sealed_secret == row.sealed_secret,
            second_factors.c.confirmed_at.is_(None),
        )
        .values(confirmed_at=at, last_step=step)
    )
    return (await connection.execute(statement)).rowcount == 1


async def begin_attempt(
    connection: AsyncConnection, user_id: str, at: float
) -> SecondFactorRow | None:
    """Count an attempt as failed until it is settled, and hold the row; None if none is let in.

    The row's lock makes the attempts of one person follow each other, whoever serves them.
    """
    statement = (
        update(second_factors)
        .where(
            second_factors.c.user_id == user_id,
            second_factors.c.confirmed_at.is_not(None),
            second_factors.c.blocked_until <= at,
        )
        .values(failures=second_factors.c.failures + 1)
        .returning(*second_factors.c)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else SecondFactorRow(**row)


async def settle_attempt(connection: AsyncConnection, user_id: str, last_step: int) -> None:
    """Note that the attempt was good: nothing counts against the person any more."""
    await connection.execute(
        update(second_factors)
        .where(second_factors.c.user_id == user_id)
        .values(failures=0, blocked_until=0, last_step=last_step)
    )


async def block(connection: AsyncConnection, user_id: str, until: float) -> None:
    """Look at no code of a person before a time."""
    await connection.execute(
        update(second_factors)
        .where(second_factors.c.user_id == user_id)
        .values(blocked_until=until)
    )


async def remove(connection: AsyncConnection, user_id: str) -> bool:
    """Erase a person's; say whether there was a confirmed one."""
    statement = (
        delete(second_factors)
        .where(second_factors.c.user_id == user_id)
        .returning(second_factors.c.confirmed_at)
    )
    row = (await connection.execute(statement)).one_or_none()
    return row is not None and row.confirmed_at is not None


async def remove_unconfirmed(connection: AsyncConnection, user_id: str) -> None:
    """Erase one that was never confirmed."""
    await connection.execute(
        delete(second_factors).where(
            second_factors.c.user_id == user_id, second_factors.c.confirmed_at.is_(None)
        )
    )
