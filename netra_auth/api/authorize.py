"""`GET /authorize`: the authorization endpoint (RFC 6749 section 3.1)."""

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from netra.errors import RequestInvalid
from netra.wire.auth_api import AUTHORIZE_PATH, LOGIN_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.documentation import PRINTABLE, Responses, Text, problems, query_parameters
from netra_auth.api.parameters import Parameters, parse, recognised
from netra_auth.api.request_rates import admit_browser
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.grants.authorization_request import (
    AuthorizationDenied,
    AuthorizationRefused,
    authorization_request,
)
from netra_auth.grants.errors import OAuthCode, OAuthError
from netra_auth.grants.public_clients import COMMAND

router = APIRouter(tags=["oauth"], dependencies=[Depends(secure_transport)])

# Only what is answered here rather than by redirect has a strict shape in the document: to a client
# the redirect with `error` is the answer to everything else. The one client described is the one
# that every installation has.
_QUERY: Final = query_parameters(
    client_id=Text(
        "A public client. Where CHAT_ORIGINS are configured, the chat page is one too.",
        required=True,
        one_of=(COMMAND.client_id,),
    ),
    redirect_uri=Text(
        "One of its redirect URIs; the command's may have any port.",
        required=True,
        pattern=r"^http://127\.0\.0\.1(:[1-9][0-9]{0,3})?/callback$",
    ),
    response_type=Text("Must be `code`.", pattern=PRINTABLE),
    code_challenge=Text("The S256 challenge (RFC 7636); required.", pattern=PRINTABLE),
    code_challenge_method=Text("Must be `S256`.", pattern=PRINTABLE),
    scope=Text("What the client asks for, separated by spaces.", pattern=PRINTABLE),
    state=Text("Sent back unchanged; at most 2048 bytes.", pattern=PRINTABLE),
    response_mode=Text("`query`, if given.", pattern=PRINTABLE),
    prompt=Text("`none`: no page may be shown.", pattern=PRINTABLE),
)
_RECOGNISED: Final = frozenset(parameter["name"] for parameter in _QUERY["parameters"])
_REDIRECTS: Responses = {
    302: {"description": "Back to the client, with a code or an error."},
    303: {"description": "To the login page."},
}


@router.get(
    AUTHORIZE_PATH,
    response_class=Response,
    status_code=302,
    responses=_REDIRECTS | problems(400, 503),
    openapi_extra=_QUERY,
)
async def authorize(request: Request) -> Response:
    """Give a logged-in person's client a code; send everybody else to the login page first."""
    state, origin = state_of(request), origin_of(request)
    issuer = state.settings.issuer_url
    parameters = _query(request)
    try:
        asked = authorization_request(parameters.values, parameters.repeated, state.public_clients)
    except AuthorizationDenied as denied:
        return _redirect(denied.location(issuer), 302)
    session = await browser_session(request)
    await admit_browser(request, session)
    code = None
    if session is not None:
        code = await state.authorization_codes.issue(asked, session, origin)
    if code is None and asked.is_silent:
        refusal = OAuthError(OAuthCode.LOGIN_REQUIRED, "No one is logged in.")
        silent_denial = AuthorizationDenied(asked.return_address, refusal)
        return _redirect(silent_denial.location(issuer), 302)
    if code is None:
        query = request.scope["query_string"].decode("ascii")
        back = quote(f"{AUTHORIZE_PATH}?{query}", safe="")
        return _redirect(f"{LOGIN_PATH}?continue={back}", 303)
    return _redirect(asked.return_address.with_answer(issuer, code=code), 302)


def _query(request: Request) -> Parameters:
    try:
        return recognised(parse(request.scope["query_string"]), _RECOGNISED)
    except RequestInvalid as error:
        raise AuthorizationRefused(detail=error.detail) from error


def _redirect(location: str, status: int) -> RedirectResponse:
    return RedirectResponse(
        location,
        status_code=status,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
