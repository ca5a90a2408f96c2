"""Rendering the pages for people: templates, their headers, and the CSRF token.

No script runs on these pages, and nothing on them comes from another origin.
"""

import hmac
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netra.errors import PermissionDenied
from netra.ids import random_token
from netra_auth.api.cookies import CookieNames, set_cookie

STYLE_PATH: Final = "/style.css"
_TEMPLATES: Final = Path(__file__).parent / "templates"
_CSRF_SECONDS: Final = 24 * 3600


class FormForged(PermissionDenied):
    """A form was sent that this service's own page did not make for this browser."""

    code = "form_forged"
    public_text = "This form is out of date. Go back, reload the page and try again."


class Pages:
    """Renders pages and guards their forms.

    Args:
        issuer_url: Where the pages are.
        secure: Whether cookies travel over TLS only.
        registers: Whether people may register themselves.
        mails: Whether a forgotten password can be replaced by mail.
    """

    def __init__(
        self, issuer_url: str, *, secure: bool, registers: bool = True, mails: bool = False
    ) -> None:
        self.cookies = CookieNames.for_issuer(secure=secure)
        self._issuer_url = issuer_url
        self._secure = secure
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
        )
        # What several pages offer, wherever they are shown.
        self._templates.globals.update(registers=registers, mails=mails)
        self.style = (_TEMPLATES / "style.css").read_bytes()

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        form_target: str | None = None,
        **values: object,
    ) -> HTMLResponse:
        """Render a page.

        Args:
            request: The request it answers; its CSRF cookie is kept if it has one.
            template: The file in `templates`.
            status: The HTTP status.
            form_target: An origin, besides our own, to which sending the form may lead: browsers
                apply `form-action` to the redirects that follow.
            values: What the template shows; all of it is escaped but `Markup` of our own making.
        """
        csrf = self._csrf_cookie(request) or random_token()
        body = self._templates.get_template(template).render(csrf_token=csrf, **values)
        response = HTMLResponse(body, status, headers=_page_headers(form_target))
        self._set_csrf(response, csrf)
        return response

    def require_own_form(self, request: Request, csrf_token: str | None) -> None:
        """Refuse a form that another site may have sent (double submit, and the Origin header).

        Raises:
            FormForged: Field and cookie are not one token, or the Origin is not ours.
        """
        origins = request.headers.getlist("origin")
        if origins not in ([], [self._issuer_url]):
            raise FormForged("the form came from another origin")
        cookie = self._csrf_cookie(request)
        if cookie is None or csrf_token is None:
            raise FormForged("the form or its cookie has no token")
        if not hmac.compare_digest(cookie.encode(), csrf_token.encode()):
            raise FormForged("the form's token is not the cookie's")

    def renew_csrf(self, response: Response) -> None:
        """Replace the token when the person behind the browser changes."""
        self._set_csrf(response, random_token())

    def _csrf_cookie(self, request: Request) -> str | None:
        return request.cookies.get(self.cookies.csrf) or None

    def _set_csrf(self, response: Response, value: str) -> None:
        set_cookie(response, self.cookies.csrf, value, _CSRF_SECONDS, secure=self._secure)


def _page_headers(form_target: str | None) -> dict[str, str]:
    form_action = "'self'" if form_target is None else f"'self' {form_target}"
    policy = (
        f"default-src 'none'; style-src 'self'; form-action {form_action}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        # Not `no-referrer`: browsers then send `Origin: null` with our own forms.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
