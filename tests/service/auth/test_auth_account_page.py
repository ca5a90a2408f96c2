"""The page of one's own account: what it shows, changes, and refuses."""

import html
import re

import pytest

from fakes.authenticator import send, set_up
from fakes.clock import ManualClock
from fakes.relying_party import relying_party
from fakes.running_auth import Person, Pkce, RunningAuth, bearer
from netra_auth.store.tables import consents, refresh_tokens

NEW = "another horse battery"
_SESSION_FIELD = re.compile(r'name="session_id" value="(ses_[0-9a-z]{26})"')


async def test_the_page_shows_who_is_in_and_where(auth: RunningAuth, clock: ManualClock) -> None:
    """Address, sessions with devices, and a second factor that is off; never stored anywhere."""
    person = await auth.registered_person()
    linux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with auth.browser(**{"User-Agent": '<b>"x"'}) as other:
        await auth.log_in(other, person)
    clock.advance(3600)
    async with auth.browser(**{"User-Agent": linux}) as browser:
        answer = await auth.log_in(browser, person, "/account")
        page = await browser.get(answer.headers["location"])

    assert answer.headers["location"] == "/account"
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.headers["content-security-policy"]
    text = html.unescape(page.text)
    assert person.email in text
    assert "Firefox on Linux" in text
    assert '<b>"x"' in text
    assert "<b>" not in page.text
    assert "From 127.0.0.1" in text
    assert len(_SESSION_FIELD.findall(page.text)) == 1
    assert "Set up an authenticator app" in text


async def test_sessions_are_ended_on_the_page(auth: RunningAuth) -> None:
    """One, then all others; the page says so, and one that is gone is no error (51)."""
    person = await auth.registered_person()
    tokens = [await auth.tokens_of(person) for _ in range(3)]
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        page = await browser.get("/account")
        one = _SESSION_FIELD.findall(page.text)[0]
        ended = await send(browser, "/account/sessions/end", session_id=one)
        again = await send(browser, "/account/sessions/end", session_id=one)
        stolen = await send(browser, "/account/sessions/end", session_id="ses_" + "0" * 26)
        told = await browser.get(ended.headers["location"])
        left = _SESSION_FIELD.findall(told.text)
        others = await send(browser, "/account/sessions/end-others")
        last = await browser.get(others.headers["location"])

    assert ended.headers["location"] == "/account?done=session#notice"
    assert (again.headers["location"], stolen.headers["location"]) == ("/account", "/account")
    assert "That session has ended." in told.text
    assert (len(left), len(_SESSION_FIELD.findall(last.text))) == (2, 0)
    for given in tokens:
        me = await auth.http.get("/users/me/sessions", headers=bearer(given["access_token"]))
        assert me.status_code == 401


async def test_the_page_says_nothing_a_caller_wrote(auth: RunningAuth) -> None:
    """A notice is one of ours or none."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        page = await browser.get("/account", params={"done": "Call 555 to keep your account"})

    assert "Call 555" not in page.text
    assert 'role="status"' not in page.text


async def test_the_password_is_changed_on_the_page(auth: RunningAuth) -> None:
    """Against the present one; every other session ends and this one goes on (51)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    path = "/account/password"
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        wrong = await send(browser, path, current_password="not it", new_password=NEW)
        common = await send(
            browser, path, current_password=person.password, new_password="password1"
        )
        empty = await send(browser, path)
        done = await send(browser, path, current_password=person.password, new_password=NEW)
        assert (await browser.get("/account")).status_code == 200
        changed = Person(person.user_id, person.email, NEW)
        assert (await auth.log_in(browser, changed)).status_code == 303

    assert (wrong.status_code, common.status_code, empty.status_code) == (403, 422, 403)
    assert "The current password is wrong." in wrong.text
    assert 'role="alert"' in common.text
    assert done.headers["location"] == "/account?done=password#notice"
    for shown in (wrong, common):
        assert person.password not in shown.text
    me = await auth.http.get("/users/me/sessions", headers=bearer(tokens["access_token"]))
    assert me.status_code == 401


