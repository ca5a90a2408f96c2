"""The one parser of credentials: what a request or a handshake presents, not whether it is good.

A caller presents exactly one bearer token, by exactly one way. Anything else that could be meant
as a credential is refused, never ignored: what one reader skips another may take.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import parse_qsl, unquote_plus

from netra.errors import CredentialMissing, CredentialRejected
from netra.policy import CredentialMethod
from netra.wire.chat_protocol import TOKEN_SUBPROTOCOL_PREFIX

MAX_TOKEN_CHARACTERS: Final = 8192

_TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]+\Z")
_BEARER: Final = "bearer"
_TOKEN_PARAMETERS: Final = frozenset(
    {"access_token", "authorization", "auth_token", "bearer", "id_token", "jwt", "token"}
)
_JWS_HEADER: Final = "eyJ"
"""What a JSON object's `{"` is in base64url."""
_NOT_OF_A_JWS: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_DECODINGS: Final = 3


class HeaderList(Protocol):
    """Headers that give every line of a name, not the first."""

    def getlist(self, key: str) -> list[str]:
        """Give the values of a header, in order."""


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """What a caller presented; nothing is known of whether it is genuine."""

    unverified_token: str = field(repr=False)
    method: CredentialMethod


def credential_of_request(headers: HeaderList, query: bytes) -> PresentedCredential:
    """Find the bearer token of an HTTP request (RFC 6750 section 2.1 only).

    Raises:
        CredentialMissing: There is none.
        CredentialRejected: There is something else, or more than one, or one in the URL.
    """
    _refuse_token_in_url(query)
    presented = _of_authorization(headers)
    if presented is None:
        raise CredentialMissing("no Authorization header")
    return presented


def credential_of_handshake(
    headers: HeaderList, query: bytes, subprotocols: Sequence[str]
) -> PresentedCredential:
    """Find the bearer token of a WebSocket handshake: in `Authorization` or as a subprotocol.

    Raises:
        CredentialMissing: There is none.
        CredentialRejected: There is something else, or more than one, or one in the URL.
    """
    _refuse_token_in_url(query)
    offered = [p for p in subprotocols if p.lower().startswith(TOKEN_SUBPROTOCOL_PREFIX)]
    if len(offered) > 1:
        raise CredentialRejected("more than one bearer subprotocol")
    by_header = _of_authorization(headers)
    if by_header is not None and offered:
        raise CredentialRejected("an Authorization header and a bearer subprotocol")
    if by_header is not None:
        return by_header
    if not offered:
        raise CredentialMissing("neither an Authorization header nor a bearer subprotocol")
    if not offered[0].startswith(TOKEN_SUBPROTOCOL_PREFIX):
        raise CredentialRejected("the bearer subprotocol's prefix is not in lower case")
    return _presented(
        offered[0].removeprefix(TOKEN_SUBPROTOCOL_PREFIX), CredentialMethod.SUBPROTOCOL
    )


def _of_authorization(headers: HeaderList) -> PresentedCredential | None:
    values = headers.getlist("authorization")
    if not values:
        return None
    if len(values) > 1:
        raise CredentialRejected("more than one Authorization header")
    # White space around a field's value is not part of it (RFC 9110 section 5.5).
    scheme, separator, token = values[0].strip(" \t").partition(" ")
    if scheme.lower() != _BEARER:
        raise CredentialRejected("the Authorization scheme is not Bearer")
    if not separator:
        raise CredentialRejected("the Authorization header holds no token")
    return _presented(token, CredentialMethod.BEARER)


def _presented(unverified_token: str, method: CredentialMethod) -> PresentedCredential:
    if len(unverified_token) > MAX_TOKEN_CHARACTERS:
        raise CredentialRejected("the token is too long")
    if not _TOKEN.match(unverified_token):
        raise CredentialRejected("the token is empty or holds a character no token has")
    return PresentedCredential(unverified_token, method)


def _refuse_token_in_url(query: bytes) -> None:
    # URLs are written to logs and histories on the way (RFC 6750 section 5.3).
    if not query:
        return
    text = query.decode("latin-1")
    names = (name for name, _ in parse_qsl(text, keep_blank_values=True))
    if _holds_jws(text) or any(name.strip().lower() in _TOKEN_PARAMETERS for name in names):
        raise CredentialRejected("a token in the URL")


def _holds_jws(text: str) -> bool:
    """Look for the shape of a signed token anywhere in a text, encoded or not.

    By splitting and not by an expression: the time for it grows with the text's length alone.
    """
    for _ in range(_DECODINGS):
        for run in _NOT_OF_A_JWS.split(text):
            parts = run.split(".")
            for header, payload, _signature in zip(parts, parts[1:], parts[2:], strict=False):
                if _JWS_HEADER in header[:-1] and payload:
                    return True
        decoded = unquote_plus(text)
        if decoded == text:
            return False
        text = decoded
    return False
