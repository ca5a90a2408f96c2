"""The pages for people: login, registration, logout, and the sessions behind them."""

from pathlib import Path

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.running_auth import (
    Person,
    Pkce,
    RunningAuth,
    authorize_path,
    bearer,
    csrf_token_of,
    running_auth_service,
)
from netra_auth.identities.passwords import PasswordHasher

HOUR = 3600
DAY = 24 * HOUR


async def is_logged_in(browser: httpx2.AsyncClient) -> bool:
    """Ask the service whether the browser's session is in force."""
    page = await browser.get("/logout")
    return "You are logged in" in page.text


async def test_login_sets_a_cookie_no_script_can_read(auth: RunningAuth) -> None:
    """The session cookie is HttpOnly, SameSite=Lax and 256 bits long (checklist 50)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        answer = await auth.log_in(browser, person)

        assert await is_logged_in(browser)
    cookies = {c.partition("=")[0]: c for c in answer.headers.get_list("set-cookie")}
    session = cookies["netra_session"]
    assert answer.headers["location"] == "/logout"
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert "Secure" not in session
    assert len(session.partition("=")[2].partition(";")[0]) == 43


async def test_under_an_https_issuer_cookies_are_secure(tmp_path: Path) -> None:
    """Under an https issuer both cookies have the __Host- prefix and Secure (checklist 37, 50)."""
    secure = {"ISSUER_URL": "https://auth.example.org"}
    async with running_auth_service(tmp_path, overrides=secure) as auth:
        person = await auth.registered_person()
        page = await auth.http.get("/login")
        csrf = csrf_token_of(page)
        answer = await auth.http.post(
            "/login",
            data={"email": person.email, "password": person.password, "csrf_token": csrf},
            headers={"Cookie": f"__Host-netra_csrf={csrf}", "Origin": "https://auth.example.org"},
        )

    assert answer.status_code == 303
    for cookie in page.headers.get_list("set-cookie") + answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-netra_")
        assert "Secure" in cookie
        assert "Path=/;" in cookie
        assert "Domain" not in cookie


async def test_pages_run_no_script_and_load_nothing_foreign(auth: RunningAuth) -> None:
    """Every page has the strict policy and is not stored or framed."""
    for path in ("/login", "/register", "/logout"):
        page = await auth.http.get(path)
        assert page.status_code == 200
        assert page.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert "<script" not in page.text
        assert "http://" not in page.text
    assert (await auth.http.get("/style.css")).headers["content-type"].startswith("text/css")


async def test_unknown_wrong_and_malformed_are_one_page(auth: RunningAuth) -> None:
    """Unknown address, wrong password and nonsense get one text and status (checklist 28)."""
    person = await auth.registered_person()
    wrong = [
        Person("", person.email, "not the password"),
        Person("", "nobody@example.org", "not the password"),
        Person("", "service:netra-backend", "not the password"),
        Person("", "x\x00y", "not the password"),
        Person("", person.email, "p" * 5000),
    ]
    pages = []
    for somebody in wrong:
        async with auth.browser() as browser:
            answer = await auth.log_in(browser, somebody)
            assert answer.status_code == 401
            assert "www-authenticate" in answer.headers
            assert "netra_session" not in browser.cookies
            pages.append(answer.text)

    assert all("The e-mail address or the password is wrong." in page for page in pages)
    reasons = [row.reason for row in await auth.audited("login") if row.outcome == "refused"]
    assert reasons == [
        "wrong password",
        "no such account",
        "no such account",
        "no such account",
        "wrong password",
    ]


async def test_an_unknown_address_costs_the_same_work(
    auth: RunningAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly one hash is verified per login, whether or not there is an account (checklist 28)."""
    person = await auth.registered_person()
    verified: list[str] = []
    original = PasswordHasher.verify

    async def counted(self: PasswordHasher, password: str, stored: str | None) -> bool:
        verified.append("stored" if stored else "decoy")
        return await original(self, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for email in (person.email, "nobody@example.org", "", "service:x@y"):
        async with auth.browser() as browser:
            await auth.log_in(browser, Person("", email, "not the password"))

    assert verified == ["stored", "decoy", "decoy", "decoy"]


async def test_what_a_person_typed_is_shown_escaped(auth: RunningAuth) -> None:
    """Markup in the address comes back as text."""
    async with auth.browser() as browser:
        answer = await auth.log_in(browser, Person("", '"><b>x@y</b>', "whatever it is"))

    assert "<b>" not in answer.text
    assert "&lt;b&gt;" in answer.text


@pytest.mark.parametrize("path", ["/login", "/register", "/logout"])
async def test_a_form_from_elsewhere_is_refused(auth: RunningAuth, path: str) -> None:
    """Without the right token, cookie or Origin a form changes nothing."""
    person = await auth.registered_person()
    form = {"email": person.email, "password": person.password}
    async with auth.browser() as browser:
        csrf = csrf_token_of(await browser.get("/login"))
        good = {**form, "csrf_token": csrf}
        refused = [
            await browser.post(path, data=form),
            await browser.post(path, data={**form, "csrf_token": "x" * len(csrf)}),
            await browser.post(path, data={**form, "csrf_token": "ü"}),
            await browser.post(path, data=good, headers={"Origin": "https://evil.example"}),
            await browser.post(path, data=good, headers={"Origin": "null"}),
            await browser.post(path, data=good, headers={"Origin": auth.url + ".evil.example"}),
            await auth.http.post(path, data=good),
        ]
        assert {answer.status_code for answer in refused} == {403}
        assert "netra_session" not in browser.cookies


async def test_a_form_of_our_own_origin_is_taken(auth: RunningAuth) -> None:
    """The Origin header of our own page does not stand in the way."""
    person = await auth.registered_person()
    async with auth.browser(Origin=auth.url) as browser:
        assert (await auth.log_in(browser, person)).status_code == 303


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/authorize?x=1",
        "/\\evil.example",
        "/authorize?x=1\r\nSet-Cookie: pwned=1",
        "/users/me",
        "javascript:alert(1)",
    ],
)
async def test_a_login_leads_nowhere_else(auth: RunningAuth, back: str) -> None:
    """No `continue` but a path to our own authorization endpoint is followed."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        page = await browser.get("/login", params={"continue": back})
        answer = await auth.log_in(browser, person, back)

    assert "evil" not in page.text
    assert answer.status_code == 303
    assert answer.headers["location"] == "/logout"
    assert "pwned" not in str(answer.headers)


async def test_login_gives_a_new_session_and_ends_the_old(auth: RunningAuth) -> None:
    """A second login has a new id, and the first one's cookie is dead (checklist 50)."""
    person = await auth.registered_person()
    async with auth.browser() as browser, auth.browser() as thief:
        await auth.log_in(browser, person)
        first = browser.cookies["netra_session"]
        await auth.log_in(browser, person)

        assert browser.cookies["netra_session"] != first
        thief.cookies.set("netra_session", first)
        assert not await is_logged_in(thief)
        assert await is_logged_in(browser)


