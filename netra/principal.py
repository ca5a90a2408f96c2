"""Who acts. A principal comes only from a verified credential (`netra.tokens`).

What a principal may do is decided in `netra.policy`. A `ServiceIdentity` is a name from
configuration: it opens nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from netra.errors import ConfigurationInvalid

SERVICE_NAMESPACE: Final = "service:"
"""The namespace of service subjects. No user id may begin with it, in any spelling."""

_SERVICE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_SERVICE_ID_MAX = 63


class PrincipalKind(StrEnum):
    """The three kinds of caller."""

    USER = "user"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


class Role(StrEnum):
    """What a person may be beyond a plain user."""

    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class UserPrincipal:
    """A person whose access token was verified.

    Attributes:
        user_id: The auth service's id of the person, `usr_…`.
        session_id: The login session the token came from, `ses_…`.
        client_id: The OAuth client that asked for the token.
        scopes: What the token was granted.
        roles: What the person is, as the auth service signed it.
        token_id: The token's `jti`.
        expires_at: Seconds since the epoch at which the credential ends.
    """

    user_id: str
    session_id: str
    client_id: str
    scopes: frozenset[str]
    roles: frozenset[Role]
    token_id: str
    expires_at: float

    @property
    def kind(self) -> PrincipalKind:
        """Say which of the three kinds this is."""
        return PrincipalKind.USER

    def __str__(self) -> str:
        return self.user_id


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """A service whose credential was verified; `str()` is `service:<service id>`.

    Attributes:
        service_id: The registered id, such as `netra-backend`.
        scopes: What the auth service granted it; these are its permissions.
        token_id: The `jti` of the token that proved it.
        expires_at: Seconds since the epoch at which the proof ends.
    """

    service_id: str
    scopes: frozenset[str]
    token_id: str
    expires_at: float

    @property
    def kind(self) -> PrincipalKind:
        """Say which of the three kinds this is."""
        return PrincipalKind.SERVICE

    def __str__(self) -> str:
        return f"{SERVICE_NAMESPACE}{self.service_id}"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """A caller that proved nothing."""

    @property
    def kind(self) -> PrincipalKind:
        """Say which of the three kinds this is."""
        return PrincipalKind.ANONYMOUS

    def __str__(self) -> str:
        return "anonymous"


AuthenticatedPrincipal: TypeAlias = UserPrincipal | ServicePrincipal
Principal: TypeAlias = UserPrincipal | ServicePrincipal | Anonymous

ANONYMOUS: Final = Anonymous()


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """A service's own name, from configuration; `str()` is `service:<service id>`.

    It opens nothing: only validation at the auth service gives a `ServicePrincipal`.

    Raises:
        ConfigurationInvalid: The id is not lower-case words joined by hyphens.
    """

    service_id: str

    def __post_init__(self) -> None:
        if not is_service_id(self.service_id):
            raise ConfigurationInvalid(
                "SERVICE_ID must be lower-case letters, digits and single hyphens, "
                f"at most {_SERVICE_ID_MAX} characters, such as netra-backend."
            )

    def __str__(self) -> str:
        return f"{SERVICE_NAMESPACE}{self.service_id}"


def is_service_id(text: str) -> bool:
    """Tell whether a text has the shape of a service id; says nothing about who is asking."""
    return len(text) <= _SERVICE_ID_MAX and _SERVICE_ID.match(text) is not None
