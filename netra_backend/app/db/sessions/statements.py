"""How long statements take: the slow ones are told, those that take too long are ended.

PostgreSQL ends them by itself. SQLite asks every few thousand steps whether to go on.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, event

from netra.telemetry.current_work import current_work
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.outage import is_timeout

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

    def is_over(self) -> bool:
        """Say whether the statement has had its time; SQLite ends it then."""
        return self.began is not None and perf_counter() - self.began > self.seconds


STATEMENT_CLOCK: Final = "netra_statement_clock"
"""Where a connection's clock is kept in its `info`."""


def postgres_settings(statement_seconds: float) -> dict[str, str]:
    """Give what a connection to PostgreSQL is told, in milliseconds."""
    return {
        "statement_timeout": f"{statement_seconds * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS * 1000:.0f}",
    }


def watch_statements(engine: Engine, *, slow_seconds: float = SLOW_SECONDS) -> None:
    """Time the statements of an engine."""

    def begin(connection: Connection, *_more: Any) -> None:
        clock = connection.info.get(STATEMENT_CLOCK)
        if clock is None:
            clock = connection.info[STATEMENT_CLOCK] = StatementClock(STATEMENT_SECONDS)
        clock.began = perf_counter()

    def end(connection: Connection, _cursor: Any, sql: str, *_more: Any) -> None:
        seconds = perf_counter() - connection.info[STATEMENT_CLOCK].began
        if seconds >= slow_seconds:
            _log.warning("slow_query", **_told(sql, seconds))

    def fail(context: ExceptionContext) -> None:
        clock = context.connection.info.get(STATEMENT_CLOCK) if context.connection else None
        if clock is None or clock.began is None or not is_timeout(context.original_exception):
            return
        _log.warning(
            "statement_timed_out", **_told(context.statement or "", perf_counter() - clock.began)
        )

    def leave(connection: Connection) -> None:
        if connection.invalidated:
            return  # There is no transaction left to end, and asking for its `info` is an error.
        clock = connection.info.get(STATEMENT_CLOCK)
        if clock is not None:
            clock.began = None  # The end of a transaction is never ended half-way.

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)
    event.listen(engine, "commit", leave)
    event.listen(engine, "rollback", leave)


def _told(sql: str, seconds: float) -> dict[str, Any]:
    # Values are never part of a statement's text: the fence and the constants bind them.
    return {
        "message": f"A statement of {current_work()} took {seconds:.3f} s.",
        "work": current_work(),
        "statement": " ".join(sql.split())[:_SHOWN],
        "seconds": round(seconds, 3),
    }
