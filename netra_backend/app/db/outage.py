"""Which errors of the database library mean that the database is away, and their translation.

A fault in a query or in the data is not an outage and passes through unchanged.
"""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from netra.errors import DatabaseUnavailable, InternalError

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
_PRIMARY_CODE: Final = 0xFF
"""SQLite's extended result codes carry the primary code in the low byte."""

_POSTGRESQL_AWAY: Final = frozenset({"08", "40", "53", "57"})
"""SQLSTATE classes: connection, transaction rolled back, resources, operator intervention."""

_SQLITE_UNDONE: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY}
)
_POSTGRESQL_UNDONE: Final = frozenset({"40", "53"})
"""With these nothing of a transaction has taken effect, also when its commit is what failed."""

_POSTGRESQL_TIMEOUT: Final = "57014"


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that the database did not answer, rather than a fault of ours."""
    if isinstance(error, PoolExhausted | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error.orig, OSError):
        return True
    return _has_code(error, _SQLITE_AWAY, _POSTGRESQL_AWAY)


def is_undone(error: BaseException) -> bool:
    """Tell whether an outage during a commit certainly left nothing of the transaction."""
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return False
    return _has_code(error, _SQLITE_UNDONE, _POSTGRESQL_UNDONE)


def is_timeout(error: BaseException) -> bool:
    """Tell whether the database ended a statement because it took too long."""
    if getattr(error, "sqlstate", None) == _POSTGRESQL_TIMEOUT:
        return True
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


@contextmanager
def outage_translated() -> Iterator[None]:
    """Turn an outage inside the block into `DatabaseUnavailable`; let everything else pass."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if is_outage(error):
            raise DatabaseUnavailable(_describe(error)) from error
        raise


@contextmanager
def commit_translated() -> Iterator[None]:
    """Turn an outage at a commit into `InternalError`, unless it certainly had no effect."""
    try:
        yield
    except Exception as error:
        if is_undone(error):
            raise DatabaseUnavailable(_describe(error)) from error
        if is_outage(error):
            raise InternalError("the database went away during the commit") from error
        raise


def _has_code(error: DBAPIError, primary: Collection[int], classes: Collection[str]) -> bool:
    """Tell whether an error has one of SQLite's primary codes, or an SQLSTATE of a class."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & _PRIMARY_CODE in primary
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(state, str) and state[:2] in classes


def _describe(error: BaseException) -> str:
    """Say what happened without the statement or any address."""
    if isinstance(error, FileNotFoundError) and error.errno is None:
        return str(error)
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__
