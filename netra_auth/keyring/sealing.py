"""How a private key is kept at rest: AES-256-GCM under a key from the configuration. Pure."""

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from netra.secret import Secret

_FORMAT: Final = "a256gcm.1"
_NONCE_BYTES: Final = 12


class SealBroken(ValueError):
    """The sealed text is not ours, was changed, belongs to another kid, or the key is another."""


def seal(plaintext: Secret, encryption_key: Secret, kid: str) -> str:
    """Encrypt a private key; only `unseal` with the same encryption key and kid reads it back."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(_raw(encryption_key))
    box = nonce + cipher.encrypt(nonce, plaintext.reveal().encode(), _bound_to(kid))
    return f"{_FORMAT}.{urlsafe_b64encode(box).decode()}"


def unseal(sealed: str, encryption_key: Secret, kid: str) -> Secret:
    """Decrypt a private key.

    Raises:
        SealBroken: It cannot be decrypted with this encryption key and this kid.
    """
    form, _, text = sealed.rpartition(".")
    if form != _FORMAT:
        raise SealBroken("the sealed key has an unknown format")
    try:
        box = urlsafe_b64decode(text)
        nonce, ciphertext = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
        opened = AESGCM(_raw(encryption_key)).decrypt(nonce, ciphertext, _bound_to(kid))
        return Secret(opened.decode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise SealBroken("the sealed key cannot be opened") from error


def _bound_to(kid: str) -> bytes:
    return f"{_FORMAT}:{kid}".encode()


def _raw(encryption_key: Secret) -> bytes:
    text = encryption_key.reveal()
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
