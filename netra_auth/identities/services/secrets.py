"""The secrets of services: how they are made, kept and compared.

A secret is 256 random bits, made here or by whoever deploys a service; the store has its SHA-256
only, which is enough for a secret that cannot be guessed (ASVS 6.5.2).
"""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from netra.ids import random_token, row_id
from netra.secret import Secret
from netra_auth.store.repositories.service_secrets import ServiceSecretRow

PREFIX: Final = "nsec_"
MAX_VALID_SECRETS: Final = 5
"""How many secrets of one service may be valid at the same time."""

_SECRET_ID: Final = re.compile(r"sec_[0-9a-z]{26}\Z")
_NOBODYS_SECRET: Final = "0" * 64


def is_secret_id(text: str) -> bool:
    """Tell whether a text has the shape of a secret's id."""
    return _SECRET_ID.match(text) is not None


def new_secret() -> Secret:
    """Make a secret; its prefix lets scanners for leaked secrets know it."""
    return Secret(PREFIX + random_token())


def digest_of(secret: Secret) -> str:
    """Give the form in which a secret is stored."""
    return sha256(secret.reveal().encode()).hexdigest()


def row_for(secret: Secret, service_id: str, now: float) -> ServiceSecretRow:
    """Give the row that stands for a service's new secret."""
    return ServiceSecretRow(
        secret_id=row_id("sec"),
        service_id=service_id,
        secret_sha256=digest_of(secret),
        created_at=now,
    )


def matching(presented: Secret, held: Sequence[ServiceSecretRow]) -> ServiceSecretRow | None:
    """Find the stored secret that a presented one is.

    Every stored secret is compared, in constant time, and nobody's secret as often as one is
    missing: how long it takes tells neither how many there are nor which one it was.
    """
    digest = digest_of(presented)
    missing = MAX_VALID_SECRETS - len(held)
    digests = [row.secret_sha256 for row in held] + [_NOBODYS_SECRET] * missing
    is_same = [hmac.compare_digest(digest, stored) for stored in digests]
    return next((row for row, same in zip(held, is_same, strict=False) if same), None)
