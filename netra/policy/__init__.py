"""Which principal may do what."""

from netra.policy.permissions import (
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
    "TABLE",
    "Allowed",
    "CredentialMethod",
    "Denied",
    "Grant",
    "Permission",
    "decide",
    "permissions_of",
]
