"""Processes of one database know of each other: who lives, and whose journals went on.

On PostgreSQL each has one connection for it. A lock of that session names the process, and ends
with it, however it dies; a notification is told to all when a journal's transaction commits.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from netra.errors import DatabaseUnavailable
from netra.ids import row_id
from netra_backend.app.db.outage import outage_translated

CHANNEL: Final = "netra_journals"
_PAYLOAD_BYTES: Final = 7000
"""PostgreSQL takes 8,000."""

_ANSWER_SECONDS: Final = 5.0
_LOCK: Final = "SELECT pg_advisory_lock($1)"
_DEAD: Final = (
    "SELECT key FROM unnest($1::bigint[]) AS key WHERE NOT EXISTS (SELECT 1 FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND ((classid::bigint << 32) | objid::bigint) = key)"
)


class Presence(Protocol):
    """Who of the processes that use one database lives.

    Every method raises `DatabaseUnavailable` when the database, or its folder, does not answer.
    """

    async def name(self) -> str:
        """Give the name under which this process holds leases; a new one if the old one is dead."""

    async def dead(self, names: Collection[str]) -> frozenset[str]:
        """Say which of these certainly no longer live."""

    async def release(self) -> None:
        """Be there no longer; whoever holds leases under the name is then dead."""


class JournalWatch(Protocol):
    """Who wants to know that other processes wrote to journals."""

    def went_on(self, owner_id: str, head: int) -> None:
        """Take note that an owner's journal reaches a `seq`; neither raises nor blocks."""

    def look_again(self) -> None:
        """Take note that something may have been missed; neither raises nor blocks."""


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
        self._connecting = asyncio.Lock()

    async def name(self) -> str:
        """Give the name of this process; after its session was lost it is another one."""
        async with self._connecting:
            is_gone = self._driver is None or self._driver.is_closed()
            if is_gone and not self._is_released:
                await self._connect()
            return self._name

    async def dead(self, names: Collection[str]) -> frozenset[str]:
        """Say whose session holds its lock no longer."""
        own = await self.name()
        keys = {_key(name): name for name in names if name != own}
        if not keys or self._driver is None:
            return frozenset()
        with outage_translated():
            rows = await self._driver.fetch(_DEAD, list(keys), timeout=_ANSWER_SECONDS)
        return frozenset(keys[row["key"]] for row in rows)

    async def release(self) -> None:
        """End the session, and the lock with it."""
        async with self._connecting:
            self._is_released = True
            await self._leave()
            await self._engine.dispose()

    async def _connect(self) -> None:
        await self._leave()
        with outage_translated():
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


def payloads(heads: Mapping[str, int], origin: str) -> Iterator[str]:
    """Write how far journals reach, in as many notifications as it takes."""
    payload = origin
    for owner_id, head in heads.items():
        word = f" {owner_id}={head}"
        if len(payload) + len(word) > _PAYLOAD_BYTES:
            yield payload
            payload = origin
        payload += word
    if payload != origin:
        yield payload


def heads_in(payload: str, own_origin: str) -> Iterator[tuple[str, int]]:
    """Read what another process told; what is not of that form tells nothing."""
    origin, *words = payload.split(" ")
    if origin == own_origin:
        return
    for word in words:
        owner_id, _, head = word.rpartition("=")
        if owner_id and head.isascii() and head.isdigit():
            yield owner_id, int(head)


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
