"""The keys this service signs and verifies with, in either trust mode, as they are now.

They live in the store, sealed: a restart finds them again, and processes that share a store agree
on them, since each looks before it signs, verifies or publishes. What changes them is in
`netra_auth.keyring.rotation`.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.errors import CouldNotDecide, DatabaseUnavailable
from netra.secret import Secret
from netra.telemetry.log_events import event_logger
from netra.tokens import KeySet, SigningKey
from netra.wire.auth_admin import KeyState
from netra_auth.audit import STARTUP, Act, AuditEvent, AuditTrail, Outcome
from netra_auth.keyring.life_cycle import LATEST_VIEW_SECONDS, KeyLife
from netra_auth.keyring.opened_keys import (
    KeyringUnusable,
    KeysInForce,
    opened,
    sealed_row,
    shared,
)
from netra_auth.settings import Settings, TokenTrustMode
from netra_auth.store.engine import Database
from netra_auth.store.group_read import GroupRead
from netra_auth.store.repositories import signing_keys

_log = event_logger("netra_auth.keyring")

OWN_ACTOR = "service:netra-auth"
"""Who did what nobody asked for: the service itself."""

_NO_KEY_ON_STANDBY = (
    "The store holds no signing key, and a process on standby makes none: start one without"
    " STANDBY_UNTIL_TRAFFIC on this store first."
)


class KeysUnreadable(CouldNotDecide):
    """The store has come to hold keys that this process cannot use: it signs and verifies none."""

    code = "keys_unreadable"


class Keyring(Protocol):
    """The keys in force.

    `current` looks at the store. The properties give what was found last, for code that
    cannot wait; a view that is too old to sign with gives no signing key.
    """

    @property
    def signing_key(self) -> SigningKey:
        """The key that signs.

        Raises:
            DatabaseUnavailable: The store was last seen too long ago.
        """

    @property
    def verification_keys(self) -> KeySet:
        """The keys that verify."""

    @property
    def published(self) -> Mapping[str, Any]:
        """The JWK set (RFC 7517)."""

    def current(self) -> asyncio.Future[KeysInForce]:
        """Begin to look at the store; what is given has the keys as of its latest commit.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
            KeysUnreadable: The keys in it cannot be used.
        """

    async def to_publish(self) -> KeysInForce:
        """Give the keys as `current` does, or as they were seconds ago if the store is away.

        Raises:
            DatabaseUnavailable: The store cannot be reached, and was last seen too long ago.
            KeysUnreadable: The keys in it cannot be used.
        """


@dataclass(frozen=True, slots=True)
class SharedKeyring:
    """The keys of the configuration, which live as long as the process does."""

    keys: KeysInForce

    @property
    def signing_key(self) -> SigningKey:
        """The key that signs."""
        return self.keys.signing_key

    @property
    def verification_keys(self) -> KeySet:
        """The keys that verify."""
        return self.keys.verification_keys

    @property
    def published(self) -> Mapping[str, Any]:
        """Nothing: a shared secret has no public half."""
        return self.keys.published

    def current(self) -> asyncio.Future[KeysInForce]:
        """Give the keys."""
        known: asyncio.Future[KeysInForce] = asyncio.get_running_loop().create_future()
        known.set_result(self.keys)
        return known

    async def to_publish(self) -> KeysInForce:
        """Give the keys."""
        return self.keys


class StoredKeyring:
    """The keys of the store.

    One look at the store serves everybody who asked before it began, and a look is one small
    query: the keys are read and opened anew only when they have changed.
    """

    def __init__(
        self, database: Database, encryption_key: Secret, clock: Clock, keys: KeysInForce
    ) -> None:
        self._database = database
        self._encryption_key = encryption_key
        self._clock = clock
        self._keys = keys
        self._seen_at = clock.monotonic()
        self._looks: GroupRead[None, KeysInForce] = GroupRead(self._look)

    @property
    def signing_key(self) -> SigningKey:
        """The key that signs, unless the store was last seen too long ago to know."""
        if self._is_outdated():
            raise DatabaseUnavailable("the signing keys were last seen too long ago to sign")
        return self._keys.signing_key

    @property
    def verification_keys(self) -> KeySet:
        """The keys that verify, as last seen."""
        return self._keys.verification_keys

    @property
    def published(self) -> Mapping[str, Any]:
        """The JWK set, as last seen."""
        return self._keys.published

    def current(self) -> asyncio.Future[KeysInForce]:
        """Give the keys as of the latest commit: a look that began before the call does not do."""
        return cast("asyncio.Future[KeysInForce]", self._looks.get(None))  # Always found.

    async def to_publish(self) -> KeysInForce:
        """Give the keys to publish: an outage of seconds keeps nobody from verifying."""
        try:
            return await self.current()
        except DatabaseUnavailable:
            # A set that lacks a new key must not be kept by anybody when that key begins to sign.
            if self._is_outdated():
                raise
            return self._keys

    def _is_outdated(self) -> bool:
        return self._clock.monotonic() - self._seen_at > LATEST_VIEW_SECONDS

    async def _look(self, _asked: Collection[None]) -> Mapping[None, KeysInForce]:
        began = self._clock.monotonic()
        async with self._database.reading() as connection:
            if await signing_keys.states(connection) != self._keys.states:
                rows = await signing_keys.all_of(connection)
                try:
                    self._keys = opened(rows, self._encryption_key)
                except KeyringUnusable as error:
                    raise KeysUnreadable(error.reason) from error
                kids = sorted(self._keys.verification_keys.kids)
                _log.info("keyring_changed", kid=self._keys.signing_key.kid, published=kids)
        self._seen_at = began
        return {None: self._keys}


async def open_keyring(
    settings: Settings,
    database: Database,
    audit: AuditTrail,
    clock: Clock,
    *,
    may_begin: bool = True,
) -> Keyring:
    """Find the keys of the configured trust mode; make the first one where there is none.

    Args:
        settings: The trust mode, and what opens the keys.
        database: Where they are.
        audit: Where the first one is recorded.
        clock: The time.
        may_begin: Whether the first one may be made.

    Raises:
        KeyringUnusable: A stored key cannot be opened or used, there are keys but none signs, or
            there is none and none may be made.
        DatabaseUnavailable: The store cannot be reached.
    """
    if settings.trust_mode is TokenTrustMode.SHARED_KEY:
        if settings.shared_key is None:
            raise KeyringUnusable("JWT_SECRET_KEY is required when TOKEN_TRUST_MODE=shared-key.")
        return SharedKeyring(shared(settings.shared_key, settings.previous_shared_key))
    encryption_key = encryption_key_of(settings)
    async with database.reading() as connection:
        rows = await signing_keys.all_of(connection)
    if not rows:
        if not may_begin:
            raise KeyringUnusable(_NO_KEY_ON_STANDBY)
        await _make_first_key(encryption_key, database, audit, clock)
        async with database.reading() as connection:
            rows = await signing_keys.all_of(connection)
    return StoredKeyring(database, encryption_key, clock, opened(rows, encryption_key))


def encryption_key_of(settings: Settings) -> Secret:
    """Give the key that seals the signing keys.

    Raises:
        KeyringUnusable: None is configured.
    """
    if settings.keyring_encryption_key is None:
        raise KeyringUnusable("KEYRING_ENCRYPTION_KEY is required when TOKEN_TRUST_MODE=keyring.")
    return settings.keyring_encryption_key


async def _make_first_key(
    encryption_key: Secret, database: Database, audit: AuditTrail, clock: Clock
) -> None:
    key, now = SigningKey.generate(), clock.timestamp()
    # There is nobody who could hold an older set, so the first key signs at once.
    life = KeyLife(
        kid=key.kid, state=KeyState.ACTIVE, created_at=now, published_at=now, activated_at=now
    )
    act = Act(
        event=AuditEvent.SIGNING_KEY_CREATED,
        outcome=Outcome.SUCCESS,
        origin=STARTUP,
        actor=OWN_ACTOR,
        token_id=key.kid,
        reason="the first key",
    )
    try:
        async with database.transaction() as transaction:
            row = sealed_row(key, life, encryption_key)
            if await signing_keys.add_first(transaction.connection, row):
                await audit.note(transaction, act)
    except IntegrityError:
        # Where snapshots let two processes both see an empty table, `active_slot` decides.
        return
