"""The keys this service signs with, in either trust mode, and the first key's creation.

A key lives in the store, sealed; a restart finds it again, so the active kid does not change.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netra.clock import Clock
from netra.errors import ConfigurationInvalid
from netra.secret import Secret
from netra.tokens import KeySet, KeySetInvalid, SigningKey
from netra_auth.audit import STARTUP, Act, AuditEvent, AuditTrail, Outcome
from netra_auth.keyring.sealing import SealBroken, seal, unseal
from netra_auth.settings import Settings, TokenTrustMode
from netra_auth.store.engine import Database
from netra_auth.store.repositories import signing_keys
from netra_auth.store.repositories.signing_keys import SigningKeyRow


class KeyringUnusable(ConfigurationInvalid):
    """The store's keys cannot be used with this configuration; no new key is made instead."""

    code = "keyring_unusable"


@dataclass(frozen=True, slots=True)
class Keyring:
    """What signs, what verifies, and what is published of it.

    Attributes:
        signing_key: Signs every access token.
        verification_keys: Verify every access token that may still be in use.
        published: The JWK set (RFC 7517); empty in shared-key mode.
    """

    signing_key: SigningKey
    verification_keys: KeySet
    published: Mapping[str, Any]

    async def is_in_store(self, database: Database) -> bool:
        """Tell whether the key that signs here is still the store's active key.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        kid = await signing_keys.active_kid(database)
        return not self.published["keys"] or kid == self.signing_key.kid


async def open_keyring(
    settings: Settings, database: Database, audit: AuditTrail, clock: Clock
) -> Keyring:
    """Find the keys of the configured trust mode; make the first one where there is none.

    Raises:
        KeyringUnusable: A stored key cannot be opened or used, or there are keys but none signs.
        DatabaseUnavailable: The store cannot be reached.
    """
    if settings.trust_mode is TokenTrustMode.SHARED_KEY:
        return _shared(settings)
    if settings.keyring_encryption_key is None:
        raise KeyringUnusable("KEYRING_ENCRYPTION_KEY is required when TOKEN_TRUST_MODE=keyring.")
    encryption_key = settings.keyring_encryption_key
    rows = await signing_keys.all_keys(database)
    if not rows:
        await _make_first_key(encryption_key, database, audit, clock)
        rows = await signing_keys.all_keys(database)
    return _opened(rows, encryption_key)


def _shared(settings: Settings) -> Keyring:
    if settings.shared_key is None:
        raise KeyringUnusable("JWT_SECRET_KEY is required when TOKEN_TRUST_MODE=shared-key.")
    accepted = [settings.shared_key]
    if settings.previous_shared_key is not None:
        accepted.append(settings.previous_shared_key)
    return Keyring(
        SigningKey.from_shared_secret(settings.shared_key),
        KeySet.from_shared_secrets(*accepted),
        {"keys": []},
    )


async def _make_first_key(
    encryption_key: Secret, database: Database, audit: AuditTrail, clock: Clock
) -> None:
    key = SigningKey.generate()
    won = await signing_keys.add_first(
        database,
        kid=key.kid,
        algorithm=key.algorithm.value,
        public_jwk=json.dumps(key.public_jwk()),
        sealed_private_jwk=seal(key.private_jwk(), encryption_key, key.kid),
        created_at=clock.timestamp(),
    )
    if won:
        act = Act(
            event=AuditEvent.SIGNING_KEY_CREATED,
            outcome=Outcome.SUCCESS,
            origin=STARTUP,
            actor="service:netra-auth",
            token_id=key.kid,
        )
        await audit.note_alone(act)


def _opened(rows: tuple[SigningKeyRow, ...], encryption_key: Secret) -> Keyring:
    active = next((row for row in rows if row.active_slot is not None), None)
    if active is None:
        raise KeyringUnusable(
            "The store holds signing keys but none is active. Restore the store from a backup."
        )
    published = {"keys": [json.loads(row.public_jwk) for row in rows]}
    try:
        private_jwk = unseal(active.sealed_private_jwk, encryption_key, active.kid)
        return Keyring(
            SigningKey.from_private_jwk(private_jwk), KeySet.from_jwks(published), published
        )
    except SealBroken as error:
        raise KeyringUnusable(
            "KEYRING_ENCRYPTION_KEY does not open the store's signing key. Configure the key the "
            "store was made with; no new signing key is made in its place."
        ) from error
    except KeySetInvalid as error:
        raise KeyringUnusable("The store's signing keys are malformed.") from error
