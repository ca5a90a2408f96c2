"""What a person allowed other programs, and taking it back."""

from netra.errors import NotFound
from netra.wire.auth_admin import ConsentRecord
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.store.engine import Database
from netra_auth.store.repositories import consents, refresh_tokens


class PersonConsents:
    """Shows and removes consents."""

    def __init__(self, database: Database, audit: AuditTrail) -> None:
        self._database = database
        self._audit = audit

    async def of(self, user_id: str) -> tuple[ConsentRecord, ...]:
        """List what a person allowed.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            rows = await consents.of_user(connection, user_id)
        return tuple(
            ConsentRecord(client_id=row.client_id, scope=row.scope, granted_at=row.granted_at)
            for row in rows
        )

    async def remove(self, user_id: str, client_id: str, origin: Origin) -> None:
        """Take a consent back, with the refresh tokens the client holds for the person.

        An access token it holds ends by itself, within five minutes.

        Raises:
            NotFound: There is no such consent.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            existed = await consents.remove(transaction.connection, user_id, client_id)
            if existed:
                await refresh_tokens.remove_of_client(transaction.connection, user_id, client_id)
            act = Act(
                event=AuditEvent.CONSENT_REMOVED,
                outcome=Outcome.SUCCESS if existed else Outcome.REFUSED,
                origin=origin,
                actor=user_id,
                client_id=client_id,
                subject=user_id,
                reason=None if existed else "there is no such consent",
            )
            await self._audit.note(transaction, act)
        if not existed:
            raise NotFound("there is no such consent")
