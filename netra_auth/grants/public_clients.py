"""The public clients: programs that cannot keep a secret and prove themselves by PKCE.

A table of data. Services are not here: they live in the store with their secrets.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

PROFILE_SCOPE: Final = "profile"
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
    """A registered program of a user's own machine or browser."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    grants: frozenset[GrantType]
    scopes: tuple[str, ...]

    @property
    def can_be_posed_as(self) -> bool:
        """Tell whether any program of the machine can receive its answers: on a loopback port."""
        return any(_LOOPBACK.match(uri) for uri in self.redirect_uris)

    def accepts_redirect(self, uri: str) -> bool:
        """Tell whether a redirect URI is registered, character by character.

        A registered loopback URI stands for the same one with any port (RFC 8252 section 7.3),
        and for nothing else.
        """
        return any(_is_same_redirect(uri, registered) for registered in self.redirect_uris)


def _is_same_redirect(uri: str, registered: str) -> bool:
    if uri == registered:
        return True
    loopback = _LOOPBACK.match(registered)
    if loopback is None:
        return False
    host, path = loopback.groups()
    if not uri.startswith(host) or not uri.endswith(path):
        return False
    port = _PORT.match(uri[len(host) : len(uri) - len(path)])
    return port is not None and int(port.group(1)) <= _HIGHEST_PORT


PUBLIC_CLIENTS: Final = MappingProxyType(
    {
        client.client_id: client
        for client in (
            PublicClient(
                client_id="netra-cli",
                name="the netra command",
                redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback"),
                grants=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
                scopes=(PROFILE_SCOPE,),
            ),
        )
    }
)
"""Client id to client."""
