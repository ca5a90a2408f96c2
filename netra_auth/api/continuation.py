"""Where a login may lead: back to what it interrupted, nowhere else.

That is an authorization request, or the page of one's own account.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from netra.errors import RequestInvalid
from netra.wire.auth_admin import ACCOUNT_PATH
from netra.wire.auth_api import AUTHORIZE_PATH
from netra_auth.api.parameters import parse, recognised
from netra_auth.grants.authorization_request import (
    AuthorizationRefused,
    ReturnAddress,
    return_address_of,
)
from netra_auth.grants.user_clients import UserClient

MAX_LENGTH: Final = 8192
_QUERY: Final = re.compile(r"[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*\Z")
"""What a query may hold (RFC 3986 section 3.4): no space, quote, backslash or line end."""


def continuation(unverified_path: str | None) -> str | None:
    """Give a path back to our own authorization endpoint or account page; None for all else."""
    if unverified_path == ACCOUNT_PATH:
        return ACCOUNT_PATH
    if unverified_path is None or len(unverified_path) > MAX_LENGTH:
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


async def client_behind(
    back: str | None, find: Callable[[str], Awaitable[UserClient | None]]
) -> AskingClient | None:
    """Give the client behind a continuation, if its redirect URI is registered.

    Raises:
        DatabaseUnavailable: The store cannot be reached.
    """
    if back is None:
        return None
    try:
        parameters = recognised(parse(query_of(back)), frozenset({"client_id", "redirect_uri"}))
        client = await find(parameters.values.get("client_id", ""))
        address = return_address_of(parameters.values, parameters.repeated, client)
    except (RequestInvalid, AuthorizationRefused):
        return None
    return AskingClient(address.client.name, origin_of_address(address))


def query_of(back: str) -> bytes:
    """Give the query of a continuation."""
    return back.partition("?")[2].encode("ascii")


def origin_of_address(address: ReturnAddress) -> str:
    """Give the origin an answer goes to."""
    parts = urlsplit(address.redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"
