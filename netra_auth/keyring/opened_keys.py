"""Stored keys opened for use, and the shared keys of the other trust mode. Reads no store."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from netra.errors import ConfigurationInvalid
from netra.secret import Secret
from netra.tokens import KeySet, KeySetInvalid, SigningKey
from netra.wire.auth_admin import KeyState
from netra_auth.keyring.life_cycle import KeyLife
from netra_auth.keyring.sealing import SealBroken, seal, unseal
from netra_auth.store.repositories.signing_keys import SigningKeyRow

_PUBLIC: Final = frozenset({KeyState.PUBLISHED, KeyState.ACTIVE, KeyState.RETIRING})
_ACTIVE_SLOT: Final = 1
_PROBE: Final = b"netra_auth.keyring proof of a stored key"


class KeyringUnusable(ConfigurationInvalid):
    """The store's keys cannot be used with this configuration; no new key is made instead."""

    code = "keyring_unusable"


@dataclass(frozen=True, slots=True)
class KeysInForce:
    """What signs, what verifies, and what is published of it, at one moment.

    Attributes:
        signing_key: Signs every token.
        verification_keys: Verify every token that may still be in use.
        published: The JWK set (RFC 7517); empty in shared-key mode.
        states: The `kid` and state of each stored key it was made from.
    """

    signing_key: SigningKey
    verification_keys: KeySet
    published: Mapping[str, Any]
    states: frozenset[tuple[str, str]] = frozenset()


def opened(rows: Iterable[SigningKeyRow], encryption_key: Secret) -> KeysInForce:
    """Open the key that signs, and read the public halves of all that verify.

    Raises:
        KeyringUnusable: No key is active, or one cannot be opened or read.
    """
    try:
        present = [row for row in rows if KeyState(row.state) is not KeyState.GONE]
        active = next((row for row in present if row.state == KeyState.ACTIVE), None)
        if active is None:
            raise KeyringUnusable(
                "The store holds signing keys but none is active. Restore the store from a backup."
            )
        jwks = [json.loads(row.public_jwk) for row in present if KeyState(row.state) in _PUBLIC]
        published = {"keys": jwks}
        return KeysInForce(
            signing_key=_private(active, encryption_key),
            verification_keys=KeySet.from_jwks(published),
            published=published,
            states=frozenset((row.kid, row.state) for row in present),
        )
    except SealBroken as error:
        raise KeyringUnusable(
            "KEYRING_ENCRYPTION_KEY does not open the store's signing key. Configure the key the "
            "store was made with; no new signing key is made in its place."
        ) from error
    except (KeySetInvalid, ValueError) as error:
        raise KeyringUnusable("The store's signing keys are malformed.") from error


def shared(current: Secret, previous: Secret | None) -> KeysInForce:
    """Give the keys of shared-key mode: the present one signs, both verify."""
    accepted = (current,) if previous is None else (current, previous)
    return KeysInForce(
        SigningKey.from_shared_secret(current),
        KeySet.from_shared_secrets(*accepted),
        {"keys": []},
    )


def is_usable(row: SigningKeyRow, encryption_key: Secret) -> bool:
    """Tell whether a key, as stored, opens and signs what its published half verifies.

    A key is put to this proof before anybody is told of it: afterwards it would be too late.
    """
    try:
        public = KeySet.from_jwks({"keys": [json.loads(row.public_jwk)]}).find(row.kid)
        signature = _private(row, encryption_key).sign(_PROBE)
        return public is not None and public.verifies(_PROBE, signature)
    except (SealBroken, KeySetInvalid, ValueError):
        return False


def sealed_row(key: SigningKey, life: KeyLife, encryption_key: Secret) -> SigningKeyRow:
    """Write a new key as the store keeps it."""
    row = SigningKeyRow(
        kid=key.kid,
        algorithm=key.algorithm.value,
        public_jwk=json.dumps(key.public_jwk()),
        sealed_private_jwk=seal(key.private_jwk(), encryption_key, key.kid),
        state=life.state.value,
        active_slot=None,
        created_at=life.created_at,
    )
    return row_with(row, life)


def row_with(row: SigningKeyRow, life: KeyLife) -> SigningKeyRow:
    """Give a key's row as it is in another state; one that is gone keeps no private half."""
    return SigningKeyRow(
        kid=row.kid,
        algorithm=row.algorithm,
        public_jwk=row.public_jwk,
        sealed_private_jwk="" if life.state is KeyState.GONE else row.sealed_private_jwk,
        state=life.state.value,
        active_slot=_ACTIVE_SLOT if life.state is KeyState.ACTIVE else None,
        created_at=life.created_at,
        published_at=life.published_at,
        activated_at=life.activated_at,
        retired_at=life.retired_at,
        gone_at=life.gone_at,
    )


def life_of(row: SigningKeyRow) -> KeyLife:
    """Read what a row says of a key's life.

    Raises:
        KeyringUnusable: The state is none that this code knows.
    """
    try:
        state = KeyState(row.state)
    except ValueError as error:
        raise KeyringUnusable("A stored signing key is in an unknown state.") from error
    return KeyLife(
        kid=row.kid,
        state=state,
        created_at=row.created_at,
        published_at=row.published_at,
        activated_at=row.activated_at,
        retired_at=row.retired_at,
        gone_at=row.gone_at,
    )


def _private(row: SigningKeyRow, encryption_key: Secret) -> SigningKey:
    return SigningKey.from_private_jwk(unseal(row.sealed_private_jwk, encryption_key, row.kid))
