"""The second factor: setting it up, logging in with it, and what cannot be done without it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from fakes.authenticator import (
    SECOND_FACTOR,
    Authenticator,
    recovery_codes_of,
    secret_of,
    send,
    set_up,
)
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

LOGIN = "/login/second-factor"
SHARED = {
    "TOKEN_TRUST_MODE": "shared-key",
    "JWT_SECRET_KEY": "Zt5WqL8vXr2KdB9nYc4HsJ7fMg3TpEoUa6RiQx1NkVw",
}
OTHER_KEY = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5kL7nP9Q"


async def with_second_factor(auth: RunningAuth, clock: ManualClock) -> tuple[Person, Authenticator]:
    """Register somebody, set up their second factor, and let a minute pass."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        authenticator = await set_up(auth, browser, person)
    clock.advance(60)
    return person, authenticator


async def is_in(browser: httpx2.AsyncClient) -> bool:
    """Ask whether the browser has a session in force."""
    return (await browser.get("/account")).status_code == 200


async def test_a_login_needs_both_proofs(auth: RunningAuth, clock: ManualClock) -> None:
    """After the password there is no session yet; after the code there is one, made by both."""
    person, authenticator = await with_second_factor(auth, clock)
    async with auth.browser() as browser:
        answer = await auth.log_in(browser, person)
        assert answer.headers["location"] == LOGIN
        assert "netra_session" not in browser.cookies
        assert not await is_in(browser)
        assert (await browser.get(authorize_path(Pkce.new()))).status_code == 303

        done = await send(browser, LOGIN, code=authenticator.code())

        assert (done.status_code, done.headers["location"]) == (303, "/logout")
        assert await is_in(browser)
        assert "netra_pending" not in browser.cookies
        newest = (await auth.state.person_sessions.of(person.user_id))[0]
    assert newest.methods == ("pwd", "otp")
    logins = await auth.audited("login")
    assert (logins[-1].outcome, logins[-1].reason) == (
        "success",
        "with a code of the authenticator",
    )
    assert (await auth.audited("second_factor_asked"))[-1].actor == person.user_id


async def test_the_second_page_leads_on_where_the_first_would(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """An interrupted authorization goes on after the second factor, and nowhere else."""
    person, authenticator = await with_second_factor(auth, clock)
    back = authorize_path(Pkce.new())
    async with auth.browser() as browser:
        answer = await auth.log_in(browser, person, back)
        page = await browser.get(answer.headers["location"])
        fields = {"csrf_token": csrf_token_of(page), "code": authenticator.code()}
        evil = await browser.post(
            LOGIN, data={**fields, "code": "000000", "continue": "https://evil.example/"}
        )
        done = await browser.post(LOGIN, data={**fields, "continue": back})

    assert "evil.example" not in evil.text
    assert done.headers["location"] == back


async def test_a_code_works_once(auth: RunningAuth, clock: ManualClock) -> None:
    """A code that logged somebody in is refused afterwards, and so is any older one (50)."""
    person, authenticator = await with_second_factor(auth, clock)
    async with auth.browser() as first, auth.browser() as second:
        await auth.log_in(first, person)
        await auth.log_in(second, person)
        code, older = authenticator.code(), authenticator.code(-1)
        assert (await send(first, LOGIN, code=code)).status_code == 303

        for spent in (code, older):
            assert (await send(second, LOGIN, code=spent)).status_code == 401
        clock.advance(30)
        assert (await send(second, LOGIN, code=authenticator.code())).status_code == 303


async def test_of_many_at_once_one_gets_in(auth: RunningAuth, clock: ManualClock) -> None:
    """The same code in several logins at the same time opens exactly one."""
    person, authenticator = await with_second_factor(auth, clock)
    browsers = [auth.browser() for _ in range(3)]
    try:
        for browser in browsers:
            await auth.log_in(browser, person)
        code = authenticator.code()
        answers = await asyncio.gather(*(send(b, LOGIN, code=code) for b in browsers))
    finally:
        for browser in browsers:
            await browser.aclose()

    assert sorted(answer.status_code for answer in answers) == [303, 401, 401]


async def test_every_wrong_code_looks_alike(auth: RunningAuth, clock: ManualClock) -> None:
    """A wrong, spent, malformed or hostile code, and a wrong recovery code, are told alike."""
    person, authenticator = await with_second_factor(auth, clock)
    pages = set()
    for field, code in (
        ("code", authenticator.wrong_code()),
        ("code", "' OR 1=1 --"),
        ("recovery_code", "0000-0000-0000-0000"),
        ("recovery_code", "x" * 1000),
        ("code", "\x00\r\n"),
    ):
        async with auth.browser() as browser:
            await auth.log_in(browser, person)
            csrf = csrf_token_of(await browser.get("/login"))
            answer = await browser.post(LOGIN, data={"csrf_token": csrf, field: code})
            assert answer.status_code == 401
            assert "www-authenticate" in answer.headers
            assert not await is_in(browser)
            pages.add(answer.text.replace(csrf, ""))
        clock.advance(4000)

    assert len(pages) == 1


async def test_a_login_bears_five_wrong_codes(auth: RunningAuth, clock: ManualClock) -> None:
    """The fifth wrong code ends the login: even the right one is too late then."""
    person, authenticator = await with_second_factor(auth, clock)
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        pending = browser.cookies["netra_pending"]
        for _ in range(4):
            answer = await send(browser, LOGIN, code=authenticator.wrong_code())
            assert "The code is wrong" in answer.text
        fifth = await send(browser, LOGIN, code=authenticator.wrong_code())
        clock.advance(60)
        browser.cookies.set("netra_pending", pending)
        late = await send(browser, LOGIN, code=authenticator.code())

        assert (fifth.status_code, late.status_code) == (401, 401)
        assert "Log in again" in fifth.text
        assert "Log in again" in late.text
        assert not await is_in(browser)


async def test_wrong_codes_are_bounded_across_logins(auth: RunningAuth, clock: ManualClock) -> None:
    """Whoever has the password cannot guess on in new logins: they wait, ever longer (58)."""
    person, authenticator = await with_second_factor(auth, clock)
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        for _ in range(5):
            await send(browser, LOGIN, code=authenticator.wrong_code())
        await auth.log_in(browser, person)
        blocked = await send(browser, LOGIN, code=authenticator.code())
        recovery = await send(browser, LOGIN, recovery_code=authenticator.recovery_codes[0])
        clock.advance(30)
        again = await send(browser, LOGIN, code=authenticator.wrong_code())
        blocked_longer = await send(browser, LOGIN, code=authenticator.code())
        clock.advance(60)
        right = await send(browser, LOGIN, code=authenticator.code())

    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "30")
    assert recovery.status_code == 429
    assert again.status_code == 401
    assert (blocked_longer.status_code, blocked_longer.headers["retry-after"]) == (429, "60")
    assert right.status_code == 303


