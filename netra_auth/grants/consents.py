"""What people allowed relying parties: remembered by scope, shown, and withdrawn."""

from netra.clock import Clock
from netra.errors import NotFound
from netra.wire.auth_admin import ConsentRecord
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.families import Families
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import consents, users
from netra_auth.store.repositories.consents import ConsentRow


class Consents:
    """Keeps each person's consents."""

    def __init__(
        self, database: Database, families: Families, audit: AuditTrail, clock: Clock
    ) -> None:
        self._database = database
        self._families = families
        self._audit = audit
        self._clock = clock

    async def lock(self, transaction: Transaction, user_id: str) -> None:
        """Keep a person's row until the transaction ends: no other consent of theirs is written."""
        await users.lock(transaction.connection, user_id)

    async def allow(
        self, transaction: Transaction, user_id: str, client_id: str, scope: str, origin: Origin
    ) -> None:
        """Remember what a person allows a client, besides what they allowed it before."""
        before = await self.scopes(transaction, user_id, client_id)
        row = ConsentRow(
            user_id=user_id,
            client_id=client_id,
            scope=" ".join(sorted(before | set(scope.split()))),
            granted_at=self._clock.timestamp(),
        )
        await consents.put(transaction.connection, row)
        act = _act(AuditEvent.CONSENT_GRANTED, user_id, client_id, origin)
        await self._audit.note(transaction, act)

    async def refuse(self, user_id: str, client_id: str, origin: Origin) -> None:
        """Record that a person refused a client what it asked for.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        event, reason = AuditEvent.CONSENT_REFUSED, "the person refused"
        await self._audit.note_alone(_act(event, user_id, client_id, origin, refused=reason))

    async def scopes(
        self, transaction: Transaction, user_id: str, client_id: str
    ) -> frozenset[str]:
        """Give the scopes a person has allowed a client."""
        scope = await consents.scope_of(transaction.connection, user_id, client_id)
        return frozenset(scope.split())

    async def of(self, user_id: str) -> tuple[ConsentRecord, ...]:
        """List what a person allowed, by client.

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
        """Take a consent back, and end every token the client holds for the person.

        Raises:
            NotFound: There is no such consent.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            await self.lock(transaction, user_id)
            existed = await consents.remove(transaction.connection, user_id, client_id)
            if existed:
                await self._families.end_all_of(transaction, user_id, client_id)
            reason = None if existed else "there is no such consent"
            act = _act(AuditEvent.CONSENT_REMOVED, user_id, client_id, origin, refused=reason)
            await self._audit.note(transaction, act)
        if not existed:
            raise NotFound("there is no such consent")


def _act(
    event: AuditEvent, user_id: str, client_id: str, origin: Origin, *, refused: str | None = None
) -> Act:
    return Act(
        event=event,
        outcome=Outcome.SUCCESS if refused is None else Outcome.REFUSED,
        origin=origin,
        actor=user_id,
        client_id=client_id,
        subject=user_id,
        reason=refused,
    )
