"""Reads one person's journal for a socket, each time in a session of that person.

What is in a journal is `events.journal`'s; in what order a socket gets it, `event_stream`'s.
"""

from collections.abc import Sequence
from typing import Protocol

from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra_backend.app.app_state import AppState
from netra_backend.app.events import journal
from netra_backend.app.events.journal import JournaledEvent
from netra_backend.app.websocket_core.event_stream import Beginning


class Reader(Protocol):
    """Who reads."""

    @property
    def principal(self) -> UserPrincipal:
        """Who was verified last."""


class OwnJournal:
    """The journal of whoever reads it; no session outlives one reading.

    Args:
        state: Where the database is.
        reader: Who reads.
        method: How the reader's credential came.
    """

    __slots__ = ("_method", "_reader", "_state")

    def __init__(self, state: AppState, reader: Reader, method: CredentialMethod) -> None:
        self._state = state
        self._reader = reader
        self._method = method

    async def beginning(self, after: int | None) -> Beginning:
        """Say from where to go on.

        Raises:
            DatabaseUnavailable: The journal could not be read.
        """
        async with self._state.database.session_for(
            self._reader.principal, self._method, writes=False
        ) as session:
            if after is None:
                first = await journal.unfinished_from(session)
                return Beginning(first, await journal.head(session), reset=False)
            head = await journal.head(session)
            if await journal.erased_through(session) <= after <= head:
                return Beginning(after, head, reset=False)
            return Beginning(head, head, reset=True)

    async def events_after(self, after: int, limit: int) -> Sequence[JournaledEvent]:
        """Read the events behind a `seq`, in order.

        Raises:
            DatabaseUnavailable: The journal could not be read.
        """
        async with self._state.database.session_for(
            self._reader.principal, self._method, writes=False
        ) as session:
            return await journal.events_after(session, after, limit)
