"""Presence on PostgreSQL: each process has one connection for it.

A lock of that session names the process, and ends with it, however it dies; a notification is told
to all when a journal's transaction commits.
"""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # It has no types.
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from netra.errors import DatabaseUnavailable
from netra.ids import row_id
from netra_backend.app.db.outage import outage_translated
from netra_backend.app.db.presence.notifications import CHANNEL, heads_in
from netra_backend.app.db.presence.port import JournalWatch

_ANSWER_SECONDS: Final = 5.0
_LOCK: Final = "SELECT pg_advisory_lock($1)"
_DEAD: Final = (
    "SELECT key FROM unnest($1::bigint[]) AS key WHERE NOT EXISTS (SELECT 1 FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND ((classid::bigint << 32) | objid::bigint) = key)"
)


class DatabasePresence:
    """Presence by a session of PostgreSQL.

    Args:
        engine: Where its one connection comes from; it is closed with it.
        origin: What this process's own notifications bear; they tell it nothing new.
        watch: Who is told of the others'.
    """

    def __init__(self, engine: AsyncEngine, origin: str, watch: JournalWatch) -> None:
        self._engine = engine
        self._origin = origin
        self._watch = watch
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        self._name = ""
        self._is_released = False
        self._connecting: asyncio.Task[None] | None = None

    async def name(self) -> str:
        """Give the name of this process; after its session was lost it is another one."""
        is_gone = self._driver is None or self._driver.is_closed()
        if is_gone and not self._is_released:
            if self._connecting is None or self._connecting.done():
                self._connecting = asyncio.create_task(self._connect())
                self._connecting.add_done_callback(_look_at)
            # A connection that is half made when its maker is cancelled would be closed by nobody.
            await asyncio.shield(self._connecting)
        return self._name

    async def dead(self, names: Collection[str]) -> frozenset[str]:
        """Say whose session holds its lock no longer."""
        own = await self.name()
        keys = {_key(name): name for name in names if name != own}
        if not keys or self._driver is None:
            return frozenset()
        with _outage_of_driver():
            rows = await self._driver.fetch(_DEAD, list(keys), timeout=_ANSWER_SECONDS)
        return frozenset(keys[row["key"]] for row in rows)

    async def listen(self) -> None:
        """Let the session hear: the driver calls when it does, and `name` renews what was lost."""
        await asyncio.Event().wait()

    async def release(self) -> None:
        """End the session, and the lock with it."""
        self._is_released = True
        if self._connecting is not None:
            await asyncio.wait((self._connecting,))
        await self._leave()
        await self._engine.dispose()

    async def _connect(self) -> None:
        await self._leave()
        with outage_translated(), _outage_of_driver():
            connection = await self._engine.connect()
            try:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                name = row_id("hld")
                await driver.fetch(_LOCK, _key(name), timeout=_ANSWER_SECONDS)
                await driver.add_listener(CHANNEL, self._heard)
            except BaseException:
                await connection.invalidate()
                await connection.close()
                raise
        self._connection, self._driver, self._name = connection, driver, name
        # What was told in between was told to nobody here.
        self._watch.look_again()

    async def _leave(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            try:
                with outage_translated():
                    await connection.invalidate()
                    await connection.close()
            except DatabaseUnavailable:
                # It is gone already, which is all that was wanted.
                return

    def _heard(self, _connection: object, _process: int, _channel: str, payload: str) -> None:
        for owner_id, head in heads_in(payload, self._origin):
            self._watch.went_on(owner_id, head)


@contextmanager
def _outage_of_driver() -> Iterator[None]:
    """Turn what the driver says when its session is gone into `DatabaseUnavailable`."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseUnavailable(f"the session of this process: {type(error).__name__}") from error


def _look_at(connecting: asyncio.Task[None]) -> None:
    # Whoever waited for it may have been cancelled: its failure is no surprise then.
    if not connecting.cancelled():
        connecting.exception()


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