async def test_a_pending_login_lives_five_minutes(auth: RunningAuth, clock: ManualClock) -> None:
    """After five minutes the right code is too late (checklist 51)."""
    person, authenticator = await with_second_factor(auth, clock)
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        clock.advance(300)
        browser.cookies.set("netra_pending", browser.cookies.get("netra_pending") or "")
        late = await send(browser, LOGIN, code=authenticator.code())

    assert late.status_code == 401
    assert "Log in again" in late.text


@pytest.mark.parametrize("change", ["reset", "disable", "remove"])
async def test_what_happens_in_between_wins(
    auth: RunningAuth, clock: ManualClock, change: str
) -> None:
    """A reset, a disabled account or a removed second factor ends a login under way (48)."""
    person, authenticator = await with_second_factor(auth, clock)
    admin = bearer(await auth.service_token("netra-ops"))
    user = f"/admin/users/{person.user_id}"
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        if change == "reset":
            body = {"email": person.email, "password": "another horse battery"}
            await auth.http.post("/admin/users/password", json=body, headers=admin)
        elif change == "disable":
            await auth.http.post(f"{user}/disable", headers=admin)
            await auth.http.post(f"{user}/enable", headers=admin)
        else:
            answer = await auth.http.delete(f"{user}/second-factor", headers=admin)
            assert answer.status_code == 204
        late = await send(browser, LOGIN, code=authenticator.code())

    assert late.status_code == 401
    assert "Log in again" in late.text


