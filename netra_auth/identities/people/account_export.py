"""Everything the service holds of one person, for them to take along. Nothing secret is in it."""

from netra.clock import Clock, as_iso
from netra.errors import NotFound
from netra.wire.auth_admin import AccountExport, AuditRecord, ConsentRecord
from netra_auth.audit import ANONYMOUS_ACTOR, Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.identities.people.accounts import record_of, require_user_id
from netra_auth.identities.people.person_sessions import record_of as session_record_of
from netra_auth.store.engine import Database
from netra_auth.store.repositories import audit_records, consents, second_factors, sessions, users
from netra_auth.store.repositories.audit_records import AuditRow


class AccountExports:
    """Gathers what is stored of a person."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def of(self, user_id: str, actor: str, origin: Origin) -> AccountExport:
        """Write the export of a person.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        require_user_id(user_id)
        async with self._database.reading() as connection:
            user = await users.by_id(connection, user_id)
            held = await sessions.of_user(connection, user_id, 0)
            allowed = await consents.of_user(connection, user_id)
            with_second = await second_factors.confirmed_among(connection, [user_id])
            acts = await audit_records.concerning(
                connection, user_id, [row.session_id for row in held]
            )
        act = Act(
            event=AuditEvent.ACCOUNT_EXPORTED,
            outcome=Outcome.REFUSED if user is None else Outcome.SUCCESS,
            origin=origin,
            actor=actor,
            subject=user_id,
            reason="no such person" if user is None else None,
        )
        await self._audit.note_alone(act)
        if user is None:
            raise NotFound("there is no such person")
        return AccountExport(
            user=record_of(user, user_id in with_second),
            sessions=tuple(session_record_of(row) for row in held),
            consents=tuple(
                ConsentRecord(client_id=row.client_id, scope=row.scope, granted_at=row.granted_at)
                for row in allowed
            ),
            audit=tuple(_audit_record(row, user_id) for row in acts),
        )


def _audit_record(row: AuditRow, user_id: str) -> AuditRecord:
    """Show an act; where somebody else was when they did it is theirs, not the person's."""
    is_own = row.actor in (user_id, ANONYMOUS_ACTOR)
    return AuditRecord(
        seq=row.seq,
        audit_id=row.audit_id,
        time=as_iso(row.recorded_at),
        event=row.event,
        outcome=row.outcome,
        actor=row.actor,
        client_id=row.client_id,
        subject=row.subject,
        token_hash=row.token_hash,
        reason=row.reason,
        request_id=row.request_id,
        address=row.address if is_own else None,
        recorded_at=row.recorded_at,
        chain_hash=row.chain_hash,
    )
