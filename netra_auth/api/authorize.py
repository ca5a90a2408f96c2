"""`/authorize`: the authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core 3.1.2)."""

from typing import Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from netra.errors import RequestInvalid
from netra.wire.auth_admin import CONSENT_PATH
from netra.wire.auth_api import AUTHORIZE_PATH, LOGIN_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import continuation
from netra_auth.api.documentation import (
    PRINTABLE,
    Responses,
    Text,
    form_body,
    problems,
    query_parameters,
)
from netra_auth.api.parameters import Parameters, parse, read_form, recognised
from netra_auth.api.request_rates import admit_browser
from netra_auth.api.state import AuthState, origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.grants.authorization_request import (
    AuthorizationDenied,
    AuthorizationRefused,
    AuthorizationRequest,
    authorization_request,
)
from netra_auth.grants.authorization_step import Step, login_mark
from netra_auth.grants.errors import OAuthCode, OAuthError, invalid_request
from netra_auth.grants.public_clients import COMMAND
from netra_auth.identities.sessions import LiveSession

router = APIRouter(tags=["oauth"], dependencies=[Depends(secure_transport)])

# Only what is answered here rather than by redirect has a strict shape in the document: to a client
# the redirect with `error` is the answer to everything else. The one client described is the one
# that every installation has.
_PARAMETERS: Final = {
    "client_id": Text(
        "A public client or a relying party. Where CHAT_ORIGINS are configured, the chat page is "
        "a public client too.",
        required=True,
        one_of=(COMMAND.client_id,),
    ),
    "redirect_uri": Text(
        "One of its redirect URIs; the command's may have any port.",
        required=True,
        pattern=r"^http://127\.0\.0\.1(:[1-9][0-9]{0,3})?/callback$",
    ),
    "response_type": Text("Must be `code`.", pattern=PRINTABLE),
    "code_challenge": Text("The S256 challenge (RFC 7636); required.", pattern=PRINTABLE),
    "code_challenge_method": Text("Must be `S256`.", pattern=PRINTABLE),
    "scope": Text("What the client asks for, separated by spaces.", pattern=PRINTABLE),
    "state": Text("Sent back unchanged; at most 2048 bytes.", pattern=PRINTABLE),
    "nonce": Text("Goes into the id_token unchanged; at most 512 characters.", pattern=PRINTABLE),
    "response_mode": Text("`query`, if given.", pattern=PRINTABLE),
    "prompt": Text(
        "`none`: no page may be shown. `login`, `consent`: that page must be.", pattern=PRINTABLE
    ),
    "max_age": Text("How many seconds ago the person may have logged in.", pattern=PRINTABLE),
    "request": Text("Not supported.", pattern=PRINTABLE),
    "request_uri": Text("Not supported.", pattern=PRINTABLE),
    "registration": Text("Not supported.", pattern=PRINTABLE),
}
_PREVIOUS_LOGIN: Final = "previous_login"
"""Our own: the mark of the login that a request for a new one began with."""
_RECOGNISED: Final = frozenset({*_PARAMETERS, _PREVIOUS_LOGIN})
_NOBODY: Final = "nobody"
_REDIRECTS: Responses = {
    302: {"description": "Back to the client, with a code or an error."},
    303: {"description": "To the login or the consent page."},
}
_BY_GET: Responses = {303: {"description": "To the same request by GET."}}


@router.get(
    AUTHORIZE_PATH,
    response_class=Response,
    status_code=302,
    responses=_REDIRECTS | problems(400, 503),
    openapi_extra=query_parameters(**_PARAMETERS),
)
async def authorize(request: Request) -> Response:
    """Give a logged-in person's client a code; ask for login or consent first where needed."""
    state = state_of(request)
    issuer = state.settings.issuer_url
    try:
        asked = await asked_for(state, request.scope["query_string"])
    except AuthorizationDenied as denied:
        return answered(denied.location(issuer))
    session = await browser_session(request)
    await admit_browser(request, session)
    outcome: str | Step = Step.LOGIN
    if session is not None:
        outcome = await state.authorization_codes.issue(asked, session, origin_of(request))
    if not isinstance(outcome, Step):
        return answered(asked.return_address.with_answer(issuer, code=outcome))
    if asked.is_silent:
        return answered(
            AuthorizationDenied(asked.return_address, _unasked(outcome)).location(issuer)
        )
    return _to_page(asked, outcome, session, request.scope["query_string"])


@router.post(
    AUTHORIZE_PATH,
    response_class=Response,
    status_code=303,
    responses=_BY_GET | problems(400, 413, 503),
    openapi_extra=form_body(**_PARAMETERS),
)
async def authorize_by_form(request: Request) -> Response:
    """Turn a request by POST into the same one by GET.

    Browsers send no session cookie with a form from another site. It comes with the request that
    follows; and this one, without it, changes nothing and tells nothing.
    """
    state = state_of(request)
    try:
        form = recognised(await read_form(request), _RECOGNISED)
    except RequestInvalid as error:
        raise AuthorizationRefused(detail=error.detail) from error
    again = [(name, form.values.get(name, "")) for name in form.repeated]
    query = urlencode([*form.values.items(), *again])
    try:
        await asked_for(state, query.encode())
    except AuthorizationDenied as denied:
        return answered(denied.location(state.settings.issuer_url), 303)
    return answered(f"{AUTHORIZE_PATH}?{query}", 303)


async def asked_for(state: AuthState, query: bytes) -> AuthorizationRequest:
    """Read an authorization request.

    Raises:
        AuthorizationRefused: It cannot be answered by redirect.
        AuthorizationDenied: It can, and is refused.
        DatabaseUnavailable: The store cannot be reached.
    """
    parameters = _read(query)
    client = await state.user_clients.find(parameters.values.get("client_id", ""))
    asked = authorization_request(parameters.values, parameters.repeated, client)
    if continuation(f"{AUTHORIZE_PATH}?{urlencode(parameters.values)}") is None:
        raise AuthorizationDenied(asked.return_address, invalid_request("The request is too long."))
    return asked


def answered(location: str, status: int = 302) -> RedirectResponse:
    """Redirect without leaving a trace of the request behind."""
    return RedirectResponse(
        location,
        status_code=status,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


def page_with(path: str, back: str) -> str:
    """Write the address of a page that leads back to an authorization request."""
    return f"{path}?continue={quote(back, safe='')}"


def _read(query: bytes) -> Parameters:
    try:
        return recognised(parse(query), _RECOGNISED)
    except RequestInvalid as error:
        raise AuthorizationRefused(detail=error.detail) from error


def _unasked(step: Step) -> OAuthError:
    if step is Step.CONSENT:
        return OAuthError(OAuthCode.CONSENT_REQUIRED, "The person has not consented yet.")
    return OAuthError(OAuthCode.LOGIN_REQUIRED, "No one is logged in, or not recently enough.")


def _to_page(
    asked: AuthorizationRequest, step: Step, session: LiveSession | None, query: bytes
) -> Response:
    values = dict(_read(query).values)
    if step is Step.LOGIN and asked.wants_new_login:
        values[_PREVIOUS_LOGIN] = _NOBODY if session is None else login_mark(session)
    path = LOGIN_PATH if step is Step.LOGIN else CONSENT_PATH
    return answered(page_with(path, f"{AUTHORIZE_PATH}?{urlencode(values)}"), 303)
