"""Accounts over the API: registering, erasing oneself, and what administrators do."""

import asyncio
from pathlib import Path

import pytest

from fakes.running_auth import Person, RunningAuth, bearer, running_auth_service
from netra.tokens.jws import json_object, read_jws

PASSWORD = "correct horse battery"


async def operator(auth: RunningAuth) -> str:
    """Make an operator and give their access token."""
    token = await auth.service_token("netra-ops")
    new = {"email": "ops@example.org", "password": PASSWORD, "role": "operator"}
    answer = await auth.http.post("/admin/users", json=new, headers=bearer(token))
    assert answer.status_code == 201, answer.text
    person = Person(answer.json()["user_id"], "ops@example.org", PASSWORD)
    access: str = (await auth.tokens_of(person))["access_token"]
    return access


async def test_registering_shows_no_password(auth: RunningAuth) -> None:
    """The answer names the person and nothing secret."""
    new = {"email": " Ada@Example.ORG ", "password": PASSWORD}
    answer = await auth.http.post("/users", json=new)

    assert answer.status_code == 201
    assert answer.json()["email"] == "ada@example.org"
    assert answer.json()["roles"] == []
    assert answer.json()["user_id"].startswith("usr_")
    assert "password" not in answer.text


async def test_one_address_is_one_account(auth: RunningAuth) -> None:
    """Of many concurrent registrations of one address, in any spelling, exactly one succeeds."""
    answers = await asyncio.gather(
        *(
            auth.http.post("/users", json={"email": email, "password": PASSWORD})
            for email in ("ada@example.org", "ADA@example.org", "Ada@Example.Org")
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "service:netra-backend", "password": PASSWORD},
        {"email": "SERVICE:x@example.org", "password": PASSWORD},
        {"email": "a\x00b@example.org", "password": PASSWORD},
        {"email": "a\r\nb@example.org", "password": PASSWORD},
        {"email": "no-at-sign", "password": PASSWORD},
        {"email": "a@example.org", "password": "password1"},
        {"email": "a@example.org", "password": "short"},
        {"email": "a@example.org", "password": "x" * 1025},
        {"email": "a@example.org", "password": None},
        {"email": ["a@example.org"], "password": PASSWORD},
        {"email": "a@example.org", "password": PASSWORD, "role": "operator"},
        {"email": "a@example.org", "password": PASSWORD, "user_id": "usr_1"},
        {"email": "a@example.org"},
        {},
        [],
        "text",
        None,
    ],
)
async def test_what_cannot_be_registered_is_422(auth: RunningAuth, body: object) -> None:
    """Bad addresses and passwords, service names and unknown members are refused (41, 57)."""
    answer = await auth.http.post("/users", json=body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b'{"email":"\xff"}', b"[" * 100_000])
async def test_unreadable_bodies_are_4xx(auth: RunningAuth, content: bytes) -> None:
    """Bytes that are not JSON are refused, never a 500."""
    answer = await auth.http.post(
        "/users", content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 413, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_long_passwords_are_not_cut(auth: RunningAuth) -> None:
    """A password of 1024 characters counts to its last one (checklist 57)."""
    password = "ab c" * 255 + "wxyz"
    person = await auth.registered_person(password=password)

    async with auth.browser() as browser:
        cut = Person(person.user_id, person.email, password[:-1])
        assert (await auth.log_in(browser, cut)).status_code == 401
        assert (await auth.log_in(browser, person)).status_code == 303


async def test_a_person_erases_their_account(auth: RunningAuth) -> None:
    """Erasing ends every session and token, tells the feed, and frees the address (48)."""
    person = await auth.registered_person("ada@example.org")
    tokens = await auth.tokens_of(person)

    answer = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))

    assert answer.status_code == 204
    again = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    assert again.status_code == 401
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 400
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 401
    page = await auth.state.revocations.page(0, 10)
    assert [(e.kind, e.identifier) for e in page.items] == [("subject", person.user_id)]
    assert (await auth.registered_person("ada@example.org")).user_id != person.user_id


