"""`/account/second-factor`: setting up an authenticator, its recovery codes, turning it off."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import Conflict, NetraError, PermissionDenied, TooManyRequests
from netra.secret import Secret
from netra.wire.auth_admin import ACCOUNT_PATH
from netra_auth.api.account import TO_LOGIN, note_refusal
from netra_auth.api.browser_session import browser_session
from netra_auth.api.forms import own_form, see_other
from netra_auth.api.qr_code import qr_code
from netra_auth.api.request_rates import page_rate
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.second_factor.second_factors import CodeWrong, Enrolment
from netra_auth.identities.sessions import LiveSession

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

OWN_SECOND_FACTOR_PATH: Final = f"{ACCOUNT_PATH}/second-factor"
_GROUP: Final = 4


@router.get(OWN_SECOND_FACTOR_PATH)
async def second_factor_page(request: Request) -> Response:
    """Show what can be done: set one up, or renew its codes and turn it off."""
    session = await browser_session(request)
    if session is None:
        return see_other(TO_LOGIN)
    return await _page(request, session)


@router.post(OWN_SECOND_FACTOR_PATH)
async def begin(request: Request) -> Response:
    """Make a secret against the password, and show it."""
    form = await own_form(request)
    session = await browser_session(request)
    if session is None:
        return see_other(TO_LOGIN)
    password = Secret(form.values.get("password", ""))
    try:
        enrolment = await state_of(request).second_factors.begin(
            session.user.user_id, password, origin_of(request)
        )
    except (PermissionDenied, Conflict) as error:
        return await _page(request, session, "begin", error)
    return _set_up(request, enrolment)


@router.post(f"{OWN_SECOND_FACTOR_PATH}/confirm")
async def confirm(request: Request) -> Response:
    """Take the authenticator's first code, and show the recovery codes."""
    form = await own_form(request)
    session = await browser_session(request)
    if session is None:
        return see_other(TO_LOGIN)
    second_factors, user = state_of(request).second_factors, session.user
    secret = Secret(form.values.get("secret", ""))
    try:
        codes = await second_factors.confirm(
            user.user_id, secret, form.values.get("code", ""), origin_of(request)
        )
    except CodeWrong as error:
        enrolment = await second_factors.under_way(user.user_id, user.email, secret)
        if enrolment is None:
            return await _page(request, session, "begin", error)
        note_refusal(request, error)
        return _set_up(request, enrolment, error)
    except Conflict as error:
        return await _page(request, session, "begin", error)
    return _recovery_codes(request, codes)


@router.post(f"{OWN_SECOND_FACTOR_PATH}/recovery-codes")
async def renew_codes(request: Request) -> Response:
    """Make new recovery codes against password and code, and show them."""
    form = await own_form(request)
    session = await browser_session(request)
    if session is None:
        return see_other(TO_LOGIN)
    try:
        codes = await state_of(request).second_factors.renew_codes(
            session.user.user_id,
            Secret(form.values.get("password", "")),
            form.values.get("code", ""),
            origin_of(request),
        )
    except (PermissionDenied, TooManyRequests) as error:
        return await _page(request, session, "renew", error)
    return _recovery_codes(request, codes)


@router.post(f"{OWN_SECOND_FACTOR_PATH}/off")
async def turn_off(request: Request) -> Response:
    """Take the second factor away against password and code."""
    form = await own_form(request)
    session = await browser_session(request)
    if session is None:
        return see_other(TO_LOGIN)
    try:
        await state_of(request).second_factors.remove(
            session.user.user_id,
            Secret(form.values.get("password", "")),
            form.values.get("code", ""),
            origin_of(request),
        )
    except (PermissionDenied, TooManyRequests) as error:
        return await _page(request, session, "off", error)
    return see_other(f"{ACCOUNT_PATH}?done=second-factor-off#notice")


async def _page(
    request: Request,
    session: LiveSession,
    section: str | None = None,
    error: NetraError | None = None,
) -> Response:
    state = state_of(request)
    problems = {}
    if section is not None and error is not None:
        note_refusal(request, error)
        problems = {section: error.detail or error.public_text}
    response = state.pages.render(
        request,
        "second_factor.html",
        status=200 if error is None else error.status,
        email=session.user.email,
        problems=problems,
        second_factor=await state.second_factors.state(session.user.user_id),
        is_offered=state.second_factors.is_offered,
    )
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _set_up(request: Request, enrolment: Enrolment, error: NetraError | None = None) -> Response:
    secret = enrolment.secret.reveal()
    groups = [secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP)]
    return state_of(request).pages.render(
        request,
        "second_factor_setup.html",
        status=200 if error is None else error.status,
        problem=None if error is None else error.public_text,
        qr_code=qr_code(enrolment.uri, "QR code for your authenticator app"),
        uri=enrolment.uri.reveal(),
        secret=secret,
        groups=groups,
    )


def _recovery_codes(request: Request, codes: tuple[Secret, ...]) -> Response:
    return state_of(request).pages.render(
        request, "recovery_codes.html", codes=[code.reveal() for code in codes]
    )
