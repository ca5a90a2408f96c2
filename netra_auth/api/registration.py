"""`/register`: people make an account for themselves, at once or by a mail, where they may."""

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import ContentInvalid
from netra.secret import Secret
from netra.wire.auth_api import REGISTER_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import continuation
from netra_auth.api.forms import own_form
from netra_auth.api.login import form_page, logged_in
from netra_auth.api.mailed_links import mail_asked
from netra_auth.api.parameters import Parameters
from netra_auth.api.request_rates import device_of, page_rate
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.by_mail.letters import Purpose
from netra_auth.identities.users import EmailTaken, Registrant, RegistrationClosed
from netra_auth.settings import SelfRegistration

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

_PAGES = {
    SelfRegistration.ALLOWED: "register.html",
    SelfRegistration.BY_MAIL: "register_by_mail.html",
}


@router.get(REGISTER_PATH)
async def registration_page(request: Request) -> Response:
    """Show the registration form."""
    template = _PAGES.get(state_of(request).settings.self_registration)
    if template is None:
        return await form_page(request, "closed.html", None, error=RegistrationClosed())
    back = continuation(request.query_params.get("continue"))
    return await form_page(request, template, back)


@router.post(REGISTER_PATH)
async def register(request: Request) -> Response:
    """Make an account and log its owner in, or have a mail sent; refuse where neither is done."""
    form = await own_form(request)
    state, origin = state_of(request), origin_of(request)
    await state.limits.attempts.registration(origin)
    how = state.settings.self_registration
    if how is SelfRegistration.BY_MAIL:
        return await mail_asked(request, form, Purpose.REGISTRATION, _PAGES[how])
    if how is SelfRegistration.ALLOWED:
        return await _register_at_once(request, form)
    try:
        await state.users.refuse_registration(origin, by_mail=False)
    except RegistrationClosed as error:
        return await form_page(request, "closed.html", None, error=error)


async def _register_at_once(request: Request, form: Parameters) -> Response:
    back = continuation(form.values.get("continue"))
    email, password = form.values.get("email", ""), Secret(form.values.get("password", ""))
    state, origin = state_of(request), origin_of(request)
    try:
        await state.users.register(Registrant(email, password), origin)
    except (ContentInvalid, EmailTaken) as error:
        return await form_page(request, "register.html", back, error=error, email=email)
    opened = await state.logins.log_in(
        email, password, await browser_session(request), origin, device_of(request)
    )
    return logged_in(request, opened, back)
