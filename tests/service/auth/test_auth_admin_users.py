"""People and their sessions as administrators see and change them."""

import asyncio
from typing import Any

import pytest

from fakes.clock import ManualClock
from fakes.running_auth import Person, RunningAuth, bearer
from netra.tokens import ISSUER_SKEW_SECONDS

NOBODY = "usr_" + "0" * 26
PASSWORD = "correct horse battery"


@pytest.fixture
async def ops(auth: RunningAuth) -> dict[str, str]:
    """Give the headers of the operations toolkit."""
    return bearer(await auth.service_token("netra-ops"))


async def operator(auth: RunningAuth, ops: dict[str, str]) -> str:
    """Make an operator and give the access token of a login just made."""
    new = {"email": "ops@example.org", "password": PASSWORD, "role": "operator"}
    made = await auth.http.post("/admin/users", json=new, headers=ops)
    person = Person(made.json()["user_id"], "ops@example.org", PASSWORD)
    token: str = (await auth.tokens_of(person))["access_token"]
    return token


async def test_people_are_listed_page_by_page(auth: RunningAuth, ops: dict[str, str]) -> None:
    """Every person comes exactly once, in order, and the last page says so."""
    people = [await auth.registered_person() for _ in range(5)]
    seen: list[dict[str, Any]] = []
    after: str | None = ""
    pages = 0
    while after is not None:
        query = {"limit": "2", "after": after}
        answer = await auth.http.get("/admin/users", params=query, headers=ops)
        assert answer.status_code == 200
        seen += answer.json()["items"]
        after = answer.json()["next_after"]
        pages += 1

    assert pages == 3
    assert [item["user_id"] for item in seen] == sorted(person.user_id for person in people)
    assert {item["email"] for item in seen} == {person.email for person in people}
    assert set(seen[0]) == {
        "user_id",
        "email",
        "roles",
        "created_at",
        "disabled_at",
        "has_second_factor",
    }


async def test_a_person_is_found_by_address_in_any_spelling(
    auth: RunningAuth, ops: dict[str, str]
) -> None:
    """The address is read as a login reads it; one that names nobody gives an empty page."""
    person = await auth.registered_person("ada@example.org")
    await auth.registered_person()

    found = await auth.http.get("/admin/users", params={"email": " ADA@Example.org"}, headers=ops)
    none = await auth.http.get("/admin/users", params={"email": "service:x"}, headers=ops)

    assert [item["user_id"] for item in found.json()["items"]] == [person.user_id]
    assert none.json() == {"items": [], "next_after": None}


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"after": "x" * 65}]
)
async def test_bad_pages_are_422(
    auth: RunningAuth, ops: dict[str, str], query: dict[str, str]
) -> None:
    """Limits out of bounds and oversized cursors are refused."""
    answer = await auth.http.get("/admin/users", params=query, headers=ops)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_disabled_person_is_out_at_once(
    auth: RunningAuth, ops: dict[str, str], clock: ManualClock
) -> None:
    """Sessions, tokens and logins end, and a waiting reader of the feed hears within 1 s (48)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    backend = bearer(await auth.service_token("netra-backend"))
    waiting = asyncio.create_task(
        auth.http.get("/revocations", params={"after": 0, "wait": 10}, headers=backend)
    )
    await asyncio.sleep(0)
    path = f"/admin/users/{person.user_id}"

    answer = await auth.http.post(f"{path}/disable", headers=ops)
    async with asyncio.timeout(10):
        told = (await waiting).json()["items"]

    assert answer.status_code == 204
    assert [entry["kind"] for entry in told] == ["session", "subject"]
    me = await auth.http.get("/users/me/sessions", headers=bearer(tokens["access_token"]))
    assert me.status_code == 401
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 400
    async with auth.browser() as browser:
        refused = await auth.log_in(browser, person)
    assert "The e-mail address or the password is wrong." in refused.text
    shown = (await auth.http.get(path, headers=ops)).json()
    assert shown["disabled_at"] == clock.timestamp()


async def test_an_enabled_person_is_in_again(
    auth: RunningAuth, ops: dict[str, str], clock: ManualClock
) -> None:
    """What had ended stays ended; a new login and its tokens are good (48, 59)."""
    person = await auth.registered_person()
    old = await auth.tokens_of(person)
    path = f"/admin/users/{person.user_id}"
    await auth.http.post(f"{path}/disable", headers=ops)
    clock.advance(ISSUER_SKEW_SECONDS + 1)

    answers = [await auth.http.post(f"{path}/enable", headers=ops) for _ in range(2)]
    tokens = await auth.tokens_of(person)

    assert [answer.status_code for answer in answers] == [204, 204]
    me = await auth.http.get("/users/me/sessions", headers=bearer(tokens["access_token"]))
    before = await auth.http.get("/users/me/sessions", headers=bearer(old["access_token"]))
    assert (me.status_code, before.status_code) == (200, 401)
    acts = await auth.audited("user_enabled") + await auth.audited("user_disabled")
    assert [(act.actor, act.subject, act.reason) for act in acts] == [
        ("service:netra-ops", person.user_id, None),
        ("service:netra-ops", person.user_id, "it was so already"),
        ("service:netra-ops", person.user_id, None),
    ]


async def test_an_administrator_ends_sessions(auth: RunningAuth, ops: dict[str, str]) -> None:
    """One by its id, or all of a person; the person's tokens die with them (51)."""
    person, other = await auth.registered_person(), await auth.registered_person()
    tokens = [await auth.tokens_of(person) for _ in range(3)]
    others = await auth.tokens_of(other)
    path = f"/admin/users/{person.user_id}/sessions"

    items = (await auth.http.get(path, headers=ops)).json()["items"]
    one = await auth.http.delete(f"/admin/sessions/{items[0]['session_id']}", headers=ops)
    left = (await auth.http.get(path, headers=ops)).json()["items"]
    rest = await auth.http.delete(path, headers=ops)

    assert len(items) == 3
    assert not any(item["is_current"] for item in items)
    assert (one.status_code, len(left)) == (204, 2)
    assert rest.json() == {"ended": 2}
    for given in tokens:
        assert (await auth.refresh(given["refresh_token"])).status_code == 400
    assert (await auth.refresh(others["refresh_token"])).status_code == 200
    actors = {act.actor for act in await auth.audited("session_revoked")}
    assert actors == {"service:netra-ops"}