async def test_a_service_has_no_account_to_erase(auth: RunningAuth) -> None:
    """A service's token on a person's route is 403, and a person's on a service's (46)."""
    service = await auth.service_token("netra-ops")
    person = (await auth.tokens_of(await auth.registered_person()))["access_token"]

    erase = await auth.http.delete("/users/me", headers=bearer(service))
    feed = await auth.http.get("/revocations", headers=bearer(person))

    assert erase.status_code == feed.status_code == 403
    assert 'error="insufficient_scope"' in erase.headers["www-authenticate"]


async def test_registration_can_be_closed(tmp_path: Path) -> None:
    """Closed registration refuses people, API and page alike, but not administrators."""
    closed = {"SELF_REGISTRATION": "closed"}
    new = {"email": "ada@example.org", "password": PASSWORD}
    async with running_auth_service(tmp_path, overrides=closed) as auth:
        answer = await auth.http.post("/users", json=new)
        page = await auth.http.get("/register")
        token = await auth.service_token("netra-ops")
        by_admin = await auth.http.post("/admin/users", json=new, headers=bearer(token))

    assert answer.status_code == 403
    assert answer.json()["code"] == "registration_closed"
    assert page.status_code == 403
    assert by_admin.status_code == 201


async def test_an_operator_may_what_the_toolkit_may(auth: RunningAuth) -> None:
    """A person with the role of operator administers; the token carries the role."""
    token = await operator(auth)
    payload = json_object(read_jws(token, max_token_bytes=8192).payload)
    new = {"email": "ada@example.org", "password": PASSWORD}

    made = await auth.http.post("/admin/users", json=new, headers=bearer(token))
    erased = await auth.http.delete(f"/admin/users/{made.json()['user_id']}", headers=bearer(token))

    assert payload["roles"] == ["operator"]
    assert made.json()["roles"] == []
    assert erased.status_code == 204


async def test_nobody_else_may_administer(auth: RunningAuth) -> None:
    """A plain person and a service without users:admin are refused, anonymous callers are 401."""
    person = await auth.registered_person()
    tokens = [
        (await auth.tokens_of(person))["access_token"],
        await auth.service_token("netra-backend"),
        await auth.service_token("netra-ops", scope="profile:read"),
    ]
    calls = (
        ("POST", "/admin/users", {"email": "x@example.org", "password": PASSWORD}),
        ("POST", "/admin/users/password", {"email": person.email, "password": PASSWORD}),
        ("DELETE", f"/admin/users/{person.user_id}", None),
    )
    for method, path, body in calls:
        for token in tokens:
            answer = await auth.http.request(method, path, json=body, headers=bearer(token))
            assert answer.status_code == 403
        assert (await auth.http.request(method, path, json=body)).status_code == 401
    assert len(await auth.audited("access_refused")) == 9


async def test_a_reset_ends_the_sessions(auth: RunningAuth) -> None:
    """After a reset the old password, sessions and tokens are dead, the new password works (51)."""
    person = await auth.registered_person()
    first, second = await auth.tokens_of(person), await auth.tokens_of(person)
    token = await auth.service_token("netra-ops")

    answer = await auth.http.post(
        "/admin/users/password",
        json={"email": person.email.upper(), "password": "another horse battery"},
        headers=bearer(token),
    )

    assert answer.status_code == 204
    for tokens in (first, second):
        assert (await auth.refresh(tokens["refresh_token"])).status_code == 400
        erase = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
        assert erase.status_code == 401
    changed = Person(person.user_id, person.email, "another horse battery")
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 401
        assert (await auth.log_in(browser, changed)).status_code == 303
    assert len((await auth.state.revocations.page(0, 10)).items) == 2


async def test_what_is_not_there_is_404(auth: RunningAuth) -> None:
    """Resetting or erasing nobody is 404, whatever the id looks like."""
    headers = bearer(await auth.service_token("netra-ops"))
    reset = {"email": "nobody@example.org", "password": PASSWORD}

    ids = ("usr_" + "0" * 26, "usr_1", "service:netra-ops", "%00", "'--", "me")
    by_address = await auth.http.post("/admin/users/password", json=reset, headers=headers)
    by_id = [await auth.http.delete(f"/admin/users/{name}", headers=headers) for name in ids]

    assert {answer.status_code for answer in (by_address, *by_id)} == {404}
