"""SQL over `signing_keys`. What a key is and how it is sealed belongs to `netra_auth.keyring`."""

from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import delete, exists, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import signing_keys

_GONE: Final = "gone"
_STATES: Final = select(signing_keys.c.kid, signing_keys.c.state).where(
    signing_keys.c.state != _GONE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRow:
    """A signing key as stored: its public half as it is, its private half sealed.

    `active_slot` is 1 in the row of the key that signs. `sealed_private_jwk` is empty once the
    private half is destroyed.
    """

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

    def __repr__(self) -> str:
        return f"SigningKeyRow({self.kid}, {self.state})"


async def all_of(connection: AsyncConnection) -> tuple[SigningKeyRow, ...]:
    """List every key, the oldest first."""
    statement = select(signing_keys).order_by(signing_keys.c.created_at, signing_keys.c.kid)
    return tuple(SigningKeyRow(**row) for row in (await connection.execute(statement)).mappings())


async def locked(connection: AsyncConnection) -> tuple[SigningKeyRow, ...]:
    """List every key, and let nobody else change one until the transaction ends.

    The table is locked and not its rows: a rotation adds one, and whoever waited for the rows that
    there were before would then wait crosswise with whoever began after. SQLite needs no lock: its
    transactions write one at a time.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))
    return await all_of(connection)


async def states(connection: AsyncConnection) -> frozenset[tuple[str, str]]:
    """Give the `kid` and the state of every key that is not gone."""
    return frozenset((kid, state) for kid, state in await connection.execute(_STATES))


async def add(connection: AsyncConnection, row: SigningKeyRow) -> None:
    """Insert a key.

    Raises:
        IntegrityError: Another key is active, and this one is to be.
    """
    await connection.execute(insert(signing_keys).values(**asdict(row)))


async def add_first(connection: AsyncConnection, row: SigningKeyRow) -> bool:
    """Insert a key if the store has none at all, and tell whether that was so.

    Raises:
        IntegrityError: Another process did the same and was first.
    """
    columns = {
        name: literal(value, signing_keys.c[name].type) for name, value in asdict(row).items()
    }
    no_key_yet = ~exists(select(signing_keys.c.kid))
    statement = insert(signing_keys).from_select(
        list(columns), select(*columns.values()).where(no_key_yet)
    )
    return (await connection.execute(statement)).rowcount == 1


async def save(connection: AsyncConnection, row: SigningKeyRow) -> None:
    """Write a key's row anew."""
    statement = update(signing_keys).where(signing_keys.c.kid == row.kid)
    await connection.execute(statement.values(**asdict(row)))


async def forget_gone(connection: AsyncConnection, keep: int) -> None:
    """Delete the rows of keys that are gone, but for those that went last."""
    gone = select(signing_keys.c.kid).where(signing_keys.c.state == _GONE)
    newest_first = (signing_keys.c.gone_at.desc(), signing_keys.c.kid)
    kept = (await connection.execute(gone.order_by(*newest_first).limit(keep))).scalars().all()
    await connection.execute(
        delete(signing_keys).where(signing_keys.c.state == _GONE, signing_keys.c.kid.not_in(kept))
    )
