"""The consent page: who asks, for what, where the answer goes; remembered, refused, withdrawn."""

from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from fakes.relying_party import CALLBACK, RelyingParty, decided, relying_party
from fakes.running_auth import (
    CHAT,
    CHAT_ORIGIN,
    Person,
    Pkce,
    RunningAuth,
    answer_of,
    authorize_path,
    bearer,
    csrf_token_of,
    running_auth_service,
)
from netra.errors import NotFound
from netra_auth.audit import Origin

HERE = Origin("req_test", "127.0.0.1")


@pytest.fixture
async def shop(auth: RunningAuth) -> RelyingParty:
    """Give a relying party."""
    return await relying_party(auth, audiences="stock netra-auth netra-backend")


async def logged_in(auth: RunningAuth, browser: httpx2.AsyncClient) -> Person:
    """Log a new person in with a browser."""
    person = await auth.registered_person()
    assert (await auth.log_in(browser, person)).status_code == 303
    return person


async def test_the_page_says_who_asks_for_what_and_where_it_goes(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """The page names client, wishes, destination and person, under a policy without script."""
    async with auth.browser() as browser:
        person = await logged_in(auth, browser)
        to_consent = await shop.asked(browser, Pkce.new())
        page = await browser.get(to_consent.headers["location"])

    assert to_consent.status_code == 303
    for text in ("Example Shop", "example-shop", "https://shop.example", person.email, "stock"):
        assert text in page.text
    for wish in ("e-mail address", "while you are away", "last changed"):
        assert wish in page.text
    assert "netra-backend" not in page.text
    assert "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "form-action 'self' https://shop.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"


async def test_a_name_cannot_write_on_the_page(auth: RunningAuth) -> None:
    """What a relying party is called is shown as text, whatever is in it."""
    other = await relying_party(auth, name='<script>alert(1)</script>" x="')
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        to_consent = await other.asked(browser, Pkce.new())
        page = await browser.get(to_consent.headers["location"])

    assert page.status_code == 200
    assert "<script" not in page.text


async def test_consent_is_remembered_until_more_is_asked(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """The same or less is not asked again, more is; each consent has an audit row."""
    async with auth.browser() as browser:
        person = await logged_in(auth, browser)
        await shop.allowed(browser, Pkce.new(), scope="openid email")
        same = await shop.asked(browser, Pkce.new(), scope="openid email", prompt="none")
        less = await shop.asked(browser, Pkce.new(), scope="openid")
        more = await shop.asked(browser, Pkce.new(), scope="openid profile")
        silent = await shop.asked(browser, Pkce.new(), scope="openid profile", prompt="none")
        await decided(browser, more.headers["location"], "allow")
        both = await shop.asked(browser, Pkce.new(), scope="openid email profile")

    assert all("code" in answer_of(answer) for answer in (same, less, both))
    assert more.headers["location"].startswith("/consent?")
    assert answer_of(silent)["error"] == "consent_required"
    (row,) = await auth.state.consents.of(person.user_id)
    assert row.scope == "email openid profile"
    assert [act.actor for act in await auth.audited("consent_granted")] == [person.user_id] * 2


async def test_consent_of_one_person_is_not_anothers(auth: RunningAuth, shop: RelyingParty) -> None:
    """Each person and each client has a consent of their own."""
    other = await relying_party(auth, "other-shop")
    async with auth.browser() as first, auth.browser() as second:
        await logged_in(auth, first)
        await logged_in(auth, second)
        await shop.allowed(first, Pkce.new())
        by_second = await shop.asked(second, Pkce.new())
        by_other = await other.asked(first, Pkce.new())

    assert by_second.headers["location"].startswith("/consent?")
    assert by_other.headers["location"].startswith("/consent?")


async def test_prompt_consent_asks_again(auth: RunningAuth, shop: RelyingParty) -> None:
    """`prompt=consent` shows the page although consent was given, and then goes on."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        await shop.allowed(browser, Pkce.new())
        again = await shop.asked(browser, Pkce.new(), prompt="consent")
        answer = await decided(browser, again.headers["location"], "allow")

    assert "code" in answer_of(answer)


async def test_a_refusal_goes_back_and_is_not_remembered(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """Deny gives access_denied with state and iss, and the next request asks anew."""
    async with auth.browser() as browser:
        person = await logged_in(auth, browser)
        to_consent = await shop.asked(browser, Pkce.new())
        denied = await decided(browser, to_consent.headers["location"], "deny")
        again = await shop.asked(browser, Pkce.new())

    assert denied.status_code == 303
    assert denied.headers["location"].startswith(CALLBACK + "?")
    assert answer_of(denied)["error"] == "access_denied"
    assert answer_of(denied)["state"] == "s-123"
    assert answer_of(denied)["iss"] == auth.url
    assert again.headers["location"].startswith("/consent?")
    (row,) = await auth.audited("consent_refused")
    assert (row.actor, row.client_id) == (person.user_id, "example-shop")


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("csrf_token", "", 403),
        ("csrf_token", "forged", 403),
        ("decision", "", 400),
        ("decision", "maybe", 400),
        ("continue", "", 400),
        ("continue", "https://evil.example/authorize?x=1", 400),
        ("continue", "/authorize?client_id=unknown", 400),
    ],
)
async def test_only_the_page_itself_can_consent(
    auth: RunningAuth, shop: RelyingParty, field: str, value: str, status: int
) -> None:
    """A form that this page did not make changes nothing and sends nobody anywhere."""
    async with auth.browser() as browser:
        person = await logged_in(auth, browser)
        location = (await shop.asked(browser, Pkce.new())).headers["location"]
        page = await browser.get(location)
        form = {
            "csrf_token": csrf_token_of(page),
            "continue": httpx2.URL(location).params["continue"],
            "decision": "allow",
        }
        answer = await browser.post("/consent", data={**form, field: value})
        foreign = await browser.post(
            "/consent", data=form, headers={"Origin": "https://evil.example"}
        )

    assert answer.status_code == status
    assert foreign.status_code == 403
    assert "location" not in answer.headers
    assert await auth.state.consents.of(person.user_id) == ()


async def test_the_page_needs_a_request_and_a_login(auth: RunningAuth, shop: RelyingParty) -> None:
    """Without a request there is nothing to consent to; without a login the person logs in."""
    path = shop.path(Pkce.new())

    nothing = await auth.http.get("/consent")
    foreign = await auth.http.get("/consent", params={"continue": "//evil.example/authorize?a=b"})
    faulty = await auth.http.get(
        "/consent", params={"continue": shop.path(Pkce.new(), scope="root")}
    )
    nobody = await auth.http.get("/consent", params={"continue": path})
    async with auth.browser() as browser:
        page = await browser.get("/login")
        form = {"csrf_token": csrf_token_of(page), "continue": path, "decision": "allow"}
        decided_by_nobody = await browser.post("/consent", data=form)

    assert nothing.status_code == foreign.status_code == 400
    assert answer_of(faulty)["error"] == "invalid_scope"
    for answer in (nobody, decided_by_nobody):
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?continue=" + quote(path, safe="")


async def test_netras_own_clients_are_not_asked_about(tmp_path: Path) -> None:
    """The command and the chat page get a code without consent, and nothing is remembered."""
    async with running_auth_service(tmp_path, overrides={"CHAT_ORIGINS": CHAT_ORIGIN}) as auth:
        async with auth.browser() as browser:
            person = await logged_in(auth, browser)
            command = await browser.get(authorize_path(Pkce.new()))
            chat = await browser.get(authorize_path(Pkce.new(), **CHAT))

        assert "code" in answer_of(command)
        assert "code" in answer_of(chat)
        assert await auth.state.consents.of(person.user_id) == ()


async def test_withdrawing_consent_ends_what_came_from_it(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """Tokens and unredeemed codes of that client end; the person's others go on (48)."""
    other, pkce = await relying_party(auth, "other-shop"), Pkce.new()
    async with auth.browser() as browser:
        person = await logged_in(auth, browser)
        tokens, others = await shop.tokens_by(browser), await other.tokens_by(browser)
        code = answer_of(await shop.asked(browser, pkce))["code"]

        await auth.state.consents.remove(person.user_id, "example-shop", HERE)
        with pytest.raises(NotFound):
            await auth.state.consents.remove(person.user_id, "example-shop", HERE)
        asked = await shop.asked(browser, Pkce.new())

    assert (await shop.redeemed(code, pkce)).json()["error"] == "invalid_grant"
    assert (await shop.refreshed(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    told = await auth.http.get("/userinfo", headers=bearer(tokens["access_token"]))
    assert told.status_code == 401
    assert (await other.refreshed(others["refresh_token"])).status_code == 200
    told = await auth.http.get("/userinfo", headers=bearer(others["access_token"]))
    assert told.status_code == 200
    assert asked.headers["location"].startswith("/consent?")
    acts = await auth.audited("consent_removed")
    assert [act.outcome for act in acts] == ["success", "refused"]


async def test_a_consent_given_while_the_session_ends_gives_no_code(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """A person logged out in another window is sent to log in, and consents to nothing."""
    async with auth.browser() as browser:
        person = await logged_in(auth, browser)
        to_consent = await shop.asked(browser, Pkce.new())
        page = await browser.get(to_consent.headers["location"])
        form = {
            "csrf_token": csrf_token_of(page),
            "continue": httpx2.URL(to_consent.headers["location"]).params["continue"],
            "decision": "allow",
        }
        async with auth.state.database.transaction() as transaction:
            await auth.state.sessions.end_all_of(transaction, person.user_id)
        answer = await browser.post("/consent", data=form)

    assert answer.headers["location"].startswith("/login?")
    assert await auth.state.consents.of(person.user_id) == ()
