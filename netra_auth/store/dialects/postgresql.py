"""What is particular to PostgreSQL: the pool, the timeouts, and which of its errors are outages.

Transactions run at its default level, READ COMMITTED: what must hold against others is decided by
an atomic statement or under a row's lock. The driver is imported only where it is configured.
"""

from typing import Any, Final

from sqlalchemy import ExceptionContext, event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

ENGINE_OPTIONS: Final[dict[str, Any]] = {
    "pool_size": 10,
    "max_overflow": 10,
    "pool_recycle": 1800,
    "connect_args": {
        "timeout": 5,
        "command_timeout": 12,
        "server_settings": {
            "application_name": "netra-auth",
            "statement_timeout": "10000",
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "30000",
        },
    },
}
"""Times are seconds for the driver and milliseconds for the server.

The server gives up first, so that its connection can be used again; the driver's own limit is for
a server that says nothing any more.
"""

_PING_SECONDS: Final = 2.0
_NEW: Final = "netra_new"
_QUESTION: Final = "SELECT 1"

WAIT_BRIEFLY: Final = text("SET LOCAL lock_timeout = '1s'")
"""For work that is done again: it has waited for locks as long as anybody does."""

_DEADLOCK_DETECTED: Final = "40P01"
_SERIALIZATION_FAILURE: Final = "40001"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_READ_ONLY: Final = "25006"
_IDLE_IN_TRANSACTION: Final = "25P03"
_NO_SUCH_DATABASE: Final = "3D000"

_CONTENTION: Final = frozenset({_DEADLOCK_DETECTED, _SERIALIZATION_FAILURE, _LOCK_NOT_AVAILABLE})
_OUTAGES: Final = frozenset({_READ_ONLY, _IDLE_IN_TRANSACTION, _NO_SUCH_DATABASE})
_OUTAGE_CLASSES: Final = frozenset({"08", "28", "53", "57", "58"})
"""Connection, authorization, resources, operator intervention (a statement that took too long
among them), system: whatever was asked, it cannot be answered now."""


_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def prepare(engine: AsyncEngine) -> None:
    """Have connections give up a server that says nothing, and texts bear what they cannot hold.

    A connection of the pool is asked whether it is there before it is used. The pool's own way to
    ask takes three round trips, and as long as a statement may take.

    A text with a NUL, which PostgreSQL's text cannot hold, becomes one that names nothing. SQLite
    looks it up and finds nothing; here the statement would fail, and a caller's bad input would be
    told as a fault of ours.
    """
    dialect: Any = engine.sync_engine.dialect
    driver = dialect.loaded_dbapi.asyncpg
    # The server took its leave, and the driver has not seen its end yet.
    out_of_step = driver.InternalClientError
    no_answer = (OSError, driver.PostgresError, driver.InterfaceError, out_of_step)

    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        if record.info.pop(_NEW, False):
            return  # It has just been made; after two that do not answer the pool asks no third.
        try:
            connection.run_async(lambda driver: driver.execute(_QUESTION, timeout=_PING_SECONDS))
        except no_answer as error:
            # Taking leave of it would take time once more.
            connection.run_async(_terminated)
            raise InvalidatePoolError("the connection does not answer") from error

    def give_up(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(getattr(error, "driver_exception", error), (TimeoutError, out_of_step)):
            context.is_disconnect = True

    event.listen(engine.sync_engine, "connect", _note)
    event.listen(engine.sync_engine, "checkout", ask)
    event.listen(engine.sync_engine, "handle_error", give_up)
    event.listen(engine.sync_engine, "before_cursor_execute", _without_nul, retval=True)


def _note(_connection: Any, record: Any) -> None:
    record.info[_NEW] = True


async def _terminated(driver: Any) -> None:
    driver.terminate()


def _without_nul(
    _connection: Any,
    _cursor: Any,
    statement: str,
    parameters: Any,
    _context: Any,
    is_many: bool,  # noqa: FBT001 - the library's signature
) -> tuple[str, Any]:
    if is_many:
        return statement, [_storable(row) for row in parameters]
    return statement, _storable(parameters)


def _storable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        value.replace("\0", _REPLACEMENT) if isinstance(value, str) else value for value in row
    )


def is_contention(sqlstate: str) -> bool:
    """Tell whether the server gave a transaction up for the sake of another."""
    return sqlstate in _CONTENTION


def is_outage(sqlstate: str) -> bool:
    """Tell whether the server could not answer at all."""
    return sqlstate in _OUTAGES or sqlstate[:2] in _OUTAGE_CLASSES
