"""Parsing how a client names and proves itself (RFC 6749 section 2.3.1). Proving is elsewhere."""

import binascii
from base64 import b64decode
from typing import Final
from urllib.parse import unquote_plus

from fastapi import Request
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase

from netra.errors import RequestInvalid
from netra.secret import Secret
from netra_auth.api.documentation import PRINTABLE, Text
from netra_auth.api.parameters import Parameters, read_form, recognised
from netra_auth.grants.clients import PresentedClient
from netra_auth.grants.errors import invalid_request

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The one kind of assertion that is taken (RFC 7523 section 2.2)."""

_UNREADABLE: Final = "the Authorization header cannot be read"
_RECOGNISED: Final = frozenset(
    {
        "audience",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
        "refresh_token",
        "scope",
        "token",
        "token_type_hint",
    }
)


class ClientSecretBasic(SecurityBase):
    """Documents HTTP Basic as the client's way to authenticate; parses nothing."""

    def __init__(self) -> None:
        self.model = HTTPBase(
            scheme="basic", description="The service id and secret, form-url-encoded."
        )
        self.scheme_name = "client_secret_basic"

    async def __call__(self) -> None:
        """Do nothing: `presented_client` parses the request."""


client_secret_basic = ClientSecretBasic()

CLIENT_ID: Final = Text(
    "The client, unless the Authorization header or a `client_assertion` names it; "
    "`client_secret` may come along.",
    pattern=PRINTABLE,
)


async def oauth_form(request: Request) -> Parameters:
    """Read the form of an OAuth endpoint; parameters of no meaning are ignored.

    Raises:
        OAuthError: `invalid_request`: not a readable form, or a parameter came twice.
        ContentTooLarge: It is longer than any form of ours.
    """
    try:
        parameters = recognised(await read_form(request), _RECOGNISED)
    except RequestInvalid as error:
        raise invalid_request(error.detail or "The request is malformed.") from error
    if parameters.repeated:
        raise invalid_request("A parameter was given twice.")
    return parameters


def presented_client(request: Request, parameters: Parameters) -> PresentedClient:
    """Read which client a request claims to come from, and its proof; what is missing stays empty.

    Raises:
        OAuthError: `invalid_request`: more than one way to authenticate was used (checklist 26).
    """
    headers = request.headers.getlist("authorization")
    client_id = parameters.values.get("client_id")
    secret = parameters.values.get("client_secret")
    asserts = parameters.values.keys() & {"client_assertion", "client_assertion_type"}
    if len(headers) + (secret is not None) + bool(asserts) > 1:
        raise invalid_request("More than one way of client authentication was used.")
    if asserts:
        return _assertion(parameters, client_id or "")
    if headers:
        presented = _basic(headers[0])
        if presented.fault is None and client_id not in (None, presented.client_id):
            return PresentedClient(fault="the header and the body name different clients")
        return presented
    return PresentedClient(client_id or "", None if secret is None else Secret(secret))


def _assertion(parameters: Parameters, client_id: str) -> PresentedClient:
    assertion = parameters.values.get("client_assertion")
    if assertion is None or parameters.values.get("client_assertion_type") != JWT_BEARER:
        return PresentedClient(
            client_id, fault="the client assertion is missing or of no known type"
        )
    return PresentedClient(client_id, assertion=Secret(assertion))


def _basic(header: str) -> PresentedClient:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return PresentedClient(fault="the Authorization header has another scheme")
    try:
        text = b64decode(encoded.strip(), validate=True).decode("utf-8")
        name, colon, secret = text.partition(":")
        # Both halves are form-url-encoded inside Basic (RFC 6749 section 2.3.1, checklist 27).
        client_id = unquote_plus(name, errors="strict")
        plain = unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        return PresentedClient(fault=_UNREADABLE)
    if not colon or not client_id or not plain or not (client_id + plain).isprintable():
        return PresentedClient(fault=_UNREADABLE)
    return PresentedClient(client_id, Secret(plain))
