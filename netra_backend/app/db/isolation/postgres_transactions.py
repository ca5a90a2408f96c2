"""Transactions on PostgreSQL: each says for whom it is in the message that begins it.

Row-level security holds it to that (migration 0005). What is said lasts as long as the transaction,
so that a connection of the pool knows nothing of whoever had it before.
"""

from typing import Any, Final, Protocol

import asyncpg  # type: ignore[import-untyped]  # It has no types.

from netra_backend.app.db.isolation.admission import NOBODY, Admission

PRINCIPAL_SETTING: Final = "netra.principal"
DUTY_SETTING: Final = "netra.duty"


class IsolatedConnection(asyncpg.Connection):  # type: ignore[misc]  # It has no types.
    """A connection whose next transaction is for whoever was named, and else for nobody."""

    __slots__ = ("_admission", "_reads_only")

    def next_transaction(self, admission: Admission, *, writes: bool) -> None:
        """Name for whom the next transaction is, and whether it may write."""
        self._admission = admission
        self._reads_only = not writes

    def transaction(self, **_options: Any) -> "IsolatedTransaction":
        """Make the next transaction; it is the driver's way to ask for one."""
        admission = getattr(self, "_admission", NOBODY)
        reads_only = getattr(self, "_reads_only", True)
        self._admission, self._reads_only = NOBODY, True
        return IsolatedTransaction(self, beginning(admission, reads_only=reads_only))


def beginning(admission: Admission, *, reads_only: bool) -> str:
    """Write what begins a transaction; an admission's words hold nothing that needs quoting."""
    return (
        f"BEGIN{' READ ONLY' if reads_only else ''};"
        f"SET LOCAL {PRINCIPAL_SETTING}='{admission.principal}';"
        f"SET LOCAL {DUTY_SETTING}='{admission.duty}'"
    )


class _Executes(Protocol):
    async def execute(self, query: str) -> str:
        """Run a statement and give its tag."""


class IsolatedTransaction:
    """One transaction; as the driver's own, but begun by one message with its admission."""

    def __init__(self, connection: _Executes, begin: str) -> None:
        self._connection = connection
        self._begin = begin

    async def start(self) -> None:
        """Begin it."""
        await self._connection.execute(self._begin)

    async def commit(self) -> None:
        """Commit it.

        Raises:
            InFailedSQLTransactionError: A statement had failed, so the database rolled it back.
        """
        if await self._connection.execute("COMMIT") != "COMMIT":
            raise asyncpg.InFailedSQLTransactionError("the transaction had failed before")

    async def rollback(self) -> None:
        """Take it back."""
        await self._connection.execute("ROLLBACK")
