"""What an authorization request still needs: a login, consent, or nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_auth.grants.authorization_request import (
    AuthorizationRequest,
    Prompt,
    ReturnAddress,
)
from netra_auth.grants.authorization_step import (
    FRESH_LOGIN_SECONDS,
    LOGIN_FOR_REQUEST_SECONDS,
    Step,
    login_mark,
    next_step,
)
from netra_auth.grants.public_clients import COMMAND, GrantType, chat_page
from netra_auth.grants.relying_parties import RelyingParty
from netra_auth.identities.sessions import LiveSession
from netra_auth.store.repositories.users import UserRow

NOW = 1_000_000.0
SHOP = RelyingParty(
    client_id="example-shop",
    name="Example Shop",
    redirect_uris=("https://shop.example/callback",),
    grants=frozenset({GrantType.AUTHORIZATION_CODE}),
    scopes=("openid", "email"),
    audiences=(),
)
CHAT = chat_page(("https://chat.example",))
ALLOWED = ("openid", "email")


def session(age: float = 0, session_id: str = "ses_1") -> LiveSession:
    """Give a session whose login is so many seconds old."""
    user = UserRow(user_id="usr_1", email="a@example.org", password_hash="", roles="", created_at=0)
    return LiveSession(
        session_id=session_id,
        user=user,
        opened_at=NOW - age,
        ends_at=NOW + 1000,
        authenticated_at=NOW - age,
        methods=("pwd",),
    )


def request(
    *prompts: Prompt, max_age: int | None = None, previous_login: str | None = None
) -> AuthorizationRequest:
    """Give a request of the relying party."""
    return AuthorizationRequest(
        return_address=ReturnAddress(SHOP, SHOP.redirect_uris[0], None),
        scope="openid email",
        code_challenge="c" * 43,
        prompts=frozenset(prompts),
        max_age=max_age,
        previous_login=previous_login,
    )


@pytest.mark.parametrize(
    ("asked", "age", "allowed", "step"),
    [
        (request(), 0, ALLOWED, Step.CODE),
        (request(), 0, (), Step.CONSENT),
        (request(), 0, ("openid",), Step.CONSENT),
        (request(), 0, (*ALLOWED, "profile"), Step.CODE),
        (request(Prompt.CONSENT), 0, ALLOWED, Step.CONSENT),
        (request(Prompt.LOGIN), 0, ALLOWED, Step.LOGIN),
        (request(Prompt.LOGIN, Prompt.CONSENT), 0, ALLOWED, Step.LOGIN),
        (request(Prompt.LOGIN, previous_login="another"), 0, ALLOWED, Step.CODE),
        (
            request(Prompt.LOGIN, previous_login="another"),
            LOGIN_FOR_REQUEST_SECONDS + 1,
            ALLOWED,
            Step.LOGIN,
        ),
        (request(Prompt.LOGIN, previous_login=login_mark(session())), 0, ALLOWED, Step.LOGIN),
        (request(max_age=10), 10, ALLOWED, Step.CODE),
        (request(max_age=10), 10.1, ALLOWED, Step.LOGIN),
        (request(max_age=10, previous_login="another"), 10.1, ALLOWED, Step.LOGIN),
        (request(max_age=0), 0, ALLOWED, Step.LOGIN),
        (request(max_age=0, previous_login="another"), 1, ALLOWED, Step.CODE),
        (request(Prompt.NONE), 0, (), Step.CONSENT),
    ],
)
def test_login_comes_before_consent_and_consent_before_the_code(
    asked: AuthorizationRequest, age: float, allowed: tuple[str, ...], step: Step
) -> None:
    """Each prompt, age and consent leads to the one next step."""
    assert next_step(asked, session(age), allowed, NOW) is step


def test_netras_own_clients_need_no_consent() -> None:
    """The chat page gets its code at any age of the login, the command only when it is fresh."""
    uri = CHAT.redirect_uris[0]
    chat = replace(request(), return_address=ReturnAddress(CHAT, uri, None))
    command = replace(request(), return_address=ReturnAddress(COMMAND, "http://127.0.0.1/x", None))

    assert next_step(chat, session(9999), (), NOW) is Step.CODE
    assert next_step(command, session(FRESH_LOGIN_SECONDS), (), NOW) is Step.CODE
    assert next_step(command, session(FRESH_LOGIN_SECONDS + 1), (), NOW) is Step.LOGIN


@given(st.text(max_size=40), st.floats(0, 10_000), st.integers(0, 10_000))
def test_no_mark_makes_an_old_login_new(mark: str, age: float, max_age: int) -> None:
    """Whatever a request claims, a login older than max_age or ten minutes never passes."""
    asked = request(Prompt.LOGIN, max_age=max_age, previous_login=mark)

    if next_step(asked, session(age), ALLOWED, NOW) is Step.CODE:
        assert age <= LOGIN_FOR_REQUEST_SECONDS
        assert max_age == 0 or age <= max_age


def test_a_mark_names_one_login() -> None:
    """Another session, and another login of the same session, has another mark."""
    marks = {login_mark(each) for each in (session(), session(1), session(0, "ses_2"))}

    assert len(marks) == 3
    assert "ses_1" not in "".join(marks)
