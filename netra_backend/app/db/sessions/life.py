"""The life of every session: counted when it opens and ends, known by name while it is open.

A session that is open long after it should have ended is a leak: it holds a connection, and on
SQLite everybody's turn to write. `overdue` finds them; `watch` tells.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from netra.clock import Clock
from netra.errors import DatabaseUnavailable
from netra.principal import AuthenticatedPrincipal, PrincipalKind
from netra.telemetry.current_work import current_work

OVERDUE_SECONDS: Final = 30.0
"""Longer than a statement may take, thrice: no session that goes on has been open so long."""


class Ending(StrEnum):
    """What became of a session's work.

    Attributes:
        UNKNOWN: The commit failed, or whoever waited for it was cancelled: whether it took effect
            is not known.
        REFUSED: It never opened: the database gave no connection.
    """

    COMMITTED = "committed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(eq=False, slots=True)
class OpenSession:
    """A session that has not ended; `ending` is what will be booked when it does."""

    principal: AuthenticatedPrincipal
    opened_at: float
    context: Context
    ending: Ending = Ending.REFUSED
    is_told: bool = False

    @property
    def work(self) -> str:
        """The route or the piece of work that it was opened for."""
        return current_work(self.context)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sessions of a kind of principal there were since the process began.

    `opened` is `closed` and those still open; `closed` is the sum of the endings but `REFUSED`.
    """

    opened: int
    closed: int
    endings: dict[Ending, int]


@dataclass(slots=True)
class SessionLife:
    """Books the sessions of one store."""

    clock: Clock
    _opened: Counter[PrincipalKind] = field(default_factory=Counter)
    _ended: Counter[tuple[PrincipalKind, Ending]] = field(default_factory=Counter)
    _open: dict[int, OpenSession] = field(default_factory=dict)

    @contextmanager
    def booked(self, principal: AuthenticatedPrincipal) -> Iterator[OpenSession]:
        """Book a session from before it opens until the block ends."""
        session = OpenSession(principal, self.clock.monotonic(), copy_context())
        self._open[id(session)] = session
        try:
            yield session
        except DatabaseUnavailable:
            # It says that nothing was written, also of a commit.
            if session.ending is Ending.UNKNOWN:
                session.ending = Ending.ROLLED_BACK
            raise
        finally:
            del self._open[id(session)]
            if session.ending is not Ending.REFUSED:
                self._opened[principal.kind] += 1
            self._ended[principal.kind, session.ending] += 1

    def open(self) -> tuple[OpenSession, ...]:
        """Give the sessions that have opened and not ended, the oldest first."""
        return tuple(s for s in self._open.values() if s.ending is not Ending.REFUSED)

    def overdue(self) -> tuple[OpenSession, ...]:
        """Give those that have been open too long."""
        latest = self.clock.monotonic() - OVERDUE_SECONDS
        return tuple(s for s in self.open() if s.opened_at <= latest)

    def counts(self) -> dict[PrincipalKind, Counts]:
        """Count, for each kind of principal that came."""
        still_open = Counter(s.principal.kind for s in self.open())
        kinds = {kind for kind, _ in self._ended} | set(still_open)
        return {
            kind: Counts(
                opened=self._opened[kind] + still_open[kind],
                closed=self._opened[kind],
                endings={ending: self._ended[kind, ending] for ending in Ending},
            )
            for kind in sorted(kinds)
        }
