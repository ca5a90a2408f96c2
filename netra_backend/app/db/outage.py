"""Which errors of the database library mean that the database is away, and their translation.

A fault in a query or in the data is not an outage and passes through unchanged.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from netra.errors import DatabaseBusy, DatabaseUnavailable, InternalError

_SQLITE_AWAY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
    }
)
_SQLITE_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY_CODE: Final = 0xFF
"""SQLite's extended result codes carry the primary code in the low byte."""

_POSTGRESQL_AWAY: Final = frozenset({"08", "28", "40", "53", "57", "58"})
"""SQLSTATE classes: connection, authorization, transaction rolled back, resources, operator
intervention, system."""

_POSTGRESQL_AWAY_ALSO: Final = frozenset({"25006", "25P03", "3D000"})
"""A server that only reads, a transaction it ended for idleness, a database it does not have."""

_SQLITE_UNDONE: Final = _SQLITE_BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}
_POSTGRESQL_UNDONE: Final = frozenset({"40", "53"})
"""With these nothing of a transaction has taken effect, also when its commit is what failed."""

_POSTGRESQL_TIMEOUT: Final = "57014"


class CommitUncertain(InternalError):
    """The database went away during a commit: whether it took effect is not known."""


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that the database did not answer, rather than a fault of ours."""
    if isinstance(error, PoolExhausted | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error.orig, OSError):
        return True
    code, state = _sqlite_code(error), _sqlstate(error)
    return code in _SQLITE_AWAY or state[:2] in _POSTGRESQL_AWAY or state in _POSTGRESQL_AWAY_ALSO


def is_undone(error: BaseException) -> bool:
    """Tell whether an outage during a commit certainly left nothing of the transaction."""
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return False
    return _sqlite_code(error) in _SQLITE_UNDONE or _sqlstate(error)[:2] in _POSTGRESQL_UNDONE


def _sqlite_code(error: BaseException) -> int | None:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code & _PRIMARY_CODE if isinstance(code, int) else None


def _sqlstate(error: BaseException) -> str:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state if isinstance(state, str) else ""


def is_timeout(error: BaseException) -> bool:
    """Tell whether the database ended a statement because it took too long."""
    if getattr(error, "sqlstate", None) == _POSTGRESQL_TIMEOUT:
        return True
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


class _OutageTranslated:
    """A context of its own class: a generator's costs several times as much, at each statement."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Translate what ended the block."""
        if not isinstance(error, SQLAlchemyError | OSError):
            return
        if isinstance(error, PoolExhausted):
            raise DatabaseBusy("no connection became free in time") from error
        if _sqlite_code(error) in _SQLITE_BUSY:
            raise DatabaseBusy(_describe(error)) from error
        if is_outage(error):
            raise DatabaseUnavailable(_describe(error)) from error


_OUTAGE_TRANSLATED: Final = _OutageTranslated()


def outage_translated() -> AbstractContextManager[None]:
    """Turn an outage inside the block into `DatabaseUnavailable`; let everything else pass.

    Raises:
        DatabaseBusy: No connection became free in time, or on SQLite the lock.
        DatabaseUnavailable: The database did not answer.
    """
    return _OUTAGE_TRANSLATED


@contextmanager
def commit_translated() -> Iterator[None]:
    """Turn an outage at a commit into `CommitUncertain`, unless it certainly had no effect."""
    try:
        yield
    except Exception as error:
        if is_undone(error):
            raise DatabaseUnavailable(_describe(error)) from error
        if is_outage(error):
            raise CommitUncertain("the database went away during the commit") from error
        raise


def _describe(error: BaseException) -> str:
    """Say what happened without the statement or any address."""
    if isinstance(error, FileNotFoundError) and error.errno is None:
        return str(error)
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__
