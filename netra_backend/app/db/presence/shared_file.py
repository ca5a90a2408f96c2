"""Presence on SQLite: who lives is known by locked files, and what the others wrote by looking.

Nobody tells a process of what another one committed to the file. So each looks, often while others
are there and seldom while it is alone: SQLite counts the commits of others than the one connection
that asks. How far journals reach is all that is read then, of people who are connected here.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from netra.errors import DatabaseUnavailable
from netra_backend.app.db.presence.locked_files import HolderLocks
from netra_backend.app.db.presence.port import JournalWatch
from netra_backend.app.db.stored_tables import physical
from netra_backend.app.db.tables import JournalHead

LOOK_SECONDS: Final = 0.05
"""Between two looks into the file while others are there."""
ALONE_SECONDS: Final = 0.1
"""Between two looks for others."""
_LOOKS_ALONE: Final = 10
"""One in so many of these is into the file too: what came and went in between has written."""

_ASKED_AT_ONCE: Final = 500
_BUSY_MILLISECONDS: Final = 1000
_STORED: Final = physical(JournalHead.__tablename__)
_COMMITS: Final = "PRAGMA data_version"
_HEADS: Final = f"SELECT owner_id, head FROM {_STORED} WHERE owner_id IN "  # noqa: S608 - a constant
_READ: Final = frozenset({"owner_id", "head"})

_InThread: TypeAlias = Callable[..., "asyncio.Future[Any]"]


class SharedFile:
    """Presence at a SQLite file.

    Args:
        file: The database.
        watch: Who is told of what others wrote.
    """

    def __init__(self, file: Path, watch: JournalWatch) -> None:
        self._locks = HolderLocks(file)
        self._glance = _Glance(file)
        self._watch = watch
        self._told: Mapping[str, int] = {}

    async def name(self) -> str:
        """Give the name of this process, for as long as it lives."""
        return await self._locks.name()

    async def dead(self, names: Collection[str]) -> frozenset[str]:
        """Say which of these certainly no longer live."""
        return await self._locks.dead(names)

    async def release(self) -> None:
        """Stop being a holder."""
        await self._locks.release()

    async def listen(self) -> None:
        """Tell of what others write, until cancelled."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netra-presence")
        run = partial(asyncio.get_running_loop().run_in_executor, thread)
        looks, were_others = 0, False
        try:
            while True:
                with suppress(DatabaseUnavailable):
                    # Whoever writes is to be seen by the others before.
                    await self.name()
                looks = (looks + 1) % _LOOKS_ALONE
                are_others = self._locks.are_others(anew=not looks)
                # Also once more after the last of them has gone.
                if are_others or were_others or not looks:
                    await self._look(run)
                were_others = are_others
                await asyncio.sleep(LOOK_SECONDS if are_others else ALONE_SECONDS)
        finally:
            # Before the writing connections, the last of which tidies the file up.
            await asyncio.wait((run(self._glance.close),))
            thread.shutdown(wait=False)

    async def _look(self, run: _InThread) -> None:
        heads: Mapping[str, int] | None = await run(
            self._glance.heads_if_changed, self._watch.watched()
        )
        if heads is None:
            return
        if self._glance.is_doubtful:
            self._glance.is_doubtful = False
            self._watch.look_again()
        for owner_id, head in heads.items():
            if self._told.get(owner_id) != head:
                self._watch.went_on(owner_id, head)
        self._told = heads


class _Glance:
    """One connection that only reads, and of the tables only how far journals reach.

    Attributes:
        is_doubtful: Whether commits may have been missed, because the file was away or is another.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._commits: int | None = None
        self.is_doubtful = False

    def heads_if_changed(self, owners: Collection[str]) -> Mapping[str, int] | None:
        """Give how far these people's journals reach, or None if nobody committed anything since.

        What cannot be read now is found at a later look: until then others are asked, who say so.
        """
        try:
            connection = self._at_file()
            [commits] = connection.execute(_COMMITS).fetchone()
            if commits == self._commits:
                return None
            heads = dict(_rows(connection, tuple(owners)))
        except (sqlite3.Error, OSError):
            self.is_doubtful = True
            self.close()
            return None
        self._commits = commits
        return heads

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection, self._commits = self._connection, None, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _at_file(self) -> sqlite3.Connection:
        """Give the connection to the file that bears the name now."""
        status = self._file.stat()
        found = status.st_dev, status.st_ino
        if self._connection is not None and found != self._opened:
            self.is_doubtful = True
            self.close()
        if self._connection is None:
            uri = f"file:{quote(str(self._file))}?mode=ro"
            self._connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False
            )
            self._connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
            self._connection.set_authorizer(_authorize)
            self._opened = found
        return self._connection


def _rows(connection: sqlite3.Connection, owners: tuple[str, ...]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for start in range(0, len(owners), _ASKED_AT_ONCE):
        asked = owners[start : start + _ASKED_AT_ONCE]
        marks = ", ".join("?" * len(asked))
        found += connection.execute(f"{_HEADS}({marks})", asked).fetchall()
    return found


def _authorize(
    action: int,
    what: str | None,
    column: str | None,
    _database: str | None,
    _through: str | None,
) -> int:
    if action == sqlite3.SQLITE_READ:
        allowed = what == _STORED and column in _READ
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = what == "data_version"
    else:
        allowed = action == sqlite3.SQLITE_SELECT
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
