"""How long statements take: the slow ones are told, those that take too long are ended.

PostgreSQL ends them by itself. SQLite asks every few thousand steps whether to go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, event

from netra.telemetry.current_work import current_work
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.outage import is_timeout
from netra_backend.app.db.sessions.watched_dialects import Execute

SLOW_SECONDS: Final = 0.5
STATEMENT_SECONDS: Final = 10.0
IDLE_IN_TRANSACTION_SECONDS: Final = 60.0
STEPS_BETWEEN_LOOKS: Final = 20_000
"""Of SQLite's virtual machine: about a millisecond."""

_SHOWN: Final = 500

_log = event_logger("db")


@dataclass(slots=True)
class StatementClock:
    """When the statement that runs on a connection began, and how long it may take."""

    seconds: float
    began: float | None = None

    def begin(self) -> None:
        """Take the time at which a statement begins."""
        self.began = perf_counter()

    def passed(self) -> float:
        """Give the seconds since the statement began; 0 if none runs."""
        return 0.0 if self.began is None else perf_counter() - self.began

    def is_over(self) -> bool:
        """Say whether the statement has had its time; SQLite ends it then."""
        return self.passed() > self.seconds


STATEMENT_CLOCK: Final = "netra_statement_clock"
"""Where a connection's clock is kept in its `info`."""


def postgres_settings(statement_seconds: float) -> dict[str, str]:
    """Give what a connection to PostgreSQL is told, in milliseconds."""
    return {
        "statement_timeout": f"{statement_seconds * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS * 1000:.0f}",
    }


def watch_statements(
    engine: Engine,
    look: Callable[[Connection, str], None],
    *,
    slow_seconds: float = SLOW_SECONDS,
) -> None:
    """Time the statements of an engine of `watched_dialects`, and look at each before."""

    def around(execute: Execute, cursor: Any, sql: str, parameters: Any, context: Any) -> None:
        connection: Connection = context.root_connection
        look(connection, sql)
        clock: StatementClock | None = connection.info.get(STATEMENT_CLOCK)
        if clock is None:
            clock = connection.info[STATEMENT_CLOCK] = StatementClock(STATEMENT_SECONDS)
        clock.begin()
        execute(cursor, sql, parameters, context)
        seconds = clock.passed()
        if seconds >= slow_seconds:
            _log.warning("slow_query", **_told(sql, seconds))

    dialect: Any = engine.dialect
    dialect.around = around
    event.listen(engine, "handle_error", _tell_of_timeout)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "commit", _leave)
        event.listen(engine, "rollback", _leave)


def _tell_of_timeout(context: ExceptionContext) -> None:
    if not is_timeout(context.original_exception):
        return
    clock = _clock_of(context.connection)
    seconds = 0.0 if clock is None else clock.passed()
    _log.warning("statement_timed_out", **_told(context.statement or "", seconds))


def _leave(connection: Connection) -> None:
    clock = _clock_of(connection)
    if clock is not None:
        clock.began = None  # The end of a transaction is never ended half-way.


def _clock_of(connection: Connection | None) -> StatementClock | None:
    if connection is None or connection.closed or connection.invalidated:
        return None  # Asking such a connection for its `info` is an error.
    clock = connection.info.get(STATEMENT_CLOCK)
    return clock if isinstance(clock, StatementClock) else None


def _told(sql: str, seconds: float) -> dict[str, Any]:
    # Values are never part of a statement's text: the fence and the constants bind them.
    return {
        "message": f"A statement of {current_work()} took {seconds:.3f} s.",
        "work": current_work(),
        "statement": " ".join(sql.split())[:_SHOWN],
        "seconds": round(seconds, 3),
    }
