"""The death of a process as its store sees it: after some commit, nothing more is written."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from netra_backend.app.db.session import Database


class Outage(OSError):
    """The store does not answer a process that is to be dead."""


class Undertaker:
    """Lets a database do a number of commits and then nothing more, as if its process were dead."""

    def __init__(self, database: Database, commits: int) -> None:
        self._left = commits
        self.reached = asyncio.Event()
        self.commits = 0
        self._loop = asyncio.get_running_loop()
        for engine in _engines(database):
            event.listen(engine, "begin", self._begin, insert=True)
            event.listen(engine, "commit", self._commit)

    def _begin(self, _connection: Any) -> None:
        if self._left <= 0:
            raise Outage("the process is dead")

    def _commit(self, connection: Any) -> None:
        if not connection.get_execution_options().get("netra_writes"):
            return
        self.commits += 1
        self._left -= 1
        if self._left <= 0:
            self._loop.call_soon_threadsafe(self.reached.set)


@contextmanager
def unheard_commit(database: Database, *, takes_effect: bool) -> Iterator[None]:
    """Let the database go away in the middle of the next commit, before or after it took effect."""
    is_over = False

    def commit(connection: Connection) -> None:
        nonlocal is_over
        if is_over or not connection.get_execution_options().get("netra_writes"):
            return
        is_over = True
        if takes_effect:
            connection.connection.commit()
        raise Outage("nothing was heard of the commit")

    for engine in _engines(database):
        event.listen(engine, "commit", commit)
    try:
        yield
    finally:
        for engine in _engines(database):
            event.remove(engine, "commit", commit)
    assert is_over


def _engines(database: Database) -> list[Engine]:
    beside = database._transactions
    found = (database._engine.sync_engine, beside._in_thread, beside._for_runs)
    return [engine for engine in found if engine is not None]
