"""`/login/second-factor`: the second half of a login, for people who have a second factor."""

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import NetraError
from netra.secret import Secret
from netra.telemetry import Stage, authentication_refused, event_logger, request_record
from netra.wire.auth_admin import SECOND_FACTOR_PATH
from netra.wire.auth_api import LOGIN_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import client_behind, continuation
from netra_auth.api.cookies import clear_cookie
from netra_auth.api.forms import FORM_CHALLENGE, own_form, see_other
from netra_auth.api.login import with_session
from netra_auth.api.request_rates import device_of, page_rate
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.second_factor.code_check import SecondFactorBlocked
from netra_auth.identities.second_factor.pending_logins import LoginOver, SecondFactorRefused
from netra_auth.identities.sessions import Browser

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

_log = event_logger("netra_auth.api")


@router.get(SECOND_FACTOR_PATH)
async def second_factor_page(request: Request) -> Response:
    """Ask for a code; without a login that waits for one, begin at the beginning."""
    if _pending_cookie(request) is None:
        return see_other(LOGIN_PATH)
    return await _page(request, continuation(request.query_params.get("continue")))


@router.post(SECOND_FACTOR_PATH)
async def check_second_factor(request: Request) -> Response:
    """Check a code of the authenticator, or a recovery code, and begin a session."""
    record = request_record(request.scope)
    record.stage = Stage.AUTHENTICATION
    form = await own_form(request)
    back = continuation(form.values.get("continue"))
    state = state_of(request)
    cookie = _pending_cookie(request) or Secret("")
    code = form.values.get("code") or form.values.get("recovery_code", "")
    try:
        browser = Browser(await browser_session(request), device_of(request), origin_of(request))
        opened = await state.pending_logins.complete(cookie, code, browser)
    except (SecondFactorRefused, SecondFactorBlocked) as error:
        if isinstance(error, SecondFactorRefused):
            authentication_refused(_log, record, error)
        return await _page(request, back, error)
    except LoginOver as error:
        authentication_refused(_log, record, error)
        return _without_pending(request, await _begin_again(request, back, error))
    record.stage = Stage.HANDLER
    return _without_pending(request, with_session(request, opened, back))


def _pending_cookie(request: Request) -> Secret | None:
    cookie = request.cookies.get(state_of(request).pages.cookies.pending)
    return Secret(cookie) if cookie else None


async def _page(request: Request, back: str | None, error: NetraError | None = None) -> Response:
    state = state_of(request)
    client = await client_behind(back, state.user_clients.find)
    response = state.pages.render(
        request,
        "login_second_factor.html",
        status=200 if error is None else error.status,
        form_target=None if client is None else client.origin,
        client=None if client is None else client.name,
        back=back,
        problem=None if error is None else error.public_text,
    )
    if isinstance(error, SecondFactorRefused):
        response.headers.update(FORM_CHALLENGE)
    if isinstance(error, SecondFactorBlocked):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _begin_again(request: Request, back: str | None, error: LoginOver) -> Response:
    state = state_of(request)
    client = await client_behind(back, state.user_clients.find)
    response = state.pages.render(
        request,
        "login.html",
        status=error.status,
        form_target=None if client is None else client.origin,
        client=None if client is None else client.name,
        back=back,
        problem=error.public_text,
        email="",
    )
    response.headers.update(FORM_CHALLENGE)
    return response


def _without_pending(request: Request, response: Response) -> Response:
    state = state_of(request)
    clear_cookie(response, state.pages.cookies.pending, secure=state.settings.secure_cookies)
    return response
