"""What changes the store's signing keys: time, an administrator's word, and a compromise.

Every change is decided with the keys locked and written with its audit rows in one transaction,
so that of any number of processes exactly one makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from netra.clock import Clock, as_iso
from netra.errors import Conflict, NotFound
from netra.telemetry.log_events import event_logger
from netra.tokens import SigningKey
from netra.wire.auth_admin import KeyRecord, KeyState
from netra_auth.audit import UPKEEP, Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.keyring.keyring import OWN_ACTOR, Keyring, encryption_key_of
from netra_auth.keyring.life_cycle import (
    KeyLife,
    Pace,
    due_changes,
    entered,
    is_rotation_due,
    next_change_at,
    waiting,
)
from netra_auth.keyring.opened_keys import is_usable, life_of, row_with, sealed_row
from netra_auth.settings import Settings
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import signing_keys
from netra_auth.store.repositories.signing_keys import SigningKeyRow

_log = event_logger("netra_auth.keyring")

KEPT_GONE: Final = 50
"""How many keys that are gone are remembered, without their private half."""

_ORDER: Final = {state.value: place for place, state in enumerate(KeyState)}
_EVENTS: Final = {
    KeyState.CREATED: AuditEvent.SIGNING_KEY_CREATED,
    KeyState.PUBLISHED: AuditEvent.SIGNING_KEY_PUBLISHED,
    KeyState.ACTIVE: AuditEvent.SIGNING_KEY_ACTIVATED,
    KeyState.RETIRING: AuditEvent.SIGNING_KEY_RETIRED,
    KeyState.GONE: AuditEvent.SIGNING_KEY_GONE,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes the keys, and where they asked from."""

    name: str
    origin: Origin


_ITSELF: Final = Actor(OWN_ACTOR, UPKEEP)


