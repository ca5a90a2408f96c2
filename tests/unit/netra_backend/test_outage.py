"""What the errors of a database mean: away, away and nothing written, or our own fault."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from netra.errors import DatabaseUnavailable, InternalError, NetraError
from netra_backend.app.db.outage import commit_translated, outage_translated


class _Server(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def _file(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = code
    return error


def _failed(error: Exception, *, is_cut: bool = False) -> DBAPIError:
    return OperationalError("COMMIT", None, error, connection_invalidated=is_cut)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(_failed(_file(sqlite3.SQLITE_FULL)), DatabaseUnavailable, id="disk full"),
        pytest.param(_failed(_file(sqlite3.SQLITE_BUSY)), DatabaseUnavailable, id="busy"),
        pytest.param(_failed(_file(sqlite3.SQLITE_IOERR_FSYNC)), InternalError, id="fsync"),
        pytest.param(_failed(_Server("53100")), DatabaseUnavailable, id="server's disk full"),
        pytest.param(_failed(_Server("40001")), DatabaseUnavailable, id="serialization"),
        pytest.param(_failed(_Server("57P01")), InternalError, id="server stopped"),
        pytest.param(_failed(_Server("53100"), is_cut=True), InternalError, id="cut off"),
        pytest.param(ConnectionResetError(), InternalError, id="connection reset"),
    ],
)
def test_a_commit_that_fails_says_whether_it_had_an_effect(
    error: Exception, kind: type[NetraError]
) -> None:
    """Only what certainly left nothing behind is an outage that may simply be tried again."""
    with pytest.raises(kind), commit_translated():
        raise error


@pytest.mark.parametrize("translated", [commit_translated, outage_translated])
def test_a_fault_of_ours_is_no_outage(
    translated: Callable[[], AbstractContextManager[None]],
) -> None:
    """What the data or a statement did wrong passes through as it is."""
    error = _failed(_Server("23505"))
    with pytest.raises(OperationalError) as raised, translated():
        raise error
    assert raised.value is error
