"""What a logged-in person's authorization request still needs before it gets a code. Pure."""

from collections.abc import Collection
from enum import Enum, auto
from hashlib import sha256
from typing import Final

from netra_auth.grants.authorization_request import AuthorizationRequest, Prompt
from netra_auth.identities.sessions import LiveSession

FRESH_LOGIN_SECONDS: Final = 60
LOGIN_FOR_REQUEST_SECONDS: Final = 600
_MARK_LETTERS: Final = 32


class Step(Enum):
    """What comes next."""

    LOGIN = auto()
    CONSENT = auto()
    CODE = auto()


def next_step(
    request: AuthorizationRequest, session: LiveSession, allowed: Collection[str], now: float
) -> Step:
    """Say what comes next.

    Args:
        request: What the client asks for.
        session: The login session of the browser.
        allowed: The scopes the person has allowed this client.
        now: The time.
    """
    if _needs_login(request, session, now):
        return Step.LOGIN
    if request.return_address.client.is_first_party:
        return Step.CODE
    if Prompt.CONSENT in request.prompts or not set(request.scope.split()) <= set(allowed):
        return Step.CONSENT
    return Step.CODE


def login_mark(session: LiveSession) -> str:
    """Name a login, so that a request can say which one was not enough; it opens nothing."""
    text = f"{session.session_id} {session.authenticated_at!r}"
    return sha256(text.encode()).hexdigest()[:_MARK_LETTERS]


def _needs_login(request: AuthorizationRequest, session: LiveSession, now: float) -> bool:
    age = now - session.authenticated_at
    if request.return_address.client.can_be_posed_as and age > FRESH_LOGIN_SECONDS:
        # A page must not be able to fetch a code behind the person's back for a client that any
        # local program can pose as (RFC 8252 section 8.6).
        return True
    if request.max_age and age > request.max_age:
        return True
    if Prompt.LOGIN not in request.prompts and request.max_age != 0:
        return False
    was_made_for_this = request.previous_login not in (None, login_mark(session))
    return not was_made_for_this or age > LOGIN_FOR_REQUEST_SECONDS
