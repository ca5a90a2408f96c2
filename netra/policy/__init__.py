"""Which principal may do what."""

from netra.policy.permissions import (
    ADMINISTRATION,
    TABLE,
    Allowed,
    CredentialMethod,
    Denied,
    Grant,
    Permission,
    decide,
    permissions_of,
)

__all__ = [
    "ADMINISTRATION",
    "TABLE",
    "Allowed",
    "CredentialMethod",
    "Denied",
    "Grant",
    "Permission",
    "decide",
    "permissions_of",
]
