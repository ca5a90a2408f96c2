"""The pages for people: login and logout, and what pages with a form share."""

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import NetraError
from netra.secret import Secret
from netra.telemetry import Stage, authentication_refused, event_logger, request_record
from netra.wire.auth_admin import SECOND_FACTOR_PATH
from netra.wire.auth_api import CHAT_PATH, LOGIN_PATH, LOGOUT_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import client_behind, continuation
from netra_auth.api.cookies import clear_cookie, set_cookie
from netra_auth.api.forms import FORM_CHALLENGE, own_form, see_other
from netra_auth.api.pages import STYLE_PATH
from netra_auth.api.request_rates import device_of, page_rate
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.logins import LoginRefused
from netra_auth.identities.second_factor.pending_logins import PENDING_SECONDS, PendingLogin
from netra_auth.identities.sessions import ABSOLUTE_SECONDS, OpenedSession
from netra_auth.limits.known_devices import DEVICE_SECONDS

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

_log = event_logger("netra_auth.api")
_AFTER_LOGIN: Final = LOGOUT_PATH
"""Where a person goes who came without a request to continue: the page that says who is in."""


@router.get(STYLE_PATH)
async def style(request: Request) -> Response:
    """Serve the pages' one style sheet."""
    return Response(
        state_of(request).pages.style,
        media_type="text/css",
        headers={"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"},
    )


@router.get(LOGIN_PATH)
async def login_page(request: Request) -> Response:
    """Show the login form."""
    back = continuation(request.query_params.get("continue"))
    return await form_page(request, "login.html", back)


@router.post(LOGIN_PATH)
async def log_in(request: Request) -> Response:
    """Check the form and begin a session."""
    record = request_record(request.scope)
    record.stage = Stage.AUTHENTICATION
    form = await own_form(request)
    back = continuation(form.values.get("continue"))
    email, password = form.values.get("email", ""), form.values.get("password", "")
    state = state_of(request)
    try:
        opened = await state.logins.log_in(
            email,
            Secret(password),
            await browser_session(request),
            origin_of(request),
            device_of(request),
        )
    except LoginRefused as error:
        authentication_refused(_log, record, error)
        return await form_page(request, "login.html", back, error=error, email=email)
    record.stage = Stage.HANDLER
    return logged_in(request, opened, back)


@router.get(LOGOUT_PATH)
async def logout_page(request: Request) -> Response:
    """Say who is logged in, with a button to end it."""
    session = await browser_session(request)
    state = state_of(request)
    email = None if session is None else session.user.email
    origins = state.settings.chat_origins
    chat_url = f"{origins[0]}{CHAT_PATH}" if origins else None
    return state.pages.render(request, "logout.html", email=email, chat_url=chat_url)


@router.post(LOGOUT_PATH)
async def log_out(request: Request) -> Response:
    """End the browser's session and every token that came from it."""
    await own_form(request)
    state = state_of(request)
    session = await browser_session(request)
    if session is not None:
        await state.logins.log_out(session, origin_of(request))
    return without_session(request, LOGIN_PATH)


async def form_page(
    request: Request,
    template: str,
    back: str | None,
    *,
    error: NetraError | None = None,
    email: str = "",
) -> Response:
    """Show a page that leads on to where somebody came from, with what was wrong if anything."""
    problem = None if error is None else error.detail or error.public_text
    state = state_of(request)
    client = await client_behind(back, state.user_clients.find)
    response = state.pages.render(
        request,
        template,
        status=200 if error is None else error.status,
        form_target=None if client is None else client.origin,
        client=None if client is None else client.name,
        back=back,
        problem=problem,
        email=email,
    )
    if isinstance(error, LoginRefused):
        response.headers.update(FORM_CHALLENGE)
    return response


def logged_in(request: Request, begun: OpenedSession | PendingLogin, back: str | None) -> Response:
    """Lead on with a session, or to where the second factor is asked for."""
    if isinstance(begun, OpenedSession):
        return with_session(request, begun, back)
    state = state_of(request)
    query = "" if back is None else f"?continue={quote(back, safe='')}"
    response = see_other(SECOND_FACTOR_PATH + query)
    set_cookie(
        response,
        state.pages.cookies.pending,
        begun.cookie.reveal(),
        PENDING_SECONDS,
        secure=state.settings.secure_cookies,
    )
    return response


def with_session(request: Request, opened: OpenedSession, back: str | None) -> Response:
    """Give the browser its session, and lead on."""
    state = state_of(request)
    response = see_other(back or _AFTER_LOGIN)
    set_cookie(
        response,
        state.pages.cookies.session,
        opened.cookie.reveal(),
        ABSOLUTE_SECONDS,
        secure=state.settings.secure_cookies,
    )
    if opened.device is not None:
        set_cookie(
            response,
            state.pages.cookies.device,
            opened.device.reveal(),
            DEVICE_SECONDS,
            secure=state.settings.secure_cookies,
        )
    state.pages.renew_csrf(response)
    return response


def without_session(request: Request, location: str) -> Response:
    """Make the browser forget its session, and lead on."""
    state = state_of(request)
    response = see_other(location)
    clear_cookie(response, state.pages.cookies.session, secure=state.settings.secure_cookies)
    state.pages.renew_csrf(response)
    return response
