"""What people allowed relying parties: remembered by scope, shown, and withdrawn."""

from netra.clock import Clock
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
        await self._audit.note_alone(_act(AuditEvent.CONSENT_REFUSED, user_id, client_id, origin))

    async def scopes(
        self, transaction: Transaction, user_id: str, client_id: str
    ) -> frozenset[str]:
        """Give the scopes a person has allowed a client."""
        scope = await consents.scope_of(transaction.connection, user_id, client_id)
        return frozenset(scope.split())

    async def of_person(self, user_id: str) -> tuple[ConsentRow, ...]:
        """List what a person allowed, by client.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            return await consents.of_user(connection, user_id)

    async def withdraw(self, user_id: str, client_id: str, origin: Origin) -> bool:
        """Take a consent back, and end every token the client holds for the person.

        Says whether there was one.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            await self.lock(transaction, user_id)
            existed = await consents.remove(transaction.connection, user_id, client_id)
            if existed:
                await self._families.end_all_of(transaction, user_id, client_id)
                act = _act(AuditEvent.CONSENT_WITHDRAWN, user_id, client_id, origin)
                await self._audit.note(transaction, act)
        return existed


def _act(event: AuditEvent, user_id: str, client_id: str, origin: Origin) -> Act:
    refused = event is AuditEvent.CONSENT_REFUSED
    return Act(
        event=event,
        outcome=Outcome.REFUSED if refused else Outcome.SUCCESS,
        origin=origin,
        actor=user_id,
        client_id=client_id,
        subject=user_id,
        reason="the person refused" if refused else None,
    )
