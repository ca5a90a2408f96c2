"""What an authorization request asks for, and the two ways to refuse one (RFC 6749 4.1.1). Pure.

Until the client and its redirect URI are known to be good, nothing is sent to that URI.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from netra.errors import RequestInvalid
from netra_auth.grants.errors import OAuthCode, OAuthError, invalid_request
from netra_auth.grants.pkce import S256, is_challenge
from netra_auth.grants.public_clients import PublicClient, PublicClients
from netra_auth.grants.scopes import granted_scopes

MAX_STATE_BYTES: Final = 2048


class AuthorizationRefused(RequestInvalid):
    """The client or its redirect URI is not good: the person is told here, without redirect."""

    code = "authorization_refused"
    public_text = "The program that sent you here made a request that cannot be trusted."


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where the answer goes: a registered redirect URI and the state that belongs to it."""

    client: PublicClient
    redirect_uri: str
    state: str | None

    def with_answer(self, issuer: str, **answer: str) -> str:
        """Write the URI with an answer, the state unchanged, and our name (RFC 9207)."""
        if self.state is not None:
            answer["state"] = self.state
        return f"{self.redirect_uri}?{urlencode({**answer, 'iss': issuer})}"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that a logged-in person can be given a code for."""

    return_address: ReturnAddress
    scope: str
    code_challenge: str
    is_silent: bool
    """`prompt=none`: no page may be shown."""


class AuthorizationDenied(OAuthError):
    """The request is not good, and its client can be told so by redirect."""

    def __init__(self, return_address: ReturnAddress, refusal: OAuthError) -> None:
        super().__init__(refusal.error, refusal.description)
        self.return_address = return_address

    def location(self, issuer: str) -> str:
        """Write the redirect (RFC 6749 section 4.1.2.1)."""
        return self.return_address.with_answer(
            issuer, error=self.error.value, error_description=self.description
        )


def return_address_of(
    parameters: Mapping[str, str], repeated: frozenset[str], clients: PublicClients
) -> ReturnAddress:
    """Establish where the answer may go.

    Raises:
        AuthorizationRefused: The client is unknown, or the redirect URI is not one of its own
            (checklist 32).
    """
    if repeated & {"client_id", "redirect_uri"}:
        raise AuthorizationRefused(detail="client_id or redirect_uri was given twice.")
    client = clients.get(parameters.get("client_id", ""))
    if client is None:
        raise AuthorizationRefused(detail="The client is not registered.")
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or not client.accepts_redirect(redirect_uri):
        raise AuthorizationRefused(detail="The redirect URI is not registered for this client.")
    state = parameters.get("state")
    if "state" in repeated or (state and len(state.encode()) > MAX_STATE_BYTES):
        state = None
    return ReturnAddress(client, redirect_uri, state)


def authorization_request(
    parameters: Mapping[str, str], repeated: frozenset[str], clients: PublicClients
) -> AuthorizationRequest:
    """Read an authorization request.

    Raises:
        AuthorizationRefused: It cannot be answered by redirect.
        AuthorizationDenied: It can, and is refused.
    """
    address = return_address_of(parameters, repeated, clients)
    try:
        return _read(address, parameters, repeated)
    except OAuthError as refusal:
        raise AuthorizationDenied(address, refusal) from None


def _read(
    address: ReturnAddress, parameters: Mapping[str, str], repeated: frozenset[str]
) -> AuthorizationRequest:
    if repeated:
        raise invalid_request("A parameter was given twice.")
    if len(parameters.get("state", "").encode()) > MAX_STATE_BYTES:
        raise invalid_request(f"The state is longer than {MAX_STATE_BYTES} bytes.")
    response_type = parameters.get("response_type")
    if response_type is None:
        raise invalid_request("response_type is missing.")
    if response_type != "code":
        raise OAuthError(
            OAuthCode.UNSUPPORTED_RESPONSE_TYPE, "Only the response type code is supported."
        )
    if parameters.get("response_mode", "query") != "query":
        raise invalid_request("Only the response mode query is supported.")
    challenge = parameters.get("code_challenge")
    if challenge is None or not is_challenge(challenge):
        raise invalid_request("code_challenge is missing or malformed; PKCE is required.")
    if parameters.get("code_challenge_method") != S256:
        raise invalid_request("Only the code challenge method S256 is supported.")
    scopes = granted_scopes(parameters.get("scope"), address.client.scopes)
    return AuthorizationRequest(
        return_address=address,
        scope=" ".join(scopes),
        code_challenge=challenge,
        is_silent=parameters.get("prompt") == "none",
    )
