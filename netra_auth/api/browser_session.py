"""The login session behind a browser's cookie."""

from fastapi import Request

from netra.secret import Secret
from netra_auth.api.state import state_of
from netra_auth.identities.sessions import LiveSession


async def browser_session(request: Request) -> LiveSession | None:
    """Find the live session of the request's cookie, if it has one.

    Raises:
        DatabaseUnavailable: The store cannot be reached; that is never taken for "no session".
    """
    state = state_of(request)
    cookie = request.cookies.get(state.pages.cookies.session)
    return await state.sessions.find(Secret(cookie)) if cookie else None
