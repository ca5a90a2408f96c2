"""Which principal may do what: one table, default deny. Pure.

A permission is granted by a row for the principal's kind and the way the credential came. A
service must hold the permission's name as a scope besides; a person must hold the role the row
names, if it names one.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from netra.principal import Principal, PrincipalKind, Role, ServicePrincipal, UserPrincipal


class Permission(StrEnum):
    """Everything that can be asked for. The value is also the OAuth scope a service needs."""

    PROFILE_READ = "profile:read"
    SESSIONS_OPEN = "sessions:open"
    THREADS_READ = "threads:read"
    THREADS_WRITE = "threads:write"
    ACCOUNT_DELETE = "account:delete"
    ACCOUNT_MANAGE = "account:manage"
    SESSION_END = "session:end"
    AGENTS_RUN = "agents:run"
    SERVICE_STATUS = "service:status"
    DATA_MAINTAIN = "data:maintain"
    TOKENS_INTROSPECT = "tokens:introspect"
    TOKENS_REVOKE = "tokens:revoke"
    REVOCATIONS_READ = "revocations:read"
    USERS_ADMIN = "users:admin"
    SERVICES_ADMIN = "services:admin"
    KEYS_ADMIN = "keys:admin"
    SESSIONS_ADMIN = "sessions:admin"
    AUDIT_READ = "audit:read"
    METRICS_READ = "metrics:read"
    OPERATIONS_READ = "operations:read"


class CredentialMethod(StrEnum):
    """How the credential came."""

    BEARER = "bearer"
    """An `Authorization: Bearer` header (RFC 6750 section 2.1)."""
    SUBPROTOCOL = "subprotocol"
    """A `bearer.<token>` entry of `Sec-WebSocket-Protocol`."""
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a method, not a secret
    """A registered client's secret (RFC 6749 section 2.3.1)."""
    CLIENT_ASSERTION = "client_assertion"
    """A registered client's signed assertion (RFC 7523 section 2.2)."""
    LOGIN_SESSION = "login_session"
    """The auth service's own session cookie."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One row: this kind, by these methods, and for people with this role (None: any)."""

    kind: PrincipalKind
    methods: frozenset[CredentialMethod]
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The table has a row that grants it."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No row grants it; `reason` is for the log."""

    reason: str


_TOKEN: Final = frozenset({CredentialMethod.BEARER, CredentialMethod.SUBPROTOCOL})
_BEARER: Final = frozenset({CredentialMethod.BEARER})
_CLIENT: Final = frozenset(
    {
        CredentialMethod.BEARER,
        CredentialMethod.CLIENT_SECRET,
        CredentialMethod.CLIENT_ASSERTION,
    }
)
_USER, _SERVICE = PrincipalKind.USER, PrincipalKind.SERVICE
_ADMINISTRATION: Final = (Grant(_SERVICE, _BEARER), Grant(_USER, _BEARER, Role.OPERATOR))

TABLE: Final = MappingProxyType(
    {
        Permission.PROFILE_READ: (Grant(_USER, _BEARER), Grant(_SERVICE, _BEARER)),
        Permission.SESSIONS_OPEN: (Grant(_USER, _TOKEN), Grant(_SERVICE, _CLIENT)),
        Permission.THREADS_READ: (Grant(_USER, _TOKEN),),
        Permission.THREADS_WRITE: (Grant(_USER, _TOKEN),),
        Permission.ACCOUNT_DELETE: (Grant(_USER, _BEARER),),
        Permission.ACCOUNT_MANAGE: (Grant(_USER, _BEARER),),
        Permission.SESSION_END: (Grant(_USER, _BEARER),),
        Permission.AGENTS_RUN: (Grant(_USER, _TOKEN), Grant(_SERVICE, _CLIENT)),
        Permission.SERVICE_STATUS: (Grant(_SERVICE, _BEARER),),
        Permission.DATA_MAINTAIN: (Grant(_SERVICE, _CLIENT),),
        Permission.TOKENS_INTROSPECT: (Grant(_SERVICE, _CLIENT),),
        Permission.TOKENS_REVOKE: (Grant(_SERVICE, _CLIENT),),
        Permission.REVOCATIONS_READ: (Grant(_SERVICE, _BEARER),),
        Permission.USERS_ADMIN: _ADMINISTRATION,
        Permission.SERVICES_ADMIN: _ADMINISTRATION,
        Permission.KEYS_ADMIN: _ADMINISTRATION,
        Permission.SESSIONS_ADMIN: _ADMINISTRATION,
        Permission.AUDIT_READ: _ADMINISTRATION,
        Permission.METRICS_READ: (Grant(_SERVICE, _BEARER),),
        Permission.OPERATIONS_READ: (Grant(_USER, _TOKEN, Role.OPERATOR),),
    }
)
"""Permission to the rows that grant it. What is not in it is denied."""

ADMINISTRATION: Final = frozenset(
    permission for permission, grants in TABLE.items() if grants is _ADMINISTRATION
)
"""What a person may only do soon after proving who they are; a service proves it every time."""


def decide(
    principal: Principal, permission: Permission, method: CredentialMethod | None
) -> Allowed | Denied:
    """Decide whether a principal whose credential came by `method` holds a permission."""
    if not isinstance(principal, UserPrincipal | ServicePrincipal):
        return Denied("an anonymous caller holds no permission")
    for grant in TABLE.get(permission, ()):
        if grant.kind is not principal.kind or method not in grant.methods:
            continue
        if isinstance(principal, ServicePrincipal):
            if permission.value in principal.scopes:
                return Allowed()
        elif grant.role is None or grant.role in principal.roles:
            return Allowed()
    return Denied(f"no row grants {permission.value} to this {principal.kind} by {method}")


def permissions_of(principal: Principal, method: CredentialMethod) -> tuple[Permission, ...]:
    """List what a principal may do, in the order of the enumeration."""
    return tuple(p for p in Permission if isinstance(decide(principal, p, method), Allowed))
