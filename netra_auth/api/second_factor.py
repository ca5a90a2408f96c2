"""`/account/second-factor`: setting up an authenticator, its recovery codes, turning it off."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import Conflict, NetraError, PermissionDenied, TooManyRequests
from netra.secret import Secret
from netra.wire.auth_admin import ACCOUNT_PATH
from netra_auth.api.account import note_refusal
from netra_auth.api.forms import see_other
from netra_auth.api.own_page import Visit, own_page
from netra_auth.api.qr_code import qr_code
from netra_auth.api.request_rates import page_rate
from netra_auth.api.state import state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.second_factor.second_factors import CodeWrong, Enrolment

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

OWN_SECOND_FACTOR_PATH: Final = f"{ACCOUNT_PATH}/second-factor"
_GROUP: Final = 4


@router.get(OWN_SECOND_FACTOR_PATH)
@own_page
async def second_factor_page(request: Request, visit: Visit) -> Response:
    """Show what can be done: set one up, or renew its codes and turn it off."""
    return await _page(request, visit)


@router.post(OWN_SECOND_FACTOR_PATH)
@own_page
async def begin(request: Request, visit: Visit) -> Response:
    """Make a secret against the password, and show it."""
    try:
        enrolment = await state_of(request).second_factors.begin(
            visit.user_id, visit.secret("password"), visit.origin
        )
    except (PermissionDenied, Conflict) as error:
        return await _page(request, visit, "begin", error)
    return _set_up(request, enrolment)


@router.post(f"{OWN_SECOND_FACTOR_PATH}/confirm")
@own_page
async def confirm(request: Request, visit: Visit) -> Response:
    """Take the authenticator's first code, and show the recovery codes."""
    second_factors, secret = state_of(request).second_factors, visit.secret("secret")
    try:
        codes = await second_factors.confirm(
            visit.user_id, secret, visit.field("code"), visit.origin
        )
    except CodeWrong as error:
        email = visit.session.user.email
        enrolment = await second_factors.under_way(visit.user_id, email, secret)
        if enrolment is None:
            return await _page(request, visit, "begin", error)
        note_refusal(request, error)
        return _set_up(request, enrolment, error)
    except Conflict as error:
        return await _page(request, visit, "begin", error)
    return _recovery_codes(request, codes)


@router.post(f"{OWN_SECOND_FACTOR_PATH}/recovery-codes")
@own_page
async def renew_codes(request: Request, visit: Visit) -> Response:
    """Make new recovery codes against password and code, and show them."""
    try:
        codes = await state_of(request).second_factors.renew_codes(
            visit.user_id, visit.secret("password"), visit.field("code"), visit.origin
        )
    except (PermissionDenied, TooManyRequests) as error:
        return await _page(request, visit, "renew", error)
    return _recovery_codes(request, codes)


@router.post(f"{OWN_SECOND_FACTOR_PATH}/off")
@own_page
async def turn_off(request: Request, visit: Visit) -> Response:
    """Take the second factor away against password and code."""
    try:
        await state_of(request).second_factors.remove(
            visit.user_id, visit.secret("password"), visit.field("code"), visit.origin
        )
    except (PermissionDenied, TooManyRequests) as error:
        return await _page(request, visit, "off", error)
    return see_other(f"{ACCOUNT_PATH}?done=second-factor-off#notice")


async def _page(
    request: Request,
    visit: Visit,
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
        email=visit.session.user.email,
        problems=problems,
        second_factor=await state.second_factors.state(visit.user_id),
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