async def test_a_planted_cookie_does_not_become_a_session(auth: RunningAuth) -> None:
    """A session id set by someone else before login is not adopted (checklist 50)."""
    person = await auth.registered_person()
    async with auth.browser() as browser, auth.browser() as attacker:
        planted = "A" * 43
        browser.cookies.set("netra_session", planted)
        attacker.cookies.set("netra_session", planted)
        await auth.log_in(browser, person)

        assert not await is_logged_in(attacker)


async def test_logout_kills_the_session_on_the_server(auth: RunningAuth) -> None:
    """After logout cookie, refresh token and access token are dead, and the feed tells (50)."""
    person, pkce = await auth.registered_person(), Pkce.new()
    async with auth.browser() as browser, auth.browser() as copy:
        await auth.log_in(browser, person)
        copy.cookies.set("netra_session", browser.cookies["netra_session"])
        code = await auth.authorization_code(browser, pkce)
        tokens = (await auth.redeem(code, pkce)).json()

        page = await browser.get("/logout")
        assert person.email in page.text
        answer = await browser.post("/logout", data={"csrf_token": csrf_token_of(page)})

        assert answer.status_code == 303
        assert "netra_session" not in browser.cookies
        assert not await is_logged_in(copy)
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 400
    erase = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    assert erase.status_code == 401
    page_of_feed = await auth.state.revocations.page(0, 10)
    assert [entry.kind for entry in page_of_feed.items] == ["session"]


async def test_logout_without_a_session_is_no_error(auth: RunningAuth) -> None:
    """Whoever is not logged in can still send the form."""
    async with auth.browser() as browser:
        token = csrf_token_of(await browser.get("/login"))
        assert (await browser.post("/logout", data={"csrf_token": token})).status_code == 303


async def test_a_session_ends_after_twelve_idle_hours(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Use keeps a session going; twelve hours without end it (checklist 51)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        for _ in range(3):
            clock.advance(11 * HOUR)
            assert await is_logged_in(browser)

        clock.advance(12 * HOUR)
        assert not await is_logged_in(browser)
        answer = await browser.get(authorize_path(Pkce.new()))
        assert answer.headers["location"].startswith("/login")


async def test_a_session_ends_after_thirty_days(auth: RunningAuth, clock: ManualClock) -> None:
    """However much it is used, a session ends after 30 days (checklist 51)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        for _ in range(60):
            assert await is_logged_in(browser)
            clock.advance(12 * HOUR - 1)

        clock.advance(60)
        assert not await is_logged_in(browser)


async def test_people_register_on_the_page_and_are_logged_in(auth: RunningAuth) -> None:
    """The registration form makes an account and leads back to where it began."""
    back = authorize_path(Pkce.new())
    async with auth.browser() as browser:
        page = await browser.get("/register", params={"continue": back})
        form = {
            "email": "New@Example.org",
            "password": "correct horse battery",
            "csrf_token": csrf_token_of(page),
            "continue": back,
        }
        answer = await browser.post("/register", data=form)

        assert answer.status_code == 303
        assert answer.headers["location"] == back
        assert "new@example.org" in (await browser.get("/logout")).text


@pytest.mark.parametrize(
    ("email", "password", "status"),
    [
        ("taken@example.org", "correct horse battery", 409),
        ("service:x@example.org", "correct horse battery", 422),
        ("new@example.org", "password", 422),
        ("new@example.org", "", 422),
        ("", "correct horse battery", 422),
    ],
)
async def test_a_refused_registration_says_why(
    auth: RunningAuth, email: str, password: str, status: int
) -> None:
    """The form comes back with the reason, the address kept and the password gone."""
    await auth.registered_person("taken@example.org")
    async with auth.browser() as browser:
        token = csrf_token_of(await browser.get("/register"))
        form = {"email": email, "password": password, "csrf_token": token}
        answer = await browser.post("/register", data=form)

    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "netra_session" not in answer.headers.get("set-cookie", "")
    assert "correct horse battery" not in answer.text


async def test_bad_forms_are_refused_as_pages(auth: RunningAuth) -> None:
    """JSON, invalid UTF-8, a doubled field and too much are 4xx on the pages too."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content, headers, status in (
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b"email=%ff", form, 400),
        (b"email=a&email=b", form, 400),
        (b"email=" + b"x" * 70_000, form, 413),
    ):
        answer = await auth.http.post("/login", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
