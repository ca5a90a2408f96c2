"""`POST /token`: the token endpoint (RFC 6749 section 3.2). Each grant is a file in `grants`."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response, Security

from netra.telemetry import Stage, request_record
from netra.wire.auth_api import TOKEN_PATH, TokenResponse
from netra_auth.api.documentation import Text, form_body, oauth_errors
from netra_auth.api.presented_client import (
    CLIENT_ID,
    PRINTABLE,
    client_secret_basic,
    oauth_form,
    presented_client,
)
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.grants.errors import OAuthCode, OAuthError, invalid_request
from netra_auth.grants.public_clients import GrantType

router = APIRouter(tags=["oauth"], dependencies=[Depends(secure_transport)])

_FORM: Final = form_body(
    grant_type=Text("What is exchanged.", required=True, one_of=tuple(GrantType)),
    client_id=CLIENT_ID,
    code=Text("The authorization code.", pattern=PRINTABLE),
    redirect_uri=Text("The redirect URI the code was sent to.", pattern=PRINTABLE),
    code_verifier=Text("The PKCE verifier.", pattern=r"^[A-Za-z0-9._~-]{43,128}$"),
    refresh_token=Text("The refresh token to spend.", pattern=PRINTABLE),
    scope=Text("A part of what may be had, separated by spaces.", pattern=PRINTABLE),
    audience=Text("A part of the registered audiences, separated by spaces.", pattern=PRINTABLE),
)


@router.post(
    TOKEN_PATH,
    response_model_exclude_none=True,
    dependencies=[Security(client_secret_basic)],
    responses=oauth_errors(400, 401),
    openapi_extra=_FORM,
)
async def token(request: Request, response: Response) -> TokenResponse:
    """Exchange a grant for an access token."""
    state, origin = state_of(request), origin_of(request)
    record = request_record(request.scope)
    parameters = await oauth_form(request)
    grant = _grant_type(parameters.values.get("grant_type"))
    record.stage = Stage.AUTHENTICATION
    client = await state.clients.authenticate(presented_client(request, parameters), origin)
    record.stage = Stage.HANDLER
    if grant is None:
        raise invalid_request("grant_type is missing.")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    if grant is GrantType.AUTHORIZATION_CODE:
        return await state.authorization_codes.redeem(client, parameters.values, origin)
    if grant is GrantType.REFRESH_TOKEN:
        return await state.refresh_tokens.redeem(client, parameters.values, origin)
    return await state.client_credentials.redeem(client, parameters.values, origin)


def _grant_type(asked: str | None) -> GrantType | None:
    try:
        return None if asked is None else GrantType(asked)
    except ValueError:
        raise OAuthError(
            OAuthCode.UNSUPPORTED_GRANT_TYPE, "This grant type is not supported."
        ) from None