async def test_a_planted_or_foreign_cookie_opens_nothing(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """No cookie of another kind, and none that was made up, stands for a pending login (50)."""
    person, authenticator = await with_second_factor(auth, clock)
    async with auth.browser() as browser, auth.browser() as other:
        await auth.log_in(browser, person)
        pending = browser.cookies["netra_pending"]
        for name, value in (("netra_pending", "A" * 43), ("netra_session", pending)):
            other.cookies.set(name, value)
            assert not await is_in(other)
            answer = await send(other, LOGIN, code=authenticator.code())
            assert answer.status_code == 401
        assert len(pending) == 43


async def test_a_recovery_code_works_once(auth: RunningAuth, clock: ManualClock) -> None:
    """Each of the ten lets its person in once in place of the authenticator."""
    person, authenticator = await with_second_factor(auth, clock)
    code = authenticator.recovery_codes[3]
    assert len(set(authenticator.recovery_codes)) == 10
    async with auth.browser() as browser, auth.browser() as second:
        await auth.log_in(browser, person)
        assert (await send(browser, LOGIN, recovery_code=code.upper())).status_code == 303
        assert "9 recovery codes left" in (await browser.get("/account")).text
        await auth.log_in(second, person)
        assert (await send(second, LOGIN, recovery_code=code)).status_code == 401
    assert (await auth.audited("login"))[-2].reason == "with a recovery code"


async def test_nothing_of_it_is_stored_in_the_clear(
    auth: RunningAuth, clock: ManualClock, stored_bytes: Callable[[RunningAuth], bytes]
) -> None:
    """Neither the secret nor a recovery code is in the store, the audit record or an export."""
    person, authenticator = await with_second_factor(auth, clock)
    headers = bearer(await auth.service_token("netra-ops"))
    export = await auth.http.get(f"/admin/users/{person.user_id}/export", headers=headers)
    await auth.state.database.close()
    kept = export.text.encode() + stored_bytes(auth)

    assert person.email.encode() in kept
    assert authenticator.secret.reveal().encode() not in kept
    for code in authenticator.recovery_codes:
        assert code.encode() not in kept
        assert code.replace("-", "").encode() not in kept


async def test_setting_up_needs_the_password_and_a_first_code(auth: RunningAuth) -> None:
    """Until a first code is right the second factor counts for nothing and is shown as off."""
    person = await auth.registered_person()
    async with auth.browser() as browser, auth.browser() as another:
        await auth.log_in(browser, person)
        refused = await send(browser, SECOND_FACTOR, password="not the password")
        page = await send(browser, SECOND_FACTOR, password=person.password)
        secret = secret_of(page)
        fresh = Authenticator(secret, auth.state.clock)
        wrong = await send(
            browser, SECOND_FACTOR + "/confirm", secret=secret.reveal(), code=fresh.wrong_code()
        )
        assert (await auth.log_in(another, person)).headers["location"] == "/logout"
        done = await send(
            browser, SECOND_FACTOR + "/confirm", secret=secret.reveal(), code=fresh.code()
        )
        later = await browser.get(SECOND_FACTOR)
        replayed = await send(
            browser, SECOND_FACTOR + "/confirm", secret=secret.reveal(), code=fresh.code(1)
        )

    assert refused.status_code == 403
    assert "<svg" in page.text
    assert "otpauth://totp/Netra:" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert wrong.status_code == 403
    assert secret_of(wrong) == secret
    assert len(recovery_codes_of(done)) == 10
    assert secret.reveal() not in done.text + later.text + replayed.text
    assert not recovery_codes_of(later)
    assert replayed.status_code == 409
    reasons = [row.reason for row in await auth.audited("second_factor_enabled")]
    assert reasons == ["wrong code", None, "no set-up waits for it"]
    assert [row.reason for row in await auth.audited("password_proof")] == [
        "wrong password, to set up a second factor"
    ]


async def test_a_stolen_session_does_not_read_a_set_up(auth: RunningAuth) -> None:
    """Whoever does not hold the secret is not shown it, nor may they confirm another."""
    person = await auth.registered_person()
    async with auth.browser() as browser, auth.browser() as thief:
        await auth.log_in(browser, person)
        thief.cookies.set("netra_session", browser.cookies["netra_session"])
        page = await send(browser, SECOND_FACTOR, password=person.password)
        secret = secret_of(page)
        made_up = Authenticator(type(secret)("A" * 32), auth.state.clock)
        for tried in ("", "A" * 32, "not base32!"):
            answer = await send(
                thief, SECOND_FACTOR + "/confirm", secret=tried, code=made_up.code()
            )
            assert answer.status_code == 409
            assert secret.reveal() not in answer.text


async def test_a_set_up_waits_ten_minutes(auth: RunningAuth, clock: ManualClock) -> None:
    """A first code after ten minutes is too late, and a new set-up replaces an old one."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        page = await send(browser, SECOND_FACTOR, password=person.password)
        late = Authenticator(secret_of(page), auth.state.clock)
        clock.advance(600)
        answer = await send(
            browser, SECOND_FACTOR + "/confirm", secret=late.secret.reveal(), code=late.code()
        )
        assert answer.status_code == 409
        await set_up(auth, browser, person)
        again = await send(browser, SECOND_FACTOR, password=person.password)

    assert again.status_code == 409


async def test_turning_it_off_needs_password_and_code(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Either alone does not do; with both it is off, and the recovery codes are gone."""
    person, authenticator = await with_second_factor(auth, clock)
    off = SECOND_FACTOR + "/off"
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        await send(browser, LOGIN, code=authenticator.code())
        clock.advance(30)
        tries = [
            await send(browser, off, password=person.password, code=authenticator.wrong_code()),
            await send(browser, off, password=person.password),
            await send(browser, off, password="not it", code=authenticator.code()),
            await send(browser, off, code=authenticator.code()),
        ]
        done = await send(browser, off, password=person.password, code=authenticator.code())
        answer = await auth.log_in(browser, person)
        state = await auth.state.second_factors.state(person.user_id)

    assert {answer.status_code for answer in tries} == {403}
    assert done.headers["location"] == "/account?done=second-factor-off#notice"
    assert answer.headers["location"] == "/logout"
    assert (state.is_confirmed, state.codes_left) == (False, 0)


async def test_new_recovery_codes_replace_the_old(auth: RunningAuth, clock: ManualClock) -> None:
    """A new set on demand, against password and code; the old codes are dead."""
    person, authenticator = await with_second_factor(auth, clock)
    path = SECOND_FACTOR + "/recovery-codes"
    async with auth.browser() as browser, auth.browser() as another:
        await auth.log_in(browser, person)
        await send(browser, LOGIN, code=authenticator.code())
        clock.advance(30)
        refused = await send(browser, path, password=person.password, code="000")
        page = await send(browser, path, password=person.password, code=authenticator.code())
        renewed = recovery_codes_of(page)
        await auth.log_in(another, person)
        old = await send(another, LOGIN, recovery_code=authenticator.recovery_codes[0])
        new = await send(another, LOGIN, recovery_code=renewed[0])

    assert refused.status_code == 403
    assert not recovery_codes_of(refused)
    assert len(set(renewed)) == 10
    assert not set(renewed) & set(authenticator.recovery_codes)
    assert (old.status_code, new.status_code) == (401, 303)


async def test_an_administrator_removes_what_was_lost(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Then the password alone lets the person in; where there is none it is 404 (checklist 59)."""
    person, _ = await with_second_factor(auth, clock)
    path = f"/admin/users/{person.user_id}"
    headers = bearer(await auth.service_token("netra-ops"))

    shown = await auth.http.get(path, headers=headers)
    removed = await auth.http.delete(f"{path}/second-factor", headers=headers)
    again = await auth.http.delete(f"{path}/second-factor", headers=headers)

    assert shown.json()["has_second_factor"] is True
    assert (removed.status_code, again.status_code) == (204, 404)
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).headers["location"] == "/logout"
    acts = await auth.audited("second_factor_removed")
    assert [(act.actor, act.outcome) for act in acts] == [
        ("service:netra-ops", "success"),
        ("service:netra-ops", "refused"),
    ]


async def test_without_a_key_nobody_can_set_one_up(tmp_path: Path) -> None:
    """In shared-key mode without an encryption key the set-up is refused and says why."""
    overrides = {**SHARED, "KEYRING_ENCRYPTION_KEY": None}
    async with running_auth_service(tmp_path, overrides=overrides) as auth:
        person = await auth.registered_person()
        async with auth.browser() as browser:
            await auth.log_in(browser, person)
            page = await browser.get(SECOND_FACTOR)
            answer = await send(browser, SECOND_FACTOR, password=person.password)
            account = await browser.get("/account")

    assert answer.status_code == 403
    for shown in (page, answer, account):
        assert "KEYRING_ENCRYPTION_KEY" in shown.text


@pytest.mark.parametrize("key", [None, OTHER_KEY])
async def test_a_second_factor_that_cannot_be_opened_is_never_skipped(
    tmp_path: Path, key: str | None
) -> None:
    """Without the key it was sealed with a login is 503, before and after the password page."""
    clock = ManualClock()
    async with running_auth_service(tmp_path, clock=clock, overrides=SHARED) as auth:
        person, authenticator = await with_second_factor(auth, clock)
        port = auth.port
        async with auth.browser() as browser:
            await auth.log_in(browser, person)
            pending = browser.cookies["netra_pending"]
    broken = {**SHARED, "KEYRING_ENCRYPTION_KEY": key}
    async with running_auth_service(tmp_path, clock=clock, port=port, overrides=broken) as auth:
        async with auth.browser(Accept="text/html") as browser:
            password = await auth.log_in(browser, person)
            browser.cookies.set("netra_pending", pending)
            code = await send(browser, LOGIN, code=authenticator.code())
            recovery = await send(browser, LOGIN, recovery_code=authenticator.recovery_codes[0])
            wrong = await auth.log_in(browser, Person("", person.email, "not the password"))
            assert not await is_in(browser)

        assert {password.status_code, code.status_code, recovery.status_code} == {503}
        assert "retry-after" in password.headers
        assert wrong.status_code == 401
        login = (await auth.audited("login"))[-2]
        assert login.outcome == "refused"
        assert "KEYRING_ENCRYPTION_KEY" in (login.reason or "")