async def test_a_consent_is_taken_back(auth: RunningAuth, clock: ManualClock) -> None:
    """A connected program is shown with what it may, and loses its refresh tokens when removed."""
    person, other = await auth.registered_person(), await auth.registered_person()
    tokens, others = await auth.tokens_of(person), await auth.tokens_of(other)
    async with auth.state.database.transaction() as transaction:
        for user_id in (person.user_id, other.user_id):
            row = {
                "user_id": user_id,
                "client_id": "netra-cli",
                "scope": "profile",
                "granted_at": clock.timestamp(),
            }
            await transaction.connection.execute(consents.insert().values(row))
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        page = await browser.get("/account")
        removed = await send(browser, "/account/consents/remove", client_id="netra-cli")
        again = await send(browser, "/account/consents/remove", client_id="netra-cli")
        told = await browser.get("/account")

    assert "the netra command" in page.text
    assert removed.headers["location"] == "/account?done=consent#notice"
    assert again.headers["location"] == "/account"
    assert "the netra command" not in told.text
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 400
    assert (await auth.refresh(others["refresh_token"])).status_code == 200
    async with auth.state.database.reading() as connection:
        left = (await connection.execute(refresh_tokens.select())).mappings().all()
    assert len(left) == 2  # The other person's: the spent one and its successor.
    assert [act.outcome for act in await auth.audited("consent_removed")] == ["success", "refused"]


async def test_a_connected_program_is_shown_by_its_name_and_in_words(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """As it was when the person was asked; one that is registered no more shows its id."""
    person = await auth.registered_person()
    await relying_party(auth, "shop", name="The Shop")
    async with auth.state.database.transaction() as transaction:
        for client_id in ("shop", "gone"):
            row = {
                "user_id": person.user_id,
                "client_id": client_id,
                "scope": "email openid",
                "granted_at": clock.timestamp(),
            }
            await transaction.connection.execute(consents.insert().values(row))
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        page = (await browser.get("/account")).text

    assert "<strong>The Shop</strong>" in page
    assert "<strong>gone</strong>" in page
    assert page.count("See your e-mail address") == 2
    assert "openid" not in page


async def test_the_data_is_a_file(auth: RunningAuth) -> None:
    """The export is offered as a download, to this browser's form only."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        answer = await send(browser, "/account/export")
        fetched = await browser.get("/account/export")

    assert answer.headers["content-disposition"] == 'attachment; filename="netra-account.json"'
    assert answer.json()["user"]["user_id"] == person.user_id
    assert fetched.status_code == 405


async def test_an_account_is_deleted_against_the_password(auth: RunningAuth) -> None:
    """Without the password nothing happens; with it the account is gone and the browser out."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        await set_up(auth, browser, person)
        refused = await send(browser, "/account/delete", password="not it")
        still = await browser.get("/account")
        done = await send(browser, "/account/delete", password=person.password)
        assert "netra_session" not in browser.cookies

    assert (refused.status_code, still.status_code) == (403, 200)
    assert (done.status_code, done.headers["location"]) == (303, "/login")
    assert (await auth.audited("user_erased"))[-1].actor == person.user_id
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 401


@pytest.mark.parametrize("path", ["/account/password", "/account/delete", "/account/second-factor"])
async def test_a_form_from_elsewhere_changes_nothing(auth: RunningAuth, path: str) -> None:
    """With the session's cookie alone no form of the page is taken (CSRF)."""
    person = await auth.registered_person()
    form = {
        "password": person.password,
        "current_password": person.password,
        "new_password": NEW,
    }
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        refused = [
            await browser.post(path, data=form),
            await browser.post(path, data={**form, "csrf_token": "x" * 43}),
            await browser.post(path, data=form, headers={"Origin": "https://evil.example"}),
        ]
        assert (await auth.log_in(browser, person)).status_code == 303

    assert {answer.status_code for answer in refused} == {403}


async def test_a_new_login_of_another_person_is_theirs(auth: RunningAuth) -> None:
    """A browser that changes hands has one session at a time, the newer (checklist 50)."""
    first, second = await auth.registered_person(), await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, first)
        await auth.log_in(browser, second)
        page = await browser.get("/account")
        assert (await auth.authorization_code(browser, Pkce.new())) != ""

    assert second.email in page.text
    assert first.email not in page.text
    assert await auth.state.person_sessions.of(first.user_id) == ()
