"""`/consent`: a person is asked whether a relying party may have what it asks for.

Nothing is granted but by the form of this page, which only this page can make.
"""

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import RequestInvalid
from netra.wire.auth_admin import CONSENT_PATH
from netra.wire.auth_api import LOGIN_PATH
from netra_auth.api.authorize import answered, asked_for, page_with
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import continuation, origin_of_address, query_of
from netra_auth.api.forms import own_form
from netra_auth.api.request_rates import page_rate
from netra_auth.api.shown import wishes
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.grants.authorization_request import AuthorizationDenied, AuthorizationRequest
from netra_auth.grants.authorization_step import Step
from netra_auth.grants.errors import OAuthCode, OAuthError
from netra_auth.grants.public_clients import PublicClient
from netra_auth.identities.sessions import LiveSession

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)


@router.get(CONSENT_PATH)
async def consent_page(request: Request) -> Response:
    """Say who asks, for what, and where the answer goes."""
    back = _back(request.query_params.get("continue"))
    state = state_of(request)
    try:
        asked = await asked_for(state, query_of(back))
    except AuthorizationDenied as denied:
        return answered(denied.location(state.settings.issuer_url), 303)
    session = await browser_session(request)
    if session is None:
        return answered(page_with(LOGIN_PATH, back), 303)
    return _page(request, asked, session, back)


@router.post(CONSENT_PATH)
async def decide(request: Request) -> Response:
    """Take the person's answer back to the relying party."""
    form = await own_form(request)
    back, decision = _back(form.values.get("continue")), form.values.get("decision")
    if decision not in ("allow", "deny"):
        raise RequestInvalid(detail="The form says neither yes nor no.")
    state, origin = state_of(request), origin_of(request)
    issuer = state.settings.issuer_url
    try:
        asked = await asked_for(state, query_of(back))
    except AuthorizationDenied as denied:
        return answered(denied.location(issuer), 303)
    session, address = await browser_session(request), asked.return_address
    if session is None:
        return answered(page_with(LOGIN_PATH, back), 303)
    if decision == "deny":
        await state.consents.refuse(session.user.user_id, address.client.client_id, origin)
        refusal = OAuthError(OAuthCode.ACCESS_DENIED, "The person did not consent.")
        return answered(AuthorizationDenied(address, refusal).location(issuer), 303)
    outcome = await state.authorization_codes.issue(asked, session, origin, allows=True)
    if isinstance(outcome, Step):
        # The login is not recent enough any more: the authorization endpoint says what is needed.
        return answered(back, 303)
    return answered(address.with_answer(issuer, code=outcome), 303)


def _back(unverified_path: str | None) -> str:
    back = continuation(unverified_path)
    if back is None:
        raise RequestInvalid(detail="There is nothing here to consent to.")
    return back


def _page(
    request: Request, asked: AuthorizationRequest, session: LiveSession, back: str
) -> Response:
    client = asked.return_address.client
    origin = origin_of_address(asked.return_address)
    audiences = () if isinstance(client, PublicClient) else client.audiences
    return state_of(request).pages.render(
        request,
        "consent.html",
        form_target=origin,
        client=client.name,
        client_id=client.client_id,
        destination=origin,
        email=session.user.email,
        wishes=wishes(asked.scope),
        audiences=audiences,
        back=back,
    )
