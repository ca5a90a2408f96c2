"""A person's login sessions: listed, and ended by the person or an administrator.

A session is listed until its absolute end: its cookie may have fallen idle, and its refresh tokens
still open something.
"""

import re
from typing import Final

from netra.clock import Clock
from netra.errors import NotFound
from netra.wire.auth_admin import SessionRecord
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.identities.people.accounts import require_user_id
from netra_auth.identities.sessions import Sessions
from netra_auth.store.engine import Database
from netra_auth.store.repositories import sessions, users
from netra_auth.store.repositories.sessions import SessionRow

_SESSION_ID: Final = re.compile(r"ses_[0-9a-z]{26}\Z")


class PersonSessions:
    """Shows and ends sessions; what ends is in the revocation feed with the same commit."""

    def __init__(self, database: Database, live: Sessions, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._audit = audit
        self._clock = clock

    async def of(self, user_id: str, current: str | None = None) -> tuple[SessionRecord, ...]:
        """List a person's sessions, the latest used first.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        require_user_id(user_id)
        async with self._database.reading() as connection:
            known = await users.by_id(connection, user_id)
            rows = await sessions.of_user(connection, user_id, self._clock.timestamp())
        if known is None:
            raise NotFound("there is no such person")
        return tuple(record_of(row, current) for row in rows)

    async def end(self, session_id: str, owner: str | None, actor: str, origin: Origin) -> None:
        """End one session: of a given owner, or anybody's if None.

        Raises:
            NotFound: There is none, or it is somebody else's.
            DatabaseUnavailable: The store cannot be reached.
        """
        if _SESSION_ID.match(session_id) is None:
            raise NotFound("not the id of a session")
        async with self._database.transaction() as transaction:
            row = await sessions.by_id(transaction.connection, session_id)
            is_there = row is not None and owner in (None, row.user_id)
            ended = is_there and await self._live.end(transaction, session_id)
            reason = None if ended else "there is none, or it is somebody else's"
            act = _act(session_id, actor, origin, reason, is_refused=not ended)
            await self._audit.note(transaction, act)
        if not ended:
            raise NotFound("there is no such session, or it is somebody else's")

    async def end_all(
        self, user_id: str, actor: str, origin: Origin, *, but: str | None = None
    ) -> int:
        """End every session of a person, but one if it is named; say how many ended.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        require_user_id(user_id)
        async with self._database.transaction() as transaction:
            known = await users.by_id(transaction.connection, user_id)
            ended = await self._live.end_all_of(transaction, user_id, but=but)
            reason = f"ended {ended}" if known else "no such person"
            act = _act(user_id, actor, origin, reason, is_refused=known is None)
            await self._audit.note(transaction, act)
        if known is None:
            raise NotFound("there is no such person")
        return ended


def record_of(row: SessionRow, current: str | None = None) -> SessionRecord:
    """Show what a person may see of a session of theirs."""
    return SessionRecord(
        session_id=row.session_id,
        user_id=row.user_id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        address=row.address,
        user_agent=row.user_agent,
        methods=tuple(row.methods.split()),
        is_current=row.session_id == current,
    )


def _act(subject: str, actor: str, origin: Origin, reason: str | None, *, is_refused: bool) -> Act:
    return Act(
        event=AuditEvent.SESSION_REVOKED,
        outcome=Outcome.REFUSED if is_refused else Outcome.SUCCESS,
        origin=origin,
        actor=actor,
        subject=subject,
        reason=reason,
    )
