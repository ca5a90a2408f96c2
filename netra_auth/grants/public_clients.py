"""The public clients: programs that cannot keep a secret and prove themselves by PKCE.

Data. Services are not here: they live in the store with their secrets.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from netra.wire.auth_api import CHAT_CALLBACK_PATH, CHAT_CLIENT_ID
from netra_auth.grants.scopes import PROFILE

_LOOPBACK: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(/.*)\Z")
_PORT: Final = re.compile(r":([1-9][0-9]{0,4})\Z")
_HIGHEST_PORT: Final = 65535


class GrantType(StrEnum):
    """What the token endpoint takes. Neither the password nor the implicit grant is among them."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant
    CLIENT_CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True)
class PublicClient:
    """A registered program of a user's own machine or browser.

    Attributes:
        client_id: Its id.
        name: What people call it.
        redirect_uris: Where its answers may go.
        grants: What it may exchange at the token endpoint.
        scopes: What it may ask for.
        listens_on_any_port: Its redirect URIs are loopback ones without a port, each of which
            stands for the same one with any port (RFC 8252 section 7.3).
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    grants: frozenset[GrantType]
    scopes: tuple[str, ...]
    listens_on_any_port: bool = False

    @property
    def is_first_party(self) -> bool:
        """Tell whether it is a part of Netra: nobody is asked whether it may act for them."""
        return True

    @property
    def can_be_posed_as(self) -> bool:
        """Tell whether any program of the machine can receive its answers: on a free port."""
        return self.listens_on_any_port

    def accepts_redirect(self, uri: str) -> bool:
        """Tell whether a redirect URI is registered, character by character.

        Only where the client listens on any port may a loopback URI have another one.
        """
        if uri in self.redirect_uris:
            return True
        return self.listens_on_any_port and any(
            _differs_in_port_only(uri, registered) for registered in self.redirect_uris
        )


def _differs_in_port_only(uri: str, registered: str) -> bool:
    loopback = _LOOPBACK.match(registered)
    if loopback is None:
        return False
    host, path = loopback.groups()
    if not uri.startswith(host) or not uri.endswith(path):
        return False
    port = _PORT.match(uri[len(host) : len(uri) - len(path)])
    return port is not None and int(port.group(1)) <= _HIGHEST_PORT


PublicClients: TypeAlias = Mapping[str, PublicClient]
"""Client id to client."""

COMMAND: Final = PublicClient(
    client_id="netra-cli",
    name="the netra command",
    redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback"),
    grants=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
    scopes=(PROFILE,),
    listens_on_any_port=True,
)

FIRST_PARTY_IDS: Final = frozenset({COMMAND.client_id, CHAT_CLIENT_ID})
"""The ids that are Netra's own: no service goes by one of them."""


def chat_page(origins: Iterable[str]) -> PublicClient:
    """Describe the chat page as served from these origins, ports included.

    It has no refresh token, which a script could lose: while the login session lasts it asks for
    another code.
    """
    return PublicClient(
        client_id=CHAT_CLIENT_ID,
        name="the chat page",
        redirect_uris=tuple(origin + CHAT_CALLBACK_PATH for origin in origins),
        grants=frozenset({GrantType.AUTHORIZATION_CODE}),
        scopes=(PROFILE,),
    )


def public_clients(chat_origins: Iterable[str]) -> PublicClients:
    """List the public clients of an installation; without chat origins there is no chat page."""
    page = chat_page(chat_origins)
    clients = (COMMAND, page) if page.redirect_uris else (COMMAND,)
    return MappingProxyType({client.client_id: client for client in clients})
