"""One's own account over the API: sessions, password, export."""

import asyncio
from typing import Any

import pytest

from fakes.authenticator import set_up
from fakes.clock import ManualClock
from fakes.running_auth import Person, RunningAuth, bearer

DAY = 24 * 3600
NEW = "another horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def listed(auth: RunningAuth, token: str) -> list[dict[str, Any]]:
    """List the sessions of whoever holds a token."""
    answer = await auth.http.get("/users/me/sessions", headers=bearer(token))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def opens(auth: RunningAuth, tokens: dict[str, Any]) -> tuple[bool, bool]:
    """Ask whether an access token and a refresh token still open anything."""
    me = await auth.http.get("/users/me/sessions", headers=bearer(tokens["access_token"]))
    return me.status_code == 200, (await auth.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_person_sees_their_sessions(auth: RunningAuth, clock: ManualClock) -> None:
    """Each with address, device, times and methods, the latest first, one's own marked (51)."""
    person, other = await auth.registered_person(), await auth.registered_person()
    await auth.tokens_of(other)
    async with auth.browser(**{"User-Agent": FIREFOX + "\t" + "x" * 500}) as browser:
        await auth.log_in(browser, person)
    clock.advance(10)
    tokens = await auth.tokens_of(person)

    items = await listed(auth, tokens["access_token"])

    assert [item["is_current"] for item in items] == [True, False]
    assert {item["user_id"] for item in items} == {person.user_id}
    elder = items[1]
    assert elder["address"] == "127.0.0.1"
    assert elder["user_agent"].startswith(FIREFOX + " x")
    assert len(elder["user_agent"]) == 256
    assert elder["methods"] == ["pwd"]
    assert elder["created_at"] == elder["last_seen_at"] == clock.timestamp() - 10
    assert elder["expires_at"] == elder["created_at"] + 30 * DAY
    assert "cookie" not in str(items)


async def test_a_session_is_ended_one_by_one(auth: RunningAuth) -> None:
    """Ending one ends its tokens, tells the feed at once, and leaves the others (51)."""
    person = await auth.registered_person()
    first, second = await auth.tokens_of(person), await auth.tokens_of(person)
    items = await listed(auth, second["access_token"])
    gone = next(item["session_id"] for item in items if not item["is_current"])

    ended = await auth.http.delete(
        f"/users/me/sessions/{gone}", headers=bearer(second["access_token"])
    )
    again = await auth.http.delete(
        f"/users/me/sessions/{gone}", headers=bearer(second["access_token"])
    )

    assert (ended.status_code, again.status_code) == (204, 404)
    assert await opens(auth, first) == (False, False)
    assert await opens(auth, second) == (True, True)
    entries = (await auth.state.revocations.page(0, 10)).items
    assert [(entry.kind, entry.identifier) for entry in entries] == [("session", gone)]
    acts = await auth.audited("session_revoked")
    assert [(act.actor, act.outcome) for act in acts] == [
        (person.user_id, "success"),
        (person.user_id, "refused"),
    ]


async def test_all_other_sessions_are_ended_at_once(auth: RunningAuth) -> None:
    """The one that asks stays; a second time there is nothing left to end."""
    person = await auth.registered_person()
    others = [await auth.tokens_of(person) for _ in range(3)]
    mine = await auth.tokens_of(person)
    headers = bearer(mine["access_token"])

    ended = await auth.http.delete("/users/me/sessions", headers=headers)
    again = await auth.http.delete("/users/me/sessions", headers=headers)

    assert (ended.json(), again.json()) == ({"ended": 3}, {"ended": 0})
    assert [await opens(auth, tokens) for tokens in others] == [(False, False)] * 3
    assert len(await listed(auth, mine["access_token"])) == 1


async def test_nobody_ends_or_sees_the_sessions_of_others(auth: RunningAuth) -> None:
    """Another person's session is not found, whatever the id looks like (checklist 46, 48)."""
    victim, other = await auth.registered_person(), await auth.registered_person()
    theirs, mine = await auth.tokens_of(victim), await auth.tokens_of(other)
    session_id = (await listed(auth, theirs["access_token"]))[0]["session_id"]
    headers = bearer(mine["access_token"])

    tries = [
        await auth.http.delete(f"/users/me/sessions/{name}", headers=headers)
        for name in (session_id, "ses_" + "0" * 26, "ses_1", "%27--", "current", "..%2f")
    ]
    service = bearer(await auth.service_token("netra-ops"))
    as_service = await auth.http.get("/users/me/sessions", headers=service)

    assert {answer.status_code for answer in tries} == {404}
    assert await opens(auth, theirs) == (True, True)
    assert as_service.status_code == 403


async def test_an_idle_session_stays_listed_while_its_tokens_live(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A cookie that fell idle is gone, its refresh token is not: it is listed until the end."""
    person = await auth.registered_person()
    await auth.tokens_of(person)
    clock.advance(29 * DAY)
    mine = await auth.tokens_of(person)
    assert len(await listed(auth, mine["access_token"])) == 2

    clock.advance(DAY)
    renewed = (await auth.refresh(mine["refresh_token"])).json()

    assert len(await listed(auth, renewed["access_token"])) == 1


async def test_a_password_change_ends_every_other_session(auth: RunningAuth) -> None:
    """The new password counts, the old does not, and only the session that asked goes on (51)."""
    person = await auth.registered_person()
    other, mine = await auth.tokens_of(person), await auth.tokens_of(person)
    body = {"current_password": person.password, "new_password": NEW}

    answer = await auth.http.post(
        "/users/me/password", json=body, headers=bearer(mine["access_token"])
    )

    assert answer.status_code == 204, answer.text
    assert await opens(auth, other) == (False, False)
    assert await opens(auth, mine) == (True, True)
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 401
        changed = Person(person.user_id, person.email, NEW)
        assert (await auth.log_in(browser, changed)).status_code == 303
    act = (await auth.audited("password_changed"))[-1]
    assert (act.actor, act.outcome) == (person.user_id, "success")


@pytest.mark.parametrize(
    ("current", "new", "status", "code"),
    [
        ("not the password", NEW, 403, "password_wrong"),
        ("x" * 1024, NEW, 403, "password_wrong"),
        (None, "password1", 422, "password_unacceptable"),
        (None, "short", 422, "content_invalid"),
        (None, "x" * 1025, 422, "content_invalid"),
        ("", NEW, 422, "content_invalid"),
    ],
)
async def test_a_bad_password_change_changes_nothing(
    auth: RunningAuth, current: str | None, new: str, status: int, code: str
) -> None:
    """A wrong present or a bad new password is refused; the session alone is not enough (60)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    present = person.password if current is None else current
    body = {"current_password": present, "new_password": new}

    answer = await auth.http.post(
        "/users/me/password", json=body, headers=bearer(tokens["access_token"])
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert person.password not in answer.text
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 303


async def test_of_two_changes_at_once_one_counts(auth: RunningAuth) -> None:
    """Two changes against the same password do not both succeed."""
    person = await auth.registered_person()
    headers = bearer((await auth.tokens_of(person))["access_token"])
    bodies = [
        {"current_password": person.password, "new_password": f"{NEW} {number}"}
        for number in range(2)
    ]

    answers = await asyncio.gather(
        *(auth.http.post("/users/me/password", json=body, headers=headers) for body in bodies)
    )

    assert sorted(answer.status_code for answer in answers) == [204, 403]


async def test_an_export_has_everything_and_nothing_secret(auth: RunningAuth) -> None:
    """Account, sessions and acts are in it; no hash, cookie or secret, and nobody else's."""
    person, other = await auth.registered_person(), await auth.registered_person()
    await auth.tokens_of(other)
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        tokens = await auth.tokens_of(person)
        authenticator = await set_up(auth, browser, person)
    ops = bearer(await auth.service_token("netra-ops"))
    await auth.http.post(f"/admin/users/{person.user_id}/enable", headers=ops)

    answer = await auth.http.get("/users/me/export", headers=bearer(tokens["access_token"]))
    by_admin = await auth.http.get(f"/admin/users/{person.user_id}/export", headers=ops)

    assert (answer.status_code, by_admin.status_code) == (200, 200)
    export = answer.json()
    assert export["user"]["email"] == person.email
    assert export["user"]["has_second_factor"] is True
    assert len(export["sessions"]) == 2
    assert export["consents"] == []
    events = {row["event"] for row in export["audit"]}
    assert events >= {"user_registered", "login", "second_factor_enabled", "user_enabled"}
    ids = {item["session_id"] for item in export["sessions"]} | {person.user_id}
    assert all(row["actor"] in ids or row["subject"] in ids for row in export["audit"])
    enabled = next(row for row in export["audit"] if row["event"] == "user_enabled")
    assert (enabled["actor"], enabled["address"]) == ("service:netra-ops", None)
    for secret in (
        person.password,
        "argon2",
        authenticator.secret.reveal(),
        tokens["refresh_token"],
        other.user_id,
        "password_hash",
        "cookie_hash",
        "sealed",
    ):
        assert secret not in answer.text
    assert [row.actor for row in await auth.audited("account_exported")] == [
        person.user_id,
        "service:netra-ops",
    ]


async def test_an_erased_person_leaves_only_the_audit(auth: RunningAuth) -> None:
    """After deletion neither address nor device is anywhere in the store (checklist 48)."""
    person = await auth.registered_person("grace.hopper@example.org")
    async with auth.browser(**{"User-Agent": "a-telling-device/1"}) as browser:
        await auth.log_in(browser, person)
        await set_up(auth, browser, person)
    ops = bearer(await auth.service_token("netra-ops"))

    erased = await auth.http.delete(f"/admin/users/{person.user_id}", headers=ops)
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 401

    assert erased.status_code == 204
    acts = [row for row in await auth.audited() if person.user_id in (row.actor, row.subject)]
    assert acts
    assert "grace.hopper" not in str(await auth.audited())
    async with auth.state.database.reading() as connection:
        for table in ("users", "login_sessions", "second_factors", "recovery_codes"):
            rows = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
            assert rows.scalar_one() == 0, table
