"""What is registered of a service, and what a service is once it has proven itself."""

from dataclasses import dataclass
from typing import Final

from netra.policy import CredentialMethod
from netra.principal import SERVICE_NAMESPACE, ServicePrincipal
from netra.wire.auth_admin import ServiceGrant
from netra_auth.store.repositories.services import ServiceRow

OPENID_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access"})
"""What a service may ask a person for when it logs them in; none of them is a permission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as registered. Nothing here says that it is the one asking.

    Attributes:
        service_id: Its id, which is also its OAuth `client_id`.
        name: What people call it.
        scopes: What it may ask for: permissions of its own, and OpenID scopes.
        audiences: Whom its own tokens may be meant for.
        grants: The OAuth grants it may use, as `ServiceGrant` has them.
        redirect_uris: Where the answers to its authorization requests may go.
    """

    service_id: str
    name: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    grants: frozenset[str]
    redirect_uris: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The name tokens carry."""
        return f"{SERVICE_NAMESPACE}{self.service_id}"

    @property
    def own_scopes(self) -> tuple[str, ...]:
        """What a token in its own name may say: its permissions alone."""
        return tuple(scope for scope in self.scopes if scope not in OPENID_SCOPES)

    @property
    def logs_people_in(self) -> bool:
        """Tell whether it may send people's browsers to the authorization endpoint."""
        return ServiceGrant.AUTHORIZATION_CODE in self.grants


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount(Service):
    """A service that has just proven itself.

    Attributes:
        method: How.
        secret_id: Which of its secrets it gave, if it gave one.
        key_id: The `kid` of the key it signed an assertion with, if it did.
    """

    method: CredentialMethod
    secret_id: str | None = None
    key_id: str | None = None

    def principal(self, proven_at: float) -> ServicePrincipal:
        """Give the principal the proof makes: for this request, hence no token and no life."""
        return ServicePrincipal(self.service_id, frozenset(self.own_scopes), "", proven_at)


def service_of(row: ServiceRow) -> Service:
    """Read what is registered of a service."""
    return Service(
        service_id=row.service_id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        audiences=tuple(row.audiences.split()),
        grants=frozenset(row.grants.split()),
        redirect_uris=tuple(row.redirect_uris.split()),
    )


def account_of(
    row: ServiceRow,
    method: CredentialMethod,
    *,
    secret_id: str | None = None,
    key_id: str | None = None,
) -> ServiceAccount:
    """Give the account of a service that has just proven itself."""
    service = service_of(row)
    return ServiceAccount(
        service_id=service.service_id,
        name=service.name,
        scopes=service.scopes,
        audiences=service.audiences,
        grants=service.grants,
        redirect_uris=service.redirect_uris,
        method=method,
        secret_id=secret_id,
        key_id=key_id,
    )
