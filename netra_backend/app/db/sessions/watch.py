"""Tells of sessions that nobody closed, once each, with the route that opened them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from netra.telemetry.log_events import event_logger
from netra_backend.app.db.sessions.life import OpenSession, SessionLife

_PAUSE_SECONDS: Final = 5.0

_log = event_logger("db")


class SessionWatch:
    """Looks at the open sessions again and again."""

    def __init__(self, life: SessionLife) -> None:
        self._life = life

    async def run(self) -> None:
        """Look until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_PAUSE_SECONDS)

    def look(self) -> None:
        """Tell of every session that became overdue since the last look."""
        for session in self._life.overdue():
            if not session.is_told:
                session.is_told = True
                self._in_its_context(session, _tell_of_leak)

    async def aclose(self) -> None:
        """Tell of every session that is open although the service is ending."""
        for session in self._life.open():
            self._in_its_context(session, _tell_of_end)

    def _in_its_context(
        self, session: OpenSession, tell: Callable[[Mapping[str, object]], None]
    ) -> None:
        age = self._life.clock.monotonic() - session.opened_at
        told = {
            "message": f"A session that {session.work} opened has been open for {age:.0f} s.",
            "work": session.work,
            "principal": str(session.principal),
            "principal_kind": session.principal.kind.value,
            "open_seconds": round(age, 3),
        }
        # In the session's own context: the line then carries its request's id and trace.
        session.context.copy().run(tell, told)


def _tell_of_leak(told: Mapping[str, object]) -> None:
    _log.error("session_leaked", **told)


def _tell_of_end(told: Mapping[str, object]) -> None:
    _log.error("session_never_closed", **told)
