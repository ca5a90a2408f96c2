"""SQL over `known_devices`. What a known browser may do is decided in `netra_auth.limits`."""

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import known_devices


async def is_anyones(connection: AsyncConnection, device_hash: str, since: float) -> bool:
    """Tell whether somebody logged in with a browser since a time."""
    statement = (
        select(known_devices.c.user_id)
        .where(known_devices.c.device_hash == device_hash, known_devices.c.last_seen_at > since)
        .limit(1)
    )
    return (await connection.execute(statement)).first() is not None


async def is_of(connection: AsyncConnection, device_hash: str, user_id: str, since: float) -> bool:
    """Tell whether this person logged in with a browser since a time."""
    statement = select(known_devices.c.user_id).where(
        known_devices.c.device_hash == device_hash,
        known_devices.c.user_id == user_id,
        known_devices.c.last_seen_at > since,
    )
    return (await connection.execute(statement)).first() is not None


async def rename(connection: AsyncConnection, device_hash: str, renewed: str) -> None:
    """Give a browser another name, for everybody it is known of."""
    await connection.execute(
        update(known_devices)
        .where(known_devices.c.device_hash == device_hash)
        .values(device_hash=renewed)
    )


async def note(connection: AsyncConnection, device_hash: str, user_id: str, at: float) -> None:
    """Note that a person logged in with a browser."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(
        insert(known_devices)
        .values(device_hash=device_hash, user_id=user_id, logins=1, last_seen_at=at)
        .on_conflict_do_update(
            index_elements=[known_devices.c.device_hash, known_devices.c.user_id],
            set_={"logins": known_devices.c.logins + 1, "last_seen_at": at},
        )
    )


async def keep_newest(connection: AsyncConnection, user_id: str, number: int) -> None:
    """Erase what a person has beyond a number of browsers.

    Those that never came back go first, then those not seen for the longest: a program that logs
    in without keeping its cookie does not push out the browsers of a person.
    """
    statement = (
        select(known_devices.c.device_hash)
        .where(known_devices.c.user_id == user_id)
        .order_by(
            (known_devices.c.logins > 1).desc(),
            known_devices.c.last_seen_at.desc(),
            known_devices.c.device_hash,
        )
        .offset(number)
        .limit(1000)
    )
    surplus = tuple((await connection.execute(statement)).scalars())
    if surplus:
        await connection.execute(
            delete(known_devices).where(
                known_devices.c.user_id == user_id, known_devices.c.device_hash.in_(surplus)
            )
        )


async def remove_of(connection: AsyncConnection, user_id: str) -> int:
    """Erase every browser of a person; say how many there were."""
    statement = delete(known_devices).where(known_devices.c.user_id == user_id)
    return (await connection.execute(statement)).rowcount
