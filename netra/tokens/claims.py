"""What an access token says (RFC 9068), and the shape those statements must have.

Who signed them, for whom and when they end is judged in `netra.tokens.verify`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType

from netra.principal import (
    SERVICE_NAMESPACE,
    AuthenticatedPrincipal,
    PrincipalKind,
    Role,
    ServicePrincipal,
    UserPrincipal,
    is_service_id,
)

LATEST_TIMESTAMP: Final = 253_402_300_799
"""The last second of the year 9999: no claim of a time lies beyond it."""

MAX_LIFETIME_SECONDS: Final = 300
"""No access token lives longer: the bound on a revoked token's life while the feed is down."""

_ROUNDING_SECONDS: Final = 0.001
"""`iat` and `exp` may be fractions: adding a lifetime to one rounds in the last bit."""
_TEXT_MAX: Final = 512
_USER_SUBJECT: Final = re.compile(r"usr_[A-Za-z0-9_-]{1,64}")
_SCOPE: Final = re.compile(r"(?:[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*)?")
"""RFC 6749 section 3.3: scope tokens parted by single spaces, or nothing."""
_ROLES: Final = {role.value: role for role in Role}
_KINDS: Final = {kind.value: kind for kind in (PrincipalKind.USER, PrincipalKind.SERVICE)}


