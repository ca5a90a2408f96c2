"""SQL over `signing_keys`. What a key is and how it is sealed belongs to `netra_auth.keyring`."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Double, Integer, String, Text, exists, insert, literal, select
from sqlalchemy.exc import IntegrityError

from netra_auth.store.engine import Database
from netra_auth.store.tables import signing_keys

ACTIVE: Final = "active"
_ACTIVE_SLOT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRow:
    """A signing key as stored: its public half as it is, its private half sealed."""

    kid: str
    algorithm: str
    public_jwk: str
    sealed_private_jwk: str
    state: str
    active_slot: int | None
    created_at: float
    published_at: float | None = None
    activated_at: float | None = None
    retired_at: float | None = None
    gone_at: float | None = None


async def all_keys(database: Database) -> tuple[SigningKeyRow, ...]:
    """List every key, the oldest first."""
    async with database.reading() as connection:
        rows = await connection.execute(select(signing_keys).order_by(signing_keys.c.created_at))
        return tuple(SigningKeyRow(**row) for row in rows.mappings())


async def active_kid(database: Database) -> str | None:
    """Name the key that signs, if there is one."""
    async with database.reading() as connection:
        statement = select(signing_keys.c.kid).where(signing_keys.c.active_slot == _ACTIVE_SLOT)
        return (await connection.execute(statement)).scalar_one_or_none()


async def add_first(
    database: Database,
    *,
    kid: str,
    algorithm: str,
    public_jwk: str,
    sealed_private_jwk: str,
    created_at: float,
) -> bool:
    """Insert a key as the active one if the store has no key at all.

    Of any number of starting processes exactly one is told True; the others find its key.
    """
    columns: dict[str, ColumnElement[Any]] = {
        "kid": literal(kid, String),
        "algorithm": literal(algorithm, String),
        "public_jwk": literal(public_jwk, Text),
        "sealed_private_jwk": literal(sealed_private_jwk, Text),
        "state": literal(ACTIVE, String),
        "active_slot": literal(_ACTIVE_SLOT, Integer),
        "created_at": literal(created_at, Double),
        "published_at": literal(created_at, Double),
        "activated_at": literal(created_at, Double),
    }
    no_key_yet = ~exists(select(signing_keys.c.kid))
    statement = insert(signing_keys).from_select(
        list(columns), select(*columns.values()).where(no_key_yet)
    )
    try:
        async with database.transaction() as transaction:
            return (await transaction.connection.execute(statement)).rowcount == 1
    except IntegrityError:
        # Where snapshots let two processes both see an empty table, `active_slot` decides.
        return False
