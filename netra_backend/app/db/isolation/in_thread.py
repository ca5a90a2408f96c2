"""A fenced session whose calls wait for nothing, for work that is done whole in one thread.

Whose it is and when its transaction ends is decided in `session`.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Result, ScalarResult, Select, Update

from netra.errors import InternalError
from netra_backend.app.db.isolation.fence import FencedSession
from netra_backend.app.db.tables import Owned

T = TypeVar("T")
Row = TypeVar("Row", bound=Owned)


class SessionInThread:
    """Stands in for an asynchronous session: what is awaited of it has been done already."""

    def __init__(self, connection: Connection) -> None:
        # The connection's transaction is ended by whoever began it.
        self.sync_session = FencedSession(
            bind=connection, expire_on_commit=False, join_transaction_mode="rollback_only"
        )

    async def execute(self, statement: Update | Delete) -> Result[Any]:
        """Run one update or delete."""
        return self.sync_session.execute(statement)

    async def scalars(self, statement: Select[T]) -> ScalarResult[T]:
        """Run one select."""
        return self.sync_session.scalars(statement)

    async def get(self, entity: type[Row], row_id: str) -> Row | None:
        """Find a row by its id."""
        return self.sync_session.get(entity, row_id)

    def add(self, row: Owned) -> None:
        """Put a new row in."""
        self.sync_session.add(row)

    async def flush(self) -> None:
        """Write what is pending."""
        self.sync_session.flush()

    async def run_sync(self, work: Callable[..., T], *arguments: object) -> T:
        """Call a function with the session that waits for nothing."""
        return work(self.sync_session, *arguments)


def whole(connection: Connection, work: Callable[[SessionInThread], Coroutine[Any, Any, T]]) -> T:
    """Do a piece of work in a session on a connection, from beginning to end.

    Raises:
        InternalError: It awaited something else than its session.
    """
    connection.begin()
    session = SessionInThread(connection)
    working = work(session)
    try:
        working.send(None)
    except StopIteration as ended:
        done: T = ended.value
        return done
    finally:
        working.close()
        session.sync_session.close()
    raise InternalError("work that is done whole awaited something else than its session")
