"""Where a login may lead: back to what it interrupted, nowhere else. Pure.

That is an authorization request, or the page of one's own account.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from netra.errors import RequestInvalid
from netra.wire.auth_admin import ACCOUNT_PATH
from netra.wire.auth_api import AUTHORIZE_PATH
from netra_auth.api.parameters import parse
from netra_auth.grants.authorization_request import AuthorizationRefused, return_address_of
from netra_auth.grants.public_clients import PublicClients

_MAX_LENGTH: Final = 8192
_QUERY: Final = re.compile(r"[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*\Z")
"""What a query may hold (RFC 3986 section 3.4): no space, quote, backslash or line end."""


def continuation(unverified_path: str | None) -> str | None:
    """Give a path back to our own authorization endpoint or account page; None for all else."""
    if unverified_path == ACCOUNT_PATH:
        return ACCOUNT_PATH
    if unverified_path is None or len(unverified_path) > _MAX_LENGTH:
        return None
    path, mark, query = unverified_path.partition("?")
    if path != AUTHORIZE_PATH or not mark or _QUERY.match(query) is None:
        return None
    return unverified_path


@dataclass(frozen=True, slots=True)
class AskingClient:
    """Who interrupted itself for a login: what people call it, and where it takes answers."""

    name: str
    origin: str


def client_behind(back: str | None, clients: PublicClients) -> AskingClient | None:
    """Give the client behind a continuation, if its redirect URI is registered."""
    if back is None:
        return None
    try:
        parameters = parse(back.partition("?")[2].encode("ascii"))
        address = return_address_of(parameters.values, parameters.repeated, clients)
    except (RequestInvalid, AuthorizationRefused):
        return None
    parts = urlsplit(address.redirect_uri)
    return AskingClient(address.client.name, f"{parts.scheme}://{parts.netloc}")
