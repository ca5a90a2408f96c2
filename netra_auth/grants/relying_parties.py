"""Relying parties: services registered to log people in, as clients that keep a secret.

What a service is registered for belongs to `netra_auth.identities.services`.
"""

import re
from dataclasses import dataclass
from typing import Final

from netra.wire.auth_api import AUTH_AUDIENCE, USERINFO_AUDIENCE
from netra_auth.grants.id_tokens import offers_openid
from netra_auth.grants.public_clients import GrantType
from netra_auth.grants.scopes import EMAIL, OFFLINE_ACCESS, OPENID, PROFILE
from netra_auth.identities.services.account import Service
from netra_auth.identities.services.accounts import ServiceAccounts
from netra_auth.settings import Settings

_USABLE: Final = re.compile(
    r"(?:https://[A-Za-z0-9.\-\[\]:]+|http://(?:127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]+)?)"
    r"(?:[/?][!\x22\x24-~]*)?\Z"
)
"""HTTPS, or plain HTTP to the person's own machine; no user information and no fragment."""


def person_scopes(*, with_openid: bool) -> frozenset[str]:
    """List what a relying party can be registered to ask people for."""
    scopes = frozenset({PROFILE, EMAIL, OFFLINE_ACCESS})
    return scopes | {OPENID} if with_openid else scopes


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """A service that people may be logged in to.

    Attributes:
        client_id: Its id.
        name: What people call it.
        redirect_uris: Where its answers may go, character by character.
        grants: What it may exchange at the token endpoint.
        scopes: What it may ask a person for.
        audiences: Whom its tokens for people may be meant for: never the backend or this service,
            whatever it is registered for in its own name.
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    grants: frozenset[GrantType]
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]

    @property
    def is_first_party(self) -> bool:
        """Tell whether it is a part of Netra: it never is, so each person is asked."""
        return False

    @property
    def can_be_posed_as(self) -> bool:
        """Tell whether another program can receive its answers: it proves itself besides."""
        return False

    def accepts_redirect(self, uri: str) -> bool:
        """Tell whether a redirect URI is registered, character by character (checklist 32)."""
        return uri in self.redirect_uris and _USABLE.match(uri) is not None


class RelyingParties:
    """Finds relying parties among the services of the store."""

    def __init__(self, settings: Settings, accounts: ServiceAccounts) -> None:
        self._scopes = person_scopes(with_openid=offers_openid(settings))
        self._closed = frozenset({settings.user_audience, AUTH_AUDIENCE, USERINFO_AUDIENCE})
        self._accounts = accounts

    async def find(self, client_id: str) -> RelyingParty | None:
        """Give a service that is enabled and registered for the authorization code grant.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        service = await self._accounts.relying_party(client_id)
        return None if service is None else self._read(service)

    def _read(self, service: Service) -> RelyingParty:
        known = {grant.value: grant for grant in GrantType}
        grants = frozenset(known[name] for name in service.grants if name in known)
        offered = self._scopes
        if GrantType.REFRESH_TOKEN not in grants:
            offered -= {OFFLINE_ACCESS}
        audiences = (audience for audience in service.audiences if audience not in self._closed)
        return RelyingParty(
            client_id=service.service_id,
            name=service.name or service.service_id,
            redirect_uris=service.redirect_uris,
            grants=grants,
            scopes=tuple(scope for scope in service.scopes if scope in offered),
            audiences=tuple(dict.fromkeys(audiences)),
        )