class StoredKeys:
    """Administers the keys of the store."""

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        database: Database,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._encryption_key = encryption_key_of(settings)
        self._pace = Pace.of(settings.key_rotation_days)
        self._keyring = keyring
        self._database = database
        self._audit = audit
        self._clock = clock

    async def records(self) -> tuple[KeyRecord, ...]:
        """List the keys, the newest first; of those that are gone, the last ones."""
        async with self._database.reading() as connection:
            rows = await signing_keys.all_of(connection)
        lives = [life_of(row) for row in rows]
        newest_first = sorted(rows, key=lambda row: (-row.created_at, _ORDER[row.state], row.kid))
        return tuple(self._record(row, lives) for row in newest_first)

    async def rotate(self, actor: Actor) -> KeyRecord:
        """Make the next key and publish it; it signs once every verifier can know it.

        Raises:
            Conflict: A rotation is under way; the detail says of which key and until when.
            DatabaseUnavailable: The store cannot be reached.
        """
        key = SigningKey.generate()
        async with self._database.transaction() as transaction:
            lives = [life_of(row) for row in await signing_keys.locked(transaction.connection)]
            under_way = waiting(lives)
            if under_way is None:
                await self._create(transaction, key, actor, "by command")
        if under_way is not None:
            await self._refuse(AuditEvent.SIGNING_KEY_CREATED, under_way.kid, actor, "under way")
            raise Conflict(
                "a rotation is under way", detail=_under_way(under_way, lives, self._pace)
            )
        await self.advance()
        return next(record for record in await self.records() if record.kid == key.kid)

    async def remove(self, kid: str, why: str, actor: Actor) -> None:
        """Destroy a key at once. In the place of the one that signs a new one signs at once.

        The new one is not published beforehand, as a rotation's is: a verifier learns of it by the
        first token it meets. That costs a fetch; waiting would cost forged tokens.
        """
        async with self._database.transaction() as transaction:
            rows = await signing_keys.locked(transaction.connection)
            row = next((row for row in rows if row.kid == kid), None)
            is_present = row is not None and row.state != KeyState.GONE
            if row is not None and is_present:
                compromised = self._act(AuditEvent.SIGNING_KEY_COMPROMISED, kid, actor, why or None)
                await self._audit.note(transaction, compromised)
                await self._change(transaction, row, KeyState.GONE, actor)
                if row.state == KeyState.ACTIVE:
                    await self._replace_at_once(transaction, actor)
                await signing_keys.forget_gone(transaction.connection, KEPT_GONE)
        if not is_present:
            reason = "no such key" if row is None else "gone already"
            await self._refuse(AuditEvent.SIGNING_KEY_COMPROMISED, kid, actor, reason)
            if row is None:
                raise NotFound(reason)
            raise Conflict(reason, detail="This key is gone already.")
        await self._keyring.current()

    async def advance(self) -> None:
        """Make the changes that are due, by the schedule too; see what others have made."""
        await self._keyring.current()
        async with self._database.reading() as connection:
            lives = [life_of(row) for row in await signing_keys.all_of(connection)]
        now = self._clock.timestamp()
        if not due_changes(lives, now, self._pace) and not is_rotation_due(lives, now, self._pace):
            return
        async with self._database.transaction() as transaction:
            await self._advance(transaction)
        await self._keyring.current()

    async def _advance(self, transaction: Transaction) -> None:
        rows = {row.kid: row for row in await signing_keys.locked(transaction.connection)}
        lives = [life_of(row) for row in rows.values()]
        now = self._clock.timestamp()
        if is_rotation_due(lives, now, self._pace):
            await self._create(transaction, SigningKey.generate(), _ITSELF, "by schedule")
        for change in due_changes(self._without_unusable(rows, lives), now, self._pace):
            await self._change(transaction, rows[change.kid], change.state, _ITSELF)
        await signing_keys.forget_gone(transaction.connection, KEPT_GONE)

    def _without_unusable(
        self, rows: dict[str, SigningKeyRow], lives: Sequence[KeyLife]
    ) -> list[KeyLife]:
        """Leave out keys that are to sign and could not, so that the present one goes on."""
        good = []
        for life in lives:
            if life.is_waiting and not is_usable(rows[life.kid], self._encryption_key):
                _log.error(
                    "signing_key_unusable",
                    message="A new signing key cannot be opened as it is stored. Remove it.",
                    kid=life.kid,
                )
            else:
                good.append(life)
        return good

    async def _create(
        self, transaction: Transaction, key: SigningKey, actor: Actor, why: str
    ) -> None:
        life = KeyLife(kid=key.kid, state=KeyState.CREATED, created_at=self._clock.timestamp())
        row = sealed_row(key, life, self._encryption_key)
        await signing_keys.add(transaction.connection, row)
        act = self._act(AuditEvent.SIGNING_KEY_CREATED, key.kid, actor, why)
        await self._audit.note(transaction, act)

    async def _replace_at_once(self, transaction: Transaction, actor: Actor) -> None:
        key, now = SigningKey.generate(), self._clock.timestamp()
        life = KeyLife(kid=key.kid, state=KeyState.CREATED, created_at=now)
        for state in (KeyState.CREATED, KeyState.PUBLISHED, KeyState.ACTIVE):
            life = entered(life, state, now)
            act = self._act(_EVENTS[state], key.kid, actor, "in place of a compromised key")
            await self._audit.note(transaction, act)
        row = sealed_row(key, life, self._encryption_key)
        await signing_keys.add(transaction.connection, row)

    async def _change(
        self, transaction: Transaction, row: SigningKeyRow, state: KeyState, actor: Actor
    ) -> None:
        life = entered(life_of(row), state, self._clock.timestamp())
        await signing_keys.save(transaction.connection, row_with(row, life))
        await self._audit.note(transaction, self._act(_EVENTS[state], row.kid, actor))

    async def _refuse(self, event: AuditEvent, kid: str, actor: Actor, reason: str) -> None:
        act = replace(self._act(event, kid, actor, reason), outcome=Outcome.REFUSED)
        await self._audit.note_alone(act)

    def _act(self, event: AuditEvent, kid: str, actor: Actor, reason: str | None = None) -> Act:
        return Act(
            event=event,
            outcome=Outcome.SUCCESS,
            origin=actor.origin,
            actor=actor.name,
            token_id=kid,
            reason=reason,
        )

    def _record(self, row: SigningKeyRow, lives: Sequence[KeyLife]) -> KeyRecord:
        life = life_of(row)
        return KeyRecord(
            kid=row.kid,
            algorithm=row.algorithm,
            state=life.state,
            created_at=life.created_at,
            published_at=life.published_at,
            activated_at=life.activated_at,
            retired_at=life.retired_at,
            gone_at=life.gone_at,
            next_at=next_change_at(life, lives, self._pace),
        )


def _under_way(key: KeyLife, lives: Sequence[KeyLife], pace: Pace) -> str:
    if key.state is KeyState.CREATED:
        return f"A rotation is under way: key {key.kid} is about to be published."
    due = next_change_at(key, lives, pace)
    when = "" if due is None else f" and signs from {as_iso(due)}"
    return f"A rotation is under way: key {key.kid} is published{when}."
