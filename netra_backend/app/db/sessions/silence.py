"""How long PostgreSQL may say nothing: then it is away, and its connection is given up.

A server that was stopped, or that a network keeps from us, refuses nothing and ends no statement.
"""

from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # It has no types.
from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import InvalidatePoolError

CONNECT_SECONDS: Final = 5.0
PING_SECONDS: Final = 2.0
GRACE_SECONDS: Final = 2.0
"""Beyond the time a statement may take: a server that is well ends it by itself before."""

_OUT_OF_STEP: Final = (TimeoutError, asyncpg.InternalClientError)
"""Nobody answered in time; or the server took leave, and the driver has not seen its end yet."""

_NO_ANSWER: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_NEW: Final = "netra_new"
_QUESTION: Final = "SELECT 1"


def driver_times(statement_seconds: float) -> dict[str, float]:
    """Give the driver its times, in seconds: to connect, and to have any statement answered."""
    return {"timeout": CONNECT_SECONDS, "command_timeout": statement_seconds + GRACE_SECONDS}


def watch_silence(engine: Engine) -> None:
    """Ask a connection of the pool whether it is there before it is used, for a short time.

    The pool's own way to ask takes three round trips, and as long as a statement may take.
    """
    event.listen(engine, "connect", _note)
    event.listen(engine, "checkout", _ask)
    event.listen(engine, "handle_error", _give_up)


def _note(_connection: Any, record: Any) -> None:
    record.info[_NEW] = True


def _ask(connection: Any, record: Any, _proxy: Any) -> None:
    if record.info.pop(_NEW, False):
        return  # It has just been made; after two that do not answer the pool asks no third.
    try:
        connection.run_async(lambda driver: driver.execute(_QUESTION, timeout=PING_SECONDS))
    except _NO_ANSWER as error:
        # Taking leave of it would take time once more.
        connection.run_async(_terminated)
        raise InvalidatePoolError("the connection does not answer") from error


def _give_up(context: ExceptionContext) -> None:
    error = context.original_exception
    if isinstance(getattr(error, "driver_exception", error), _OUT_OF_STEP):
        context.is_disconnect = True


async def _terminated(driver: Any) -> None:
    driver.terminate()
