"""SQL over `mail_requests`: mails that were asked for, from the asking to the use of their links.

A claim is one statement, so of any number of senders one has it; what a sender does to its row
names the claim, and changes nothing once another one has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import mail_requests, users


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A mail as it was asked for, and how far it has come."""

    mail_id: str
    purpose: str
    address: str = field(repr=False)
    created_at: float
    attempts: int = 0
    next_attempt_at: float | None
    token_hash: str | None = field(default=None, repr=False)
    expires_at: float


async def add(connection: AsyncConnection, row: MailRow) -> None:
    """Insert one that is to be sent."""
    await connection.execute(
        insert(mail_requests).values(
            mail_id=row.mail_id,
            purpose=row.purpose,
            address=row.address,
            created_at=row.created_at,
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            token_hash=row.token_hash,
            expires_at=row.expires_at,
        )
    )


async def due(connection: AsyncConnection, at: float, limit: int) -> Sequence[str]:
    """Give the ids of at most `limit` mails that are to be sent now, the oldest first."""
    statement = (
        select(mail_requests.c.mail_id)
        .where(mail_requests.c.next_attempt_at <= at)
        .order_by(mail_requests.c.next_attempt_at)
        .limit(limit)
    )
    return (await connection.execute(statement)).scalars().all()


async def claim(
    connection: AsyncConnection, mail_id: str, *, at: float, until: float
) -> MailRow | None:
    """Keep a mail that is due from other senders until a time; None if another one has it."""
    statement = (
        update(mail_requests)
        .where(mail_requests.c.mail_id == mail_id, mail_requests.c.next_attempt_at <= at)
        .values(attempts=mail_requests.c.attempts + 1, next_attempt_at=until)
        .returning(*mail_requests.c)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else MailRow(**row)


async def put_token(connection: AsyncConnection, claimed: MailRow, token_hash: str) -> None:
    """Note the link that is being sent; one of an earlier attempt is worth nothing any more."""
    statement = update(mail_requests).where(_is(claimed)).values(token_hash=token_hash)
    await connection.execute(statement)


async def put_off(connection: AsyncConnection, claimed: MailRow, at: float) -> None:
    """Give a mail back, to be sent at a time."""
    await connection.execute(update(mail_requests).where(_is(claimed)).values(next_attempt_at=at))


async def keep_sent(connection: AsyncConnection, claimed: MailRow, expires_at: float) -> None:
    """Keep a mail that was sent for the sake of its link."""
    await connection.execute(
        update(mail_requests)
        .where(_is(claimed))
        .values(next_attempt_at=None, expires_at=expires_at)
    )


async def remove(connection: AsyncConnection, claimed: MailRow) -> None:
    """Erase a mail that nothing more is to be done about."""
    await connection.execute(delete(mail_requests).where(_is(claimed)))


async def by_token(connection: AsyncConnection, token_hash: str, at: float) -> MailRow | None:
    """Find the mail of a link that is in force."""
    statement = select(mail_requests).where(
        mail_requests.c.token_hash == token_hash, mail_requests.c.expires_at > at
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else MailRow(**row)


async def take(connection: AsyncConnection, token_hash: str, at: float) -> bool:
    """Use a link up; say whether it was in force. Of any number of users one is told so."""
    statement = delete(mail_requests).where(
        mail_requests.c.token_hash == token_hash, mail_requests.c.expires_at > at
    )
    return (await connection.execute(statement)).rowcount == 1


async def remove_all_of(connection: AsyncConnection, address: str) -> None:
    """Erase every mail to an address, with the links in those that were sent."""
    await connection.execute(delete(mail_requests).where(mail_requests.c.address == address))


async def remove_all_of_user(connection: AsyncConnection, user_id: str) -> None:
    """Erase every mail to a person's address."""
    address = select(users.c.email).where(users.c.user_id == user_id).scalar_subquery()
    await connection.execute(delete(mail_requests).where(mail_requests.c.address == address))


async def remove_every_one(connection: AsyncConnection) -> None:
    """Erase all of them."""
    await connection.execute(delete(mail_requests))


def _is(claimed: MailRow) -> ColumnElement[bool]:
    """Name a row while a claim on it is in force."""
    return and_(
        mail_requests.c.mail_id == claimed.mail_id, mail_requests.c.attempts == claimed.attempts
    )