class ClaimsInvalid(ValueError):
    """Claims do not have the shape an access token must have; the text says which and why."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """The statements of one access token. Nothing here proves that anybody signed them.

    Attributes:
        issuer: `iss`, the auth service's URL.
        subject: `sub`, `usr_…` for a person and `service:<client_id>` for a service.
        audience: `aud`, the services the token is meant for; never empty.
        client_id: The OAuth client that asked for the token.
        token_id: `jti`.
        issued_at: `iat`, seconds since the epoch.
        expires_at: `exp`, seconds since the epoch.
        principal_kind: A person or a service; always in step with the subject's namespace.
        scopes: What was granted.
        roles: What a person is; always empty for a service.
        session_id: `sid`, a person's login session; always None for a service.
    """

    issuer: str
    subject: str
    audience: tuple[str, ...]
    client_id: str
    token_id: str
    issued_at: float
    expires_at: float
    principal_kind: PrincipalKind
    scopes: frozenset[str]
    roles: frozenset[Role]
    session_id: str | None


SignedClaims = NewType("SignedClaims", AccessClaims)
"""Claims whose signature and rules were checked. Only `netra.tokens.verify` makes them."""


def principal_of(claims: SignedClaims) -> AuthenticatedPrincipal:
    """Name the principal that verified claims prove."""
    if claims.session_id is None:
        return ServicePrincipal(
            service_id=claims.client_id,
            scopes=claims.scopes,
            token_id=claims.token_id,
            expires_at=claims.expires_at,
        )
    return UserPrincipal(
        user_id=claims.subject,
        session_id=claims.session_id,
        client_id=claims.client_id,
        scopes=claims.scopes,
        roles=claims.roles,
        token_id=claims.token_id,
        expires_at=claims.expires_at,
    )


def payload_of(claims: AccessClaims) -> dict[str, object]:
    """Write claims as the members of a JWT payload (RFC 7519 section 4.1, RFC 9068 section 2.2).

    Raises:
        ClaimsInvalid: The result would be refused: what no verifier takes is not written.
    """
    payload: dict[str, object] = {
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": list(claims.audience),
        "client_id": claims.client_id,
        "jti": claims.token_id,
        "iat": _as_number(claims.issued_at),
        "exp": _as_number(claims.expires_at),
        "scope": " ".join(sorted(claims.scopes)),
        "principal_kind": claims.principal_kind.value,
    }
    if claims.roles:
        payload["roles"] = sorted(role.value for role in claims.roles)
    if claims.session_id is not None:
        payload["sid"] = claims.session_id
    if claims_of(payload) != claims:
        raise ClaimsInvalid("the claims cannot be written and read back unchanged")
    check_lifetime(claims, MAX_LIFETIME_SECONDS)
    return payload


def claims_of(payload: Mapping[str, object]) -> AccessClaims:
    """Read claims from the members of a JWT payload. Pure shape: nothing is trusted by it.

    Members that no rule names are ignored (RFC 7519 section 4), and so are roles this revision
    does not know: either can only grant less.

    Raises:
        ClaimsInvalid: A required claim is absent, or one has another shape (checklist 11), or the
            subject's namespace is not that of its kind (checklist 41).
    """
    kind = _KINDS.get(text_of(payload, "principal_kind"))
    if kind is None:
        raise ClaimsInvalid("principal_kind is neither user nor service")
    claims = AccessClaims(
        issuer=text_of(payload, "iss"),
        subject=text_of(payload, "sub"),
        audience=_audience(payload.get("aud")),
        client_id=text_of(payload, "client_id"),
        token_id=text_of(payload, "jti"),
        issued_at=timestamp_of(payload, "iat"),
        expires_at=timestamp_of(payload, "exp"),
        principal_kind=kind,
        scopes=_scopes(payload.get("scope", "")),
        roles=_roles(payload.get("roles", ())),
        session_id=text_of(payload, "sid") if "sid" in payload else None,
    )
    if kind is PrincipalKind.USER:
        _check_user(claims)
    else:
        _check_service(claims)
    return claims


def timestamp_of(payload: Mapping[str, object], name: str) -> float:
    """Read a NumericDate: a JSON number, not negative, finite, before the year 10000.

    Raises:
        ClaimsInvalid: The claim is absent or anything else (checklist 11).
    """
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimsInvalid(f"{name} is not a number")
    if not 0 <= value <= LATEST_TIMESTAMP:  # Also false for NaN and both infinities.
        raise ClaimsInvalid(f"{name} is not a time")
    return value


def text_of(payload: Mapping[str, object], name: str) -> str:
    """Read a claim that is a short printable text, and not an empty one.

    Raises:
        ClaimsInvalid: The claim is absent or anything else.
    """
    return _as_text(payload.get(name), name)


def check_lifetime(claims: AccessClaims, max_seconds: float) -> None:
    """Check that a token ends after it begins, and not later than allowed.

    Raises:
        ClaimsInvalid: It does not.
    """
    if not 0 < claims.expires_at - claims.issued_at <= max_seconds + _ROUNDING_SECONDS:
        raise ClaimsInvalid(f"the lifetime is not positive or above {max_seconds:g} seconds")


def _as_number(timestamp: float) -> float:
    return int(timestamp) if float(timestamp).is_integer() else timestamp


def _as_text(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX or not value.isprintable():
        raise ClaimsInvalid(f"{name} is not a short printable text")
    return value


def _audience(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        raise ClaimsInvalid("aud is neither a text nor a list with entries")
    return tuple(_as_text(entry, "aud") for entry in value)


def _scopes(value: object) -> frozenset[str]:
    if not isinstance(value, str) or _SCOPE.fullmatch(value) is None:
        raise ClaimsInvalid("scope is not a space-separated text")
    return frozenset(value.split())


def _roles(value: object) -> frozenset[Role]:
    if not value and isinstance(value, tuple | list):
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ClaimsInvalid("roles is not a list of texts")
    return frozenset(_ROLES[entry] for entry in value if entry in _ROLES)


def _check_user(claims: AccessClaims) -> None:
    if _USER_SUBJECT.fullmatch(claims.subject) is None:
        raise ClaimsInvalid("a person's subject does not begin with usr_")
    if claims.session_id is None:
        raise ClaimsInvalid("a person's token names no session")


def _check_service(claims: AccessClaims) -> None:
    if not is_service_id(claims.client_id):
        raise ClaimsInvalid("a service's client_id is not a service id")
    if claims.subject != SERVICE_NAMESPACE + claims.client_id:
        raise ClaimsInvalid("a service's subject is not service:<client_id>")
    if claims.session_id is not None or claims.roles:
        raise ClaimsInvalid("a service's token names a session or roles")
