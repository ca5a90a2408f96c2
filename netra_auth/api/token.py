"""`POST /token`: the token endpoint (RFC 6749 section 3.2). Each grant is a file in `grants`."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Security

from netra.telemetry import Stage, request_record
from netra.wire.auth_api import TOKEN_PATH, TokenResponse
from netra_auth.api.documentation import PRINTABLE, Text, form_body, oauth_errors
from netra_auth.api.form_route import FormRoute
from netra_auth.api.presented_client import (
    CLIENT_ID,
    client_secret_basic,
    oauth_form,
    presented_client,
)
from netra_auth.api.request_rates import admit_client
from netra_auth.api.state import AuthState, origin_of, state_of
from netra_auth.audit import Act, AuditEvent, Origin, Outcome
from netra_auth.grants.clients import Client, act_by, client_id_of
from netra_auth.grants.errors import OAuthCode, OAuthError, invalid_request
from netra_auth.grants.public_clients import GrantType
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.limits import table

router = APIRouter(tags=["oauth"], route_class=FormRoute)

_RECORDED: Final = (OAuthCode.INVALID_GRANT, OAuthCode.TEMPORARILY_UNAVAILABLE)
_FORM: Final = form_body(
    grant_type=Text("What is exchanged.", required=True, one_of=tuple(GrantType)),
    client_id=CLIENT_ID,
    code=Text("The authorization code.", pattern=PRINTABLE),
    redirect_uri=Text("The redirect URI the code was sent to.", pattern=PRINTABLE),
    code_verifier=Text("The PKCE verifier.", pattern=PRINTABLE),
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
async def token(request: Request) -> TokenResponse:
    """Exchange a grant for an access token."""
    state, origin = state_of(request), origin_of(request)
    record = request_record(request.scope)
    parameters = await oauth_form(request)
    grant = _grant_type(parameters.values.get("grant_type"))
    record.stage = Stage.AUTHENTICATION
    # What signs is looked up before a grant begins: inside, it could not wait for the store.
    signing = state.keyring.current()
    client = await state.clients.authenticate(presented_client(request, parameters), origin)
    await admit_client(request, client, origin, table.SERVICE_TOKENS)
    record.stage = Stage.HANDLER
    if grant is not GrantType.CLIENT_CREDENTIALS:
        client = await state.clients.recorded(client, origin)
    await signing
    try:
        answer = await _redeem(state, grant, client, parameters.values, origin)
    except OAuthError as refusal:
        # A bad code or refresh token is recorded by its grant, with what it belongs to.
        if refusal.error not in _RECORDED:
            whom = client_id_of(client) if isinstance(client, ServiceAccount) else None
            await state.limits.rates.note_refusal(_refused(client, refusal, origin), whom)
        raise
    state.metrics.token_issued(parameters.values["grant_type"])
    return answer


async def _redeem(
    state: AuthState,
    grant: GrantType | None,
    client: Client,
    values: Mapping[str, str],
    origin: Origin,
) -> TokenResponse:
    if grant is GrantType.AUTHORIZATION_CODE:
        return await state.authorization_codes.redeem(client, values, origin)
    if grant is GrantType.REFRESH_TOKEN:
        return await state.refresh_tokens.redeem(client, values, origin)
    if grant is GrantType.CLIENT_CREDENTIALS:
        return await state.client_credentials.redeem(client, values, origin)
    raise invalid_request("grant_type is missing.")


def _refused(client: Client, refusal: OAuthError, origin: Origin) -> Act:
    return act_by(client, AuditEvent.TOKEN_ISSUED, Outcome.REFUSED, origin, reason=refusal.reason)


def _grant_type(asked: str | None) -> GrantType | None:
    try:
        return None if asked is None else GrantType(asked)
    except ValueError:
        raise OAuthError(
            OAuthCode.UNSUPPORTED_GRANT_TYPE, "This grant type is not supported."
        ) from None
