"""Guessing people's passwords: how often it can be tried, and whom it can keep out."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from fakes.addresses import attempt_with, attempts, attempts_at_once, failures, statuses
from fakes.clock import ManualClock
from fakes.running_auth import Person, RunningAuth, bearer, running_auth_service
from netra.errors import TooManyRequests
from netra.secret import Secret
from netra_auth.limits import table
from netra_auth.limits.known_devices import DEVICE_SECONDS, MOST_DEVICES
from netra_auth.store.janitor import KEPT_SECONDS, sweep
from netra_auth.store.tables import known_devices, rate_limits

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
NOBODY = Person("", "nobody@example.org", "correct horse battery")


def guess(person: Person) -> Person:
    """Give the person with a wrong password."""
    return replace(person, password="not the password")


def told(answer: httpx2.Response) -> tuple[int, str, str | None]:
    """Give what an answer tells: its status, its text without the request's id, the wait."""
    text = answer.text
    if answer.headers["content-type"] == "application/problem+json":
        text = text.replace(answer.json()["request_id"], "")
    return answer.status_code, text, answer.headers.get("retry-after")


async def test_five_wrong_passwords_close_an_account_at_one_address(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """The sixth attempt from an address is 429 with the time to wait (checklist 58, 6.1.1)."""
    person = await auth.registered_person()

    answers = await attempts(auth, guess(person), 6)

    assert statuses(answers) == [401] * 5 + [429]
    assert answers[5].headers["retry-after"] == str(15 * MINUTE)
    assert answers[5].json()["code"] == "too_many_requests"
    assert answers[5].json()["detail"] == "Try again in 15 minutes."
    clock.advance(15 * MINUTE - 0.5)
    (late,) = await attempts(auth, person, 1)
    assert (late.status_code, late.headers["retry-after"]) == (429, "1")
    clock.advance(0.5)
    assert statuses(await attempts(auth, person, 1)) == [303]


async def test_the_right_password_is_answered_like_the_wrong_one_while_locked(
    auth: RunningAuth,
) -> None:
    """While a limit is reached, nothing tells whether a guess was right (checklist 58)."""
    person = await auth.registered_person()
    await failures(auth, person, 5)

    (right,) = await attempts(auth, person, 1)
    (wrong,) = await attempts(auth, guess(person), 1)

    assert told(right) == told(wrong)
    assert right.status_code == 429


async def test_an_unknown_address_is_counted_like_a_known_one(auth: RunningAuth) -> None:
    """The limits do not tell which addresses have an account (checklist 28, 58)."""
    person = await auth.registered_person()

    known = await attempts(auth, guess(person), 7)
    unknown = await attempts(auth, guess(NOBODY), 7)

    assert [told(answer)[0] for answer in known] == [told(answer)[0] for answer in unknown]
    assert told(known[6]) == told(unknown[6])
    assert statuses(known) == [401] * 5 + [429] * 2


async def test_spellings_of_one_address_are_one_account(auth: RunningAuth) -> None:
    """Case and white space do not give new attempts (checklist 58)."""
    person = await auth.registered_person("ada@example.org")
    spellings = ["ada@example.org", "ADA@example.org", " ada@EXAMPLE.org ", "Ada@Example.Org"]

    answers = [
        (await attempts(auth, replace(guess(person), email=spelling), 1))[0]
        for spelling in (*spellings, *spellings)
    ]

    assert statuses(answers) == [401] * 5 + [429] * 3


async def test_a_text_that_is_no_address_has_a_counter_of_its_own(auth: RunningAuth) -> None:
    """Nonsense is limited too, and one nonsense does not close another (checklist 58)."""
    nonsense = replace(NOBODY, email="service:netra-backend")
    other = replace(NOBODY, email="no address")

    assert statuses(await attempts(auth, nonsense, 6)) == [401] * 5 + [429]
    assert statuses(await attempts(auth, other, 1)) == [401]


async def test_the_delay_grows_with_guesses_from_everywhere(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Twenty guesses from many addresses close an account for an hour, sixty for a day (58)."""
    person = await auth.registered_person()
    waits = []
    for _ in range(3):
        for number in range(4):
            await failures(auth, person, 5, address=f"127.0.1.{number + 1}")
        (closed,) = await attempts(auth, person, 1, address="127.0.2.1")
        assert closed.status_code == 429
        waits.append(int(closed.headers["retry-after"]))
        clock.advance(HOUR)

    assert waits == [HOUR, HOUR, DAY - 2 * HOUR]
    (closed,) = await attempts(auth, person, 1, address="127.0.2.1")
    assert (closed.status_code, closed.headers["retry-after"]) == (429, str(DAY - 3 * HOUR))
    clock.advance(DAY - 3 * HOUR)
    assert statuses(await attempts(auth, person, 1, address="127.0.2.1")) == [303]


async def test_one_address_cannot_try_many_accounts(auth: RunningAuth) -> None:
    """Fifty failures close an address for every account, and no other address (checklist 58)."""
    person = await auth.registered_person()
    for number in range(10):
        each = replace(NOBODY, email=f"somebody{number}@example.org")
        await failures(auth, each, 5, address="127.0.3.1")

    closed = await attempts(auth, person, 2, address="127.0.3.1")
    elsewhere = await attempts(auth, person, 1, address="127.0.3.2")

    assert statuses(closed) == [429, 429]
    assert statuses(elsewhere) == [303]


async def test_whoever_is_refused_uses_up_nobody_elses_attempts(auth: RunningAuth) -> None:
    """Attempts from an address that is closed do not count against the account (checklist 58)."""
    person = await auth.registered_person()
    assert statuses(await attempts(auth, guess(person), 30)) == [401] * 5 + [429] * 25
    for number in range(2):
        await failures(auth, person, 5, address=f"127.0.7.{number + 1}")

    answers = await attempts(auth, guess(person), 5, address="127.0.0.9")

    assert statuses(answers) == [401] * 5


async def test_nobody_is_locked_out_of_a_browser_they_used_before(auth: RunningAuth) -> None:
    """Guesses from anywhere, this address too, do not close a known browser (checklist 58)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        for number in range(5):
            with suppress(TooManyRequests):
                await failures(auth, person, 5, address=f"127.0.4.{number + 1}")
        for number in range(10):
            each = replace(NOBODY, email=f"somebody{number}@example.org")
            await failures(auth, each, 5)
        unknown = await attempts(auth, person, 1)

        known = await auth.log_in(browser, person)

    assert statuses(unknown) == [429]
    assert known.status_code == 303


async def test_a_known_browser_has_a_budget_of_its_own(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Ten failures close it alone, for fifteen minutes, right passwords included (58)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        wrong = [await auth.log_in(browser, guess(person)) for _ in range(11)]
        right = await auth.log_in(browser, person)
        elsewhere = await attempts(auth, person, 1)
        clock.advance(15 * MINUTE)
        later = await auth.log_in(browser, person)

    assert statuses(wrong) == [401] * 10 + [429]
    assert right.status_code == 429
    assert statuses(elsewhere) == [303]
    assert later.status_code == 303


async def test_a_known_browser_is_known_for_its_own_accounts_alone(auth: RunningAuth) -> None:
    """Whoever has an account of their own gains no attempts at another's (checklist 58)."""
    own, other = await auth.registered_person(), await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, own)

        answers = [await auth.log_in(browser, guess(other)) for _ in range(6)]

    assert statuses(answers) == [401] * 5 + [429]


async def test_two_people_share_a_browser(auth: RunningAuth) -> None:
    """A browser stays known to the first person when the second logs in with it."""
    first, second = await auth.registered_person(), await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, first)
        await auth.log_in(browser, second)
        for person in (first, second):
            await failures(auth, person, 5)
        unknown = [(await attempts(auth, person, 1))[0] for person in (first, second)]

        answers = [await auth.log_in(browser, person) for person in (first, second)]

    assert statuses(unknown) == [429, 429]
    assert statuses(answers) == [303, 303]


async def test_the_device_cookie_is_random_hidden_from_scripts_and_stored_hashed(
    auth: RunningAuth,
) -> None:
    """It is 256 bits, HttpOnly, SameSite=Lax, new at each login; the store has a hash (50)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        first = await auth.log_in(browser, person)
        value = browser.cookies["netra_device"]
        await auth.log_in(browser, person)
        renewed = browser.cookies["netra_device"]

    (cookie,) = (c for c in first.headers.get_list("set-cookie") if c.startswith("netra_device="))
    assert {"HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert len(value) == 43
    assert value != renewed
    async with auth.state.database.reading() as connection:
        rows = (await connection.execute(known_devices.select())).mappings().all()
    assert [(row["user_id"], row["logins"]) for row in rows] == [(person.user_id, 2)]
    assert renewed not in str(rows)
    assert {len(row["device_hash"]) for row in rows} == {64}


async def test_over_tls_the_device_cookie_is_bound_to_the_host(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Where the issuer has TLS, the cookie is `__Host-` and Secure."""
    overrides = {"ISSUER_URL": "https://auth.example.org", "TRUSTED_PROXIES": "127.0.0.1"}
    async with running_auth_service(tmp_path, clock=clock, overrides=overrides) as auth:
        person = await auth.registered_person()
        page = await auth.http.get("/login")
        csrf = page.headers["set-cookie"].partition("=")[2].partition(";")[0]
        answer = await auth.http.post(
            "/login",
            data={"email": person.email, "password": person.password, "csrf_token": csrf},
            headers={"Cookie": f"__Host-netra_csrf={csrf}"},
        )

    (cookie,) = (c for c in answer.headers.get_list("set-cookie") if "netra_device" in c)
    assert cookie.startswith("__Host-netra_device=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))


async def test_a_copied_device_cookie_is_worth_nothing_after_the_next_login(
    auth: RunningAuth,
) -> None:
    """The value is replaced at each login, so an old one gives no budget of its own."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        copied = browser.cookies["netra_device"]
        await auth.log_in(browser, person)
    await failures(auth, person, 5)

    async with auth.browser() as thief:
        thief.cookies.set("netra_device", copied)
        answer = await attempt_with(thief, person.email, person.password)

    assert answer.status_code == 429


@pytest.mark.parametrize("cookie", ["x", "%00", "a" * 3000, "\xe9"])
async def test_an_unknown_device_cookie_is_no_device(auth: RunningAuth, cookie: str) -> None:
    """Whatever the cookie holds, the browser counts as unknown, and nothing breaks."""
    person = await auth.registered_person()
    answers = []
    for _ in range(6):
        async with auth.browser() as browser:
            page = await browser.get("/login")
            csrf = browser.cookies["netra_csrf"]
            form = {"email": person.email, "password": "wrong", "csrf_token": csrf}
            headers = [(b"Cookie", f"netra_csrf={csrf}; netra_device={cookie}".encode("latin-1"))]
            answers.append(await auth.http.post("/login", data=form, headers=headers))
            assert page.status_code == 200

    assert statuses(answers) == [401] * 5 + [429]


async def test_known_browsers_are_bounded_and_end_after_a_year(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Programs without cookies do not push out a browser that came back; a year's rest does."""
    person = await auth.registered_person()
    devices = auth.state.limits.devices

    async def remembered(device: Secret | None) -> Secret:
        clock.advance(1)
        async with auth.state.database.transaction() as transaction:
            return await devices.remember(transaction, person.user_id, device)

    own = await remembered(await remembered(None))
    once = await remembered(None)
    for _ in range(MOST_DEVICES):
        await remembered(None)

    async with auth.state.database.reading() as connection:
        rows = (await connection.execute(known_devices.select())).all()
    assert len(rows) == MOST_DEVICES
    assert await devices.is_of(own, person.user_id)
    assert not await devices.is_of(once, person.user_id)
    assert not await devices.is_of(own, None)
    clock.advance(DEVICE_SECONDS)
    assert not await devices.is_of(own, person.user_id)
    assert not await devices.is_anyones(own)
    await remembered(None)
    clock.advance(KEPT_SECONDS["known_devices"] - DEVICE_SECONDS + 1)
    await sweep(auth.state.database, clock)
    async with auth.state.database.reading() as connection:
        assert len((await connection.execute(known_devices.select())).all()) == 1


async def test_a_new_password_forgets_browsers_and_failures(auth: RunningAuth) -> None:
    """After a reset no browser is known, and the account is open again (checklist 58)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        for number in range(5):
            with suppress(TooManyRequests):
                await failures(auth, person, 5, address=f"127.0.5.{number + 1}")
        reset = {"email": person.email, "password": "another horse battery"}
        headers = bearer(await auth.service_token("netra-ops"))
        await auth.http.post("/admin/users/password", json=reset, headers=headers)
        renewed = replace(person, password=reset["password"])
        elsewhere = await attempts(auth, renewed, 1, address="127.0.5.9")
        wrong = [await auth.log_in(browser, guess(person)) for _ in range(6)]

    assert statuses(elsewhere) == [303]
    assert statuses(wrong) == [401] * 5 + [429]


async def test_a_right_password_forgets_the_failures_at_its_address(auth: RunningAuth) -> None:
    """Four slips, then the right one, then four slips again: nobody is locked out by that."""
    person = await auth.registered_person()

    answers = [
        *await attempts(auth, guess(person), 4),
        *await attempts(auth, person, 1),
        *await attempts(auth, guess(person), 5),
        *await attempts(auth, person, 1),
    ]

    assert statuses(answers) == [401] * 4 + [303] + [401] * 5 + [429]


async def test_forty_guesses_at_once_tell_no_more_than_five(auth: RunningAuth) -> None:
    """However many come at the same moment, five failures are told in a window (58, 6.1.1)."""
    person = await auth.registered_person()

    answers = await attempts_at_once(auth, guess(person), 40)
    after = await attempts(auth, person, 1)

    assert sorted(statuses(answers)) == [401] * 5 + [429] * 35
    assert statuses(after) == [429]


async def test_honest_logins_at_once_are_all_served(auth: RunningAuth) -> None:
    """Right passwords count for nothing, however many come from one address at once."""
    person = await auth.registered_person()

    answers = await attempts_at_once(auth, person, table.LOGIN_ADDRESS.item.amount + 5)

    assert set(statuses(answers)) == {303}


async def test_lockout_holds_at_another_instance_and_after_a_restart(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Two instances on one store share the counters, and a restart keeps them (checklist 58)."""
    issuer = {"ISSUER_URL": "http://127.0.0.1:8001"}
    async with (
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as first,
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as second,
    ):
        person = await first.registered_person()
        answers = [(await attempts(each, guess(person), 1))[0] for each in (first, second) * 3]
    async with running_auth_service(tmp_path, clock=clock, overrides=issuer) as again:
        after = await attempts(again, person, 1)
        elsewhere = await attempts(again, person, 1, address="127.0.0.9")

    assert statuses(answers) == [401] * 5 + [429]
    assert statuses(after) == [429]
    assert statuses(elsewhere) == [303]


async def test_a_lockout_leaves_few_rows_and_says_how_many_there_were(auth: RunningAuth) -> None:
    """The first, tenth and hundredth refusal are recorded, with who, where and how often (59)."""
    person = await auth.registered_person()
    await attempts(auth, guess(person), 5 + 12)

    failures = await auth.audited("login")
    rows = await auth.audited("limit_reached")

    assert [row.outcome for row in failures] == ["refused"] * 5
    assert [row.reason for row in rows] == [
        "login_account_at_address: 1 refused in this window so far",
        "login_account_at_address: 10 refused in this window so far",
    ]
    assert {(row.outcome, row.subject, row.address) for row in rows} == {
        ("refused", person.user_id, "127.0.0.1")
    }
    assert all((row.request_id or "").startswith("req_") for row in rows)


async def test_counters_hold_no_address_and_go_when_their_window_has_ended(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A key is a limit's name and a hash; the janitor erases counters that have ended."""
    await attempts(auth, NOBODY, 2)

    async def keys() -> set[str]:
        async with auth.state.database.reading() as connection:
            return set((await connection.execute(rate_limits.select())).scalars())

    first = await keys()
    clock.advance(DAY + KEPT_SECONDS["rate_limits"] + 1)
    await attempts(auth, replace(NOBODY, email="other@example.org"), 1)
    await sweep(auth.state.database, clock)

    assert len(first) == 4
    assert not any("nobody" in key or "127.0.0.1" in key for key in first)
    assert {key.partition("/")[0] for key in first} == {
        "login_address",
        "login_account_at_address",
        "login_account_hour",
        "login_account_day",
    }
    assert not first & (await keys() - {key for key in first if "login_address" in key})


async def test_a_person_is_told_on_a_page(auth: RunningAuth) -> None:
    """In a browser a reached limit is a page with a plain sentence, and Retry-After (58)."""
    person = await auth.registered_person()
    await failures(auth, person, 5)

    async with auth.browser(Accept="text/html") as browser:
        answer = await auth.log_in(browser, person)

    assert answer.status_code == 429
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["retry-after"] == "900"
    assert "Too many requests." in answer.text
    assert "Try again in 15 minutes." in answer.text
