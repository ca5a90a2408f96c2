"""What goes by mail, as people see it: asking for a mail, and using the link in it.

A link names its token in the query, which no log of ours holds. Opening it moves the token into a
cookie and leads on to a page without it, so that no address bar, history or referrer keeps it; only
the form on that page uses the link, since scanners of mails open links too.
"""

import hmac
import re
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.background import BackgroundTask

from netra.errors import NetraError, NotFound
from netra.secret import Secret
from netra.wire.auth_api import FORGOTTEN_PASSWORD_PATH, MAILED_LINK_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.continuation import continuation
from netra_auth.api.cookies import clear_cookie, set_cookie
from netra_auth.api.forms import own_form, see_other
from netra_auth.api.login import form_page, logged_in
from netra_auth.api.parameters import Parameters
from netra_auth.api.request_rates import device_of, page_rate
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.audit import Act, AuditEvent, Outcome
from netra_auth.identities.by_mail.letters import Purpose
from netra_auth.identities.by_mail.links import MailedLink, MailedLinkOver
from netra_auth.identities.by_mail.opening import ByMail
from netra_auth.identities.by_mail.requests import MAIL_SECONDS
from netra_auth.identities.by_mail.sending import token_hash
from netra_auth.identities.emails import EmailUnacceptable
from netra_auth.identities.passwords import PasswordUnacceptable
from netra_auth.identities.users import EmailTaken, RegistrationClosed
from netra_auth.settings import SelfRegistration

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


async def mail_asked(
    request: Request, form: Parameters, purpose: Purpose, template: str
) -> Response:
    """Ask for a mail, and answer the same to everybody; `template` is shown again if it is wrong.

    The sender is woken when the answer is out, so that nothing it does can be seen in how long the
    answer took.
    """
    requests = _by_mail(request).requests
    back = continuation(form.values.get("continue"))
    email = form.values.get("email", "")
    try:
        await requests.ask(purpose, email, origin_of(request))
    except EmailUnacceptable as error:
        return await form_page(request, template, back, error=error, email=email)
    response = await form_page(request, "mailbox.html", back)
    response.background = BackgroundTask(requests.wake_sender)
    return response


@router.get(FORGOTTEN_PASSWORD_PATH)
async def forgotten_page(request: Request) -> Response:
    """Ask for the address of the account."""
    _by_mail(request)
    back = continuation(request.query_params.get("continue"))
    return await form_page(request, "forgotten_password.html", back)


@router.post(FORGOTTEN_PASSWORD_PATH)
async def forgotten(request: Request) -> Response:
    """Have a link to a new password mailed, if there is an account; the answer is the same."""
    _by_mail(request)
    form = await own_form(request)
    await state_of(request).limits.attempts.registration(origin_of(request))
    return await mail_asked(request, form, Purpose.NEW_PASSWORD, "forgotten_password.html")


@router.get(MAILED_LINK_PATH)
async def mailed_link(request: Request) -> Response:
    """Take the token out of the address, or show the form of the link that was opened."""
    links, state = _by_mail(request).links, state_of(request)
    if (token := request.query_params.get("token")) is not None:
        response = see_other(MAILED_LINK_PATH)
        response.headers["Referrer-Policy"] = "no-referrer"
        if _TOKEN.match(token):
            set_cookie(
                response,
                state.pages.cookies.link,
                token,
                MAIL_SECONDS,
                secure=state.settings.secure_cookies,
            )
        else:
            _forget_link(request, response)
        return response
    opened = _opened_token(request)
    try:
        return _link_page(request, opened, await links.find(opened))
    except MailedLinkOver as error:
        return _over(request, error)


@router.post(MAILED_LINK_PATH)
async def use_mailed_link(request: Request) -> Response:
    """Use the link up: make the account and log its owner in, or set the new password."""
    _by_mail(request)
    form = await own_form(request)
    token = _opened_token(request)
    try:
        link = await _link_of_form(request, token, form)
        return await _used(request, token, link, Secret(form.values.get("password", "")))
    except MailedLinkOver as error:
        act = Act(
            event=AuditEvent.MAILED_LINK_USED,
            outcome=Outcome.REFUSED,
            origin=origin_of(request),
            reason=error.reason,
        )
        await state_of(request).limits.rates.note_refusal(act)
        return _over(request, error)


async def _link_of_form(request: Request, token: Secret, form: Parameters) -> MailedLink:
    """Give the link that a form was made for, if it is still the one this browser has open."""
    named = form.values.get("link", "")
    if not hmac.compare_digest(token_hash(token).encode(), named.encode()):
        raise MailedLinkOver("another link was opened in this browser meanwhile")
    return await _by_mail(request).links.find(token)


async def _used(request: Request, token: Secret, link: MailedLink, password: Secret) -> Response:
    state, origin, links = state_of(request), origin_of(request), _by_mail(request).links
    try:
        if link.purpose is Purpose.NEW_PASSWORD:
            await links.reset_password(token, link, password, origin)
            return _forget_link(request, _page(request, "password_set.html"))
        if state.settings.self_registration is not SelfRegistration.BY_MAIL:
            return _over(request, RegistrationClosed())
        await links.register(token, link, password, origin)
    except PasswordUnacceptable as error:
        return _link_page(request, token, link, error)
    except EmailTaken as error:
        return _over(request, error)
    opened = await state.logins.log_in(
        link.address, password, await browser_session(request), origin, device_of(request)
    )
    return _forget_link(request, logged_in(request, opened, None))


def _by_mail(request: Request) -> ByMail:
    by_mail = state_of(request).by_mail
    if by_mail is None:
        raise NotFound("no mail is configured")
    return by_mail


def _opened_token(request: Request) -> Secret:
    return Secret(request.cookies.get(state_of(request).pages.cookies.link, ""))


def _link_page(
    request: Request, token: Secret, link: MailedLink, error: NetraError | None = None
) -> Response:
    """Show the form; it names the link it was made for, as another may be opened meanwhile."""
    return _page(
        request,
        "mailed_link.html",
        error,
        link=token_hash(token),
        email=link.address,
        is_new=link.purpose is Purpose.REGISTRATION,
    )


def _over(request: Request, error: NetraError) -> Response:
    return _forget_link(request, _page(request, "mailed_link_over.html", error))


def _page(
    request: Request, template: str, error: NetraError | None = None, **values: str | bool
) -> Response:
    shown: dict[str, Any] = dict(values)
    return state_of(request).pages.render(
        request,
        template,
        status=200 if error is None else error.status,
        problem=None if error is None else error.detail or error.public_text,
        **shown,
    )


def _forget_link(request: Request, response: Response) -> Response:
    state = state_of(request)
    clear_cookie(response, state.pages.cookies.link, secure=state.settings.secure_cookies)
    return response
