"""What introspection (RFC 7662) and revocation (RFC 7009) are asked: a token, by whom."""

from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from netra.telemetry import Stage, request_record
from netra_auth.api.documentation import PRESENT, PRINTABLE, Text, form_body
from netra_auth.api.presented_client import CLIENT_ID, oauth_form, presented_client
from netra_auth.api.request_rates import admit_client
from netra_auth.api.state import origin_of, state_of
from netra_auth.audit import Origin
from netra_auth.grants.clients import Client
from netra_auth.grants.errors import invalid_request
from netra_auth.limits.table import Limit

TOKEN_FORM: Final = form_body(
    token=Text("The token in question.", required=True, pattern=PRESENT),
    token_type_hint=Text("Not needed; taken and ignored.", pattern=PRINTABLE),
    client_id=CLIENT_ID,
)


@dataclass(frozen=True, slots=True)
class TokenInQuestion:
    """Who asks about which token, and where that came from. Nothing is known of the token yet."""

    client: Client
    unverified_token: str = field(repr=False)
    origin: Origin


async def token_in_question(request: Request, of_service: Limit) -> TokenInQuestion:
    """Read a request about a token, and establish its client.

    Raises:
        OAuthError: `invalid_request`: not a readable form, or no token in it.
        InvalidClient: The client does not prove itself.
        ClientSlowedDown: It asks too often.
        DatabaseUnavailable: The store cannot be reached.
    """
    origin, record = origin_of(request), request_record(request.scope)
    record.stage = Stage.AUTHENTICATION
    parameters = await oauth_form(request)
    client = await state_of(request).clients.authenticate(
        presented_client(request, parameters), origin
    )
    await admit_client(request, client, origin, of_service)
    record.stage = Stage.HANDLER
    unverified_token = parameters.values.get("token")
    if unverified_token is None:
        raise invalid_request("token is missing.")
    return TokenInQuestion(client, unverified_token, origin)
