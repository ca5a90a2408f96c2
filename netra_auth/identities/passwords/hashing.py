"""What a password must be, and how it is hashed and checked.

Hashing is slow on purpose: it runs in a thread, one at a time, so that many logins at once use
neither the event loop nor all of the memory.
"""

import asyncio
import unicodedata
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from netra.errors import ContentInvalid
from netra.ids import random_token
from netra_auth.identities.passwords.common_passwords import is_common

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 1024
MEMORY_KIBIBYTES: Final = 9_216
ITERATIONS: Final = 4
PARALLELISM: Final = 1
_AT_ONCE: Final = 1


class PasswordUnacceptable(ContentInvalid):
    """The password breaks the rules of `require_acceptable`; `detail` says which."""

    code = "password_unacceptable"
    public_text = "Choose another password."


def require_acceptable(password: str, email: str) -> None:
    """Refuse a password that is too short, too long, everybody's, or the person's own address.

    There are no composition rules (NIST SP 800-63B section 3.1.1.2, ASVS 6.2).

    Raises:
        PasswordUnacceptable: It is one of these.
    """
    # Normalising takes time quadratic in a run of combining marks, so the length comes first.
    if len(password) > MAX_LENGTH:
        raise PasswordUnacceptable(detail=f"It may have at most {MAX_LENGTH} characters.")
    normalised = _normalised(password)
    if len(normalised) < MIN_LENGTH:
        raise PasswordUnacceptable(detail=f"It needs at least {MIN_LENGTH} characters.")
    folded = normalised.casefold()
    if is_common(folded):
        raise PasswordUnacceptable(detail="It is one of the passwords that are tried first.")
    if folded in (email, email.partition("@")[0]):
        raise PasswordUnacceptable(detail="It is your e-mail address.")


class PasswordHasher:
    """Argon2id with stated parameters (one of OWASP's minima), off the loop and one at a time."""

    def __init__(self) -> None:
        self._argon2 = Argon2Hasher(
            time_cost=ITERATIONS, memory_cost=MEMORY_KIBIBYTES, parallelism=PARALLELISM
        )
        self._hashing = PasswordHash((self._argon2,))
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._decoy: str | None = None

    async def prepare(self) -> None:
        """Make the hash that stands in for unknown accounts, before the first login needs it."""
        self._decoy = await self.hash(random_token())

    async def hash(self, password: str) -> str:
        """Hash a password under a fresh salt."""
        async with self._turn:
            return await asyncio.to_thread(self._hashing.hash, _normalised(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Check a password against a stored hash, or against nobody's when there is none.

        The same work is done in both cases, so that the time tells nothing about the account.
        """
        if self._decoy is None:
            await self.prepare()
        against = stored if stored is not None else self._decoy
        async with self._turn:
            matches = await asyncio.to_thread(
                self._hashing.verify, _normalised(password), against or ""
            )
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than new ones are."""
        return self._argon2.check_needs_rehash(stored)


def _normalised(password: str) -> str:
    """Fold the different ways to write one character (NFC): keyboards differ in them."""
    return unicodedata.normalize("NFC", password)
