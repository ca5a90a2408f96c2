"""The pages for people: login, registration, logout."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import ContentInvalid, NetraError
from netra.secret import Secret
from netra.telemetry import Stage, authentication_refused, event_logger, request_record
from netra.wire.auth_api import CHAT_PATH, LOGIN_PATH, LOGOUT_PATH, REGISTER_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import client_behind, continuation
from netra_auth.api.cookies import clear_cookie, set_cookie
from netra_auth.api.forms import FORM_CHALLENGE, own_form, see_other
from netra_auth.api.pages import STYLE_PATH
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.logins import LoginRefused
from netra_auth.identities.sessions import ABSOLUTE_SECONDS, OpenedSession
from netra_auth.identities.users import EmailTaken, Registrant, RegistrationClosed

router = APIRouter(include_in_schema=False, dependencies=[Depends(secure_transport)])

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
    return await _form_page(request, "login.html", back)


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
            email, Secret(password), await browser_session(request), origin_of(request)
        )
    except LoginRefused as error:
        authentication_refused(_log, record, error)
        return await _form_page(request, "login.html", back, error=error, email=email)
    record.stage = Stage.HANDLER
    return _logged_in(request, opened, back)


@router.get(REGISTER_PATH)
async def registration_page(request: Request) -> Response:
    """Show the registration form."""
    if not state_of(request).settings.self_registration:
        return await _form_page(request, "closed.html", None, error=RegistrationClosed())
    back = continuation(request.query_params.get("continue"))
    return await _form_page(request, "register.html", back)


@router.post(REGISTER_PATH)
async def register(request: Request) -> Response:
    """Make an account and log its owner in."""
    form = await own_form(request)
    back = continuation(form.values.get("continue"))
    email, password = form.values.get("email", ""), Secret(form.values.get("password", ""))
    state, origin = state_of(request), origin_of(request)
    try:
        if not state.settings.self_registration:
            await state.users.refuse_registration(origin)
        await state.users.register(Registrant(email, password), origin)
    except RegistrationClosed as error:
        return await _form_page(request, "closed.html", None, error=error)
    except (ContentInvalid, EmailTaken) as error:
        return await _form_page(request, "register.html", back, error=error, email=email)
    opened = await state.logins.log_in(email, password, await browser_session(request), origin)
    return _logged_in(request, opened, back)


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
    response = see_other(LOGIN_PATH)
    clear_cookie(response, state.pages.cookies.session, secure=state.settings.secure_cookies)
    state.pages.renew_csrf(response)
    return response


async def _form_page(
    request: Request,
    template: str,
    back: str | None,
    *,
    error: NetraError | None = None,
    email: str = "",
) -> Response:
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


def _logged_in(request: Request, opened: OpenedSession, back: str | None) -> Response:
    state = state_of(request)
    response = see_other(back or _AFTER_LOGIN)
    set_cookie(
        response,
        state.pages.cookies.session,
        opened.cookie.reveal(),
        ABSOLUTE_SECONDS,
        secure=state.settings.secure_cookies,
    )
    state.pages.renew_csrf(response)
    return response
