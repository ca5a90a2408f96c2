"""What an authorization request asks for, and the two ways to refuse one. Pure.

RFC 6749 section 4.1.1 and OpenID Connect Core section 3.1.2.1.

Until the client and its redirect URI are known to be good, nothing is sent to that URI.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from netra.errors import RequestInvalid
from netra_auth.grants.errors import OAuthCode, OAuthError, invalid_request
from netra_auth.grants.pkce import S256, is_challenge
from netra_auth.grants.scopes import OFFLINE_ACCESS, granted_scopes
from netra_auth.grants.user_clients import UserClient

MAX_STATE_BYTES: Final = 2048
MAX_NONCE_LETTERS: Final = 512
_MAX_AGE_DIGITS: Final = 9
_UNSUPPORTED: Final = MappingProxyType(
    {
        "request": OAuthCode.REQUEST_NOT_SUPPORTED,
        "request_uri": OAuthCode.REQUEST_URI_NOT_SUPPORTED,
        "registration": OAuthCode.REGISTRATION_NOT_SUPPORTED,
    }
)
_NOTHING_TO_GIVE: Final = ("address", "phone", OFFLINE_ACCESS)
"""Scopes that OpenID Connect defines: where there is nothing to give for one it is left out. That
is so for `offline_access` when the client may not use refresh tokens (Core section 11)."""


class Prompt(StrEnum):
    """Which pages the client wants shown, or not shown."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"


class AuthorizationRefused(RequestInvalid):
    """The client or its redirect URI is not good: the person is told here, without redirect."""

    code = "authorization_refused"
    public_text = "The program that sent you here made a request that cannot be trusted."


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where the answer goes: a registered redirect URI and the state that belongs to it."""

    client: UserClient
    redirect_uri: str
    state: str | None

    def with_answer(self, issuer: str, **answer: str) -> str:
        """Write the URI with an answer, the state unchanged, and our name (RFC 9207)."""
        if self.state is not None:
            answer["state"] = self.state
        separator = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{separator}{urlencode({**answer, 'iss': issuer})}"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that a logged-in person can be given a code for.

    Attributes:
        return_address: Who asks, and where the answer goes.
        scope: What is asked for, cut down to what the client is registered for.
        code_challenge: What proves that the code comes back from who asked (RFC 7636).
        nonce: Goes into the id_token unchanged.
        prompts: The pages that must be shown, or `none`.
        max_age: How many seconds ago the person may have logged in.
        previous_login: The mark of the login that this request found not to be enough.
    """

    return_address: ReturnAddress
    scope: str
    code_challenge: str
    nonce: str | None = None
    prompts: frozenset[Prompt] = frozenset()
    max_age: int | None = None
    previous_login: str | None = None

    @property
    def is_silent(self) -> bool:
        """Tell whether no page may be shown."""
        return Prompt.NONE in self.prompts

    @property
    def wants_new_login(self) -> bool:
        """Tell whether a login from before this request is not enough, however fresh."""
        return Prompt.LOGIN in self.prompts or self.max_age == 0


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
    parameters: Mapping[str, str], repeated: frozenset[str], client: UserClient | None
) -> ReturnAddress:
    """Establish where the answer may go.

    Args:
        parameters: The request.
        repeated: The parameters that came twice.
        client: The client that `client_id` names, if there is such a one.

    Raises:
        AuthorizationRefused: The client is unknown, or the redirect URI is not one of its own
            (checklist 32).
    """
    if repeated & {"client_id", "redirect_uri"}:
        raise AuthorizationRefused(detail="client_id or redirect_uri was given twice.")
    if client is None or client.client_id != parameters.get("client_id"):
        raise AuthorizationRefused(detail="The client is not registered.")
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or not client.accepts_redirect(redirect_uri):
        raise AuthorizationRefused(detail="The redirect URI is not registered for this client.")
    state = parameters.get("state")
    if "state" in repeated or (state and len(state.encode()) > MAX_STATE_BYTES):
        state = None
    return ReturnAddress(client, redirect_uri, state)


def authorization_request(
    parameters: Mapping[str, str], repeated: frozenset[str], client: UserClient | None
) -> AuthorizationRequest:
    """Read an authorization request.

    Args:
        parameters: The request.
        repeated: The parameters that came twice.
        client: The client that `client_id` names, if there is such a one.

    Raises:
        AuthorizationRefused: It cannot be answered by redirect.
        AuthorizationDenied: It can, and is refused.
    """
    address = return_address_of(parameters, repeated, client)
    try:
        return _read(address, parameters, repeated)
    except OAuthError as refusal:
        raise AuthorizationDenied(address, refusal) from None


def _read(
    address: ReturnAddress, parameters: Mapping[str, str], repeated: frozenset[str]
) -> AuthorizationRequest:
    if repeated:
        raise invalid_request("A parameter was given twice.")
    for name, code in _UNSUPPORTED.items():
        if name in parameters:
            raise OAuthError(code, f"The parameter {name} is not supported.")
    _check_form(parameters)
    nonce = parameters.get("nonce")
    if nonce is not None and len(nonce) > MAX_NONCE_LETTERS:
        raise invalid_request(f"The nonce is longer than {MAX_NONCE_LETTERS} characters.")
    return AuthorizationRequest(
        return_address=address,
        scope=_scope(address.client, parameters.get("scope")),
        code_challenge=_challenge(parameters),
        nonce=nonce,
        prompts=_prompts(parameters.get("prompt", "")),
        max_age=_max_age(parameters.get("max_age")),
        previous_login=parameters.get("previous_login"),
    )


def _check_form(parameters: Mapping[str, str]) -> None:
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


def _challenge(parameters: Mapping[str, str]) -> str:
    challenge = parameters.get("code_challenge")
    if challenge is None or not is_challenge(challenge):
        raise invalid_request("code_challenge is missing or malformed; PKCE is required.")
    if parameters.get("code_challenge_method") != S256:
        raise invalid_request("Only the code challenge method S256 is supported.")
    return challenge


def _scope(client: UserClient, asked: str | None) -> str:
    """Cut down what is asked for (checklist 25).

    A client of Netra's own may leave the scope out; a relying party says what it wants, so that
    the person can be told.
    """
    if client.is_first_party:
        return " ".join(granted_scopes(asked, client.scopes))
    if asked is None:
        raise OAuthError(OAuthCode.INVALID_SCOPE, "The scope is missing.")
    known = granted_scopes(asked, (*client.scopes, *_NOTHING_TO_GIVE))
    scopes = [scope for scope in known if scope in client.scopes]
    if not scopes:
        raise OAuthError(OAuthCode.INVALID_SCOPE, "Nothing can be given for this scope.")
    return " ".join(scopes)


def _prompts(asked: str) -> frozenset[Prompt]:
    wanted = frozenset(asked.split())
    if "select_account" in wanted:
        raise OAuthError(
            OAuthCode.ACCOUNT_SELECTION_REQUIRED, "There is no choice between accounts here."
        )
    try:
        prompts = frozenset(Prompt(name) for name in wanted)
    except ValueError:
        raise invalid_request("The prompt has a value that is not supported.") from None
    if Prompt.NONE in prompts and len(prompts) > 1:
        raise invalid_request("The prompt none stands alone.")
    return prompts


def _max_age(asked: str | None) -> int | None:
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= _MAX_AGE_DIGITS):
        raise invalid_request("max_age is not a number of seconds.")
    return int(asked)
