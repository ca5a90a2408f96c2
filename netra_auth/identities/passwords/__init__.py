"""Passwords: what one must be, how it is hashed, and how a person changes it."""

from netra_auth.identities.passwords.hashing import (
    ITERATIONS,
    MAX_LENGTH,
    MEMORY_KIBIBYTES,
    MIN_LENGTH,
    PARALLELISM,
    PasswordHasher,
    PasswordUnacceptable,
    require_acceptable,
)

__all__ = [
    "ITERATIONS",
    "MAX_LENGTH",
    "MEMORY_KIBIBYTES",
    "MIN_LENGTH",
    "PARALLELISM",
    "PasswordHasher",
    "PasswordUnacceptable",
    "require_acceptable",
]