ROUTES = (
    ("GET", "/admin/users"),
    ("GET", "/admin/users/{}"),
    ("POST", "/admin/users/{}/disable"),
    ("POST", "/admin/users/{}/enable"),
    ("GET", "/admin/users/{}/export"),
    ("DELETE", "/admin/users/{}/second-factor"),
    ("GET", "/admin/users/{}/sessions"),
    ("DELETE", "/admin/users/{}/sessions"),
    ("DELETE", "/admin/sessions/{}"),
)


async def test_only_administrators_may(
    auth: RunningAuth, ops: dict[str, str], clock: ManualClock
) -> None:
    """Plain people and services without the scope are 403; old logins of operators 401 (60)."""
    person = await auth.registered_person()
    plain = (await auth.tokens_of(person))["access_token"]
    without = await auth.service_token("netra-ops", scope="profile:read")
    fresh = await operator(auth, ops)
    for method, path in ROUTES:
        target = path.format(NOBODY.replace("usr", "ses") if "/sessions/{}" in path else NOBODY)
        for token in (plain, without, await auth.service_token("netra-backend")):
            answer = await auth.http.request(method, target, headers=bearer(token))
            assert answer.status_code == 403, (method, path)
        answer = await auth.http.request(method, target, headers=bearer(fresh))
        assert answer.status_code == (200 if path == "/admin/users" else 404), (method, path)

    person = Person("", "ops@example.org", PASSWORD)
    tokens = await auth.tokens_of(person)
    clock.advance(901)
    renewed = (await auth.refresh(tokens["refresh_token"])).json()["access_token"]
    for method, path in ROUTES:
        stale = await auth.http.request(method, path.format(NOBODY), headers=bearer(renewed))
        assert stale.status_code == 401, (method, path)
        assert "insufficient_user_authentication" in stale.headers["www-authenticate"]
    # Logging in again is what helps.
    again = (await auth.tokens_of(person))["access_token"]
    assert (await auth.http.get("/admin/users", headers=bearer(again))).status_code == 200


@pytest.mark.parametrize(
    "name", ["usr_1", "service:netra-ops", "%00", "'--", "me", "usr_" + "Z" * 26]
)
async def test_strange_ids_are_not_found(auth: RunningAuth, ops: dict[str, str], name: str) -> None:
    """Whatever an id looks like, there is no such person, and never a 500."""
    for method, path in ROUTES[1:]:
        answer = await auth.http.request(method, path.format(name), headers=ops)
        assert answer.status_code == 404, (method, path)
