"""What every page of one's own account begins with: its own form, and whoever is in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from fastapi import Request, Response

from netra.secret import Secret
from netra.wire.auth_admin import ACCOUNT_PATH
from netra.wire.auth_api import LOGIN_PATH
from netra_auth.api.browser_session import browser_session
from netra_auth.api.forms import own_form, see_other
from netra_auth.api.state import origin_of
from netra_auth.audit import Origin
from netra_auth.identities.sessions import LiveSession

_TO_LOGIN: Final = f"{LOGIN_PATH}?continue={ACCOUNT_PATH}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is logged in here.

    Attributes:
        session: Who, and since when.
        form: What they filled in; nothing when they only look.
        origin: Where it came from.
    """

    session: LiveSession
    form: Mapping[str, str]
    origin: Origin

    def __repr__(self) -> str:
        return f"Visit({self.session.session_id})"

    @property
    def user_id(self) -> str:
        """Give the person's id."""
        return self.session.user.user_id

    def field(self, name: str) -> str:
        """Give a field of the form; empty if it is missing."""
        return self.form.get(name, "")

    def secret(self, name: str) -> Secret:
        """Give a field that must not be shown."""
        return Secret(self.field(name))


Page: TypeAlias = Callable[[Request, Visit], Awaitable[Response]]


def own_page(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Serve a page to whoever is in; lead everybody else to the log-in.

    A form that this service's page did not make for this browser is refused before anything else.
    """

    async def served(request: Request) -> Response:
        form = {} if request.method == "GET" else (await own_form(request)).values
        session = await browser_session(request)
        if session is None:
            return see_other(_TO_LOGIN)
        return await page(request, Visit(session, form, origin_of(request)))

    served.__name__ = page.__name__
    served.__doc__ = page.__doc__
    return served
