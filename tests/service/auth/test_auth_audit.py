"""The audit record: every act of the service, and no secret in it or in the log."""

import json
from hashlib import sha256

import pytest

from fakes.running_auth import CLI, SERVICE_SECRETS, Person, Pkce, RunningAuth, bearer
from netra.tokens.jws import json_object, read_jws


async def test_every_step_of_a_person_is_recorded(auth: RunningAuth) -> None:
    """Registration, login, code, token, refresh, logout: each a row with who, where, when (59)."""
    person, pkce = await auth.registered_person(), Pkce.new()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        code = await auth.authorization_code(browser, pkce)
        tokens = (await auth.redeem(code, pkce)).json()
        await auth.refresh(tokens["refresh_token"])
        token = browser.cookies["netra_csrf"]
        await browser.post("/logout", data={"csrf_token": token})

    rows = [row for row in await auth.audited() if person.user_id in (row.actor, row.subject)]
    assert [row.event for row in rows] == [
        "user_registered",
        "login",
        "authorization_code_issued",
        "authorization_code_redeemed",
        "token_refreshed",
        "logout",
    ]
    assert {row.outcome for row in rows} == {"success"}
    assert {row.address for row in rows} == {"127.0.0.1"}
    assert all((row.request_id or "").startswith("req_") for row in rows)
    assert [row.client_id for row in rows[2:5]] == [CLI, CLI, CLI]
    assert all(row.recorded_at == auth.state.clock.timestamp() for row in rows)


async def test_a_token_is_named_by_a_hash_of_its_id(auth: RunningAuth) -> None:
    """The row of an issued token has the SHA-256 of its jti (checklist 59)."""
    token = await auth.service_token("netra-backend")
    jti = str(json_object(read_jws(token, max_token_bytes=8192).payload)["jti"])

    (row,) = await auth.audited("token_issued")

    assert row.actor == "service:netra-backend"
    assert row.token_hash == sha256(jti.encode()).hexdigest()


async def test_administrators_are_named(auth: RunningAuth) -> None:
    """Who made, reset and erased an account is recorded (checklist 59)."""
    headers = bearer(await auth.service_token("netra-ops"))
    new = {"email": "ada@example.org", "password": "correct horse battery", "role": "operator"}
    made = (await auth.http.post("/admin/users", json=new, headers=headers)).json()
    del new["role"]
    await auth.http.post("/admin/users/password", json=new, headers=headers)
    await auth.http.delete(f"/admin/users/{made['user_id']}", headers=headers)

    rows = [row for row in await auth.audited() if row.subject == made["user_id"]]
    assert [row.event for row in rows] == ["user_registered", "password_reset", "user_erased"]
    assert {row.actor for row in rows} == {"service:netra-ops"}
    assert rows[0].reason == "with role operator"


async def test_refusals_are_recorded(auth: RunningAuth) -> None:
    """Refused logins, clients, tokens and conflicts leave a row each (checklist 59)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, Person("", person.email, "not the password"))
    await auth.http.post("/token", data={"grant_type": "refresh_token", "client_id": "nobody"})
    await auth.refresh("rt_unknown")
    await auth.redeem("unknown", Pkce.new())
    await auth.http.get("/revocations", headers=bearer("a.b.c"))
    await auth.http.post(
        "/users", json={"email": person.email, "password": "correct horse battery"}
    )

    await auth.http.post("/login", data={"email": "x", "csrf_token": "forged"})
    await auth.service_answer("netra-backend", scope="users:admin")
    await auth.http.post(
        "/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic ???"},
    )

    refused = [row.event for row in await auth.audited() if row.outcome == "refused"]
    assert refused == [
        "login",
        "client_authentication",
        "token_refreshed",
        "authorization_code_redeemed",
        "access_refused",
        "user_registered",
        "access_refused",
        "token_issued",
        "client_authentication",
    ]


async def test_a_line_cannot_be_forged(
    auth: RunningAuth, capsys: pytest.CaptureFixture[str]
) -> None:
    """Line ends and control characters in names reach neither record nor log (checklist 59)."""
    forged = 'x@example.org\r\n{"severity":"CRITICAL"}\x1b[31m'
    async with auth.browser() as browser:
        await auth.log_in(browser, Person("", forged, "not the password"))
    await auth.http.post(
        "/token",
        data={"grant_type": "client_credentials"},
        auth=("netra%0D%0Aforged", "secret"),
    )

    for row in await auth.audited():
        assert all(
            text is None or text.isprintable()
            for text in (row.actor, row.client_id, row.subject, row.reason, row.address)
        )
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith('{"severity":"') for line in lines)
    assert not any(line.startswith('{"severity":"CRITICAL"') for line in lines)


async def test_an_unknown_address_is_not_kept(auth: RunningAuth) -> None:
    """What was typed for an account that does not exist is recorded as a fingerprint only."""
    async with auth.browser() as browser:
        await auth.log_in(browser, Person("", "typo-of-a-password", "not the password"))
        await auth.log_in(browser, Person("", "nobody@example.org", "not the password"))

    subjects = [row.subject or "" for row in await auth.audited("login")]
    assert all(subject.startswith("email:") for subject in subjects)
    assert not any("nobody" in subject or "typo" in subject for subject in subjects)


async def test_no_secret_reaches_record_or_log(
    auth: RunningAuth, capsys: pytest.CaptureFixture[str]
) -> None:
    """Passwords, codes, cookies, secrets and tokens appear nowhere (checklist 59)."""
    person, pkce = await auth.registered_person(), Pkce.new()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        cookie = browser.cookies["netra_session"]
        code = await auth.authorization_code(browser, pkce)
    tokens = (await auth.redeem(code, pkce)).json()
    await auth.redeem(code, pkce)
    await auth.refresh(tokens["refresh_token"])
    service = await auth.service_token("netra-backend")
    await auth.http.post(
        "/token", data={"grant_type": "x", "client_secret": SERVICE_SECRETS["netra-backend"]}
    )
    await auth.http.post("/users", json={"email": "bad", "password": person.password})

    secrets = [
        person.password,
        cookie,
        code,
        pkce.verifier,
        tokens["refresh_token"],
        tokens["access_token"],
        service,
        SERVICE_SECRETS["netra-backend"],
    ]
    told = capsys.readouterr().out + repr(await auth.audited()) + repr(auth.state)
    assert [secret for secret in secrets if secret in told] == []


async def test_refused_permissions_revocations_and_keys_name_what_they_concern(
    auth: RunningAuth,
) -> None:
    """A 403 has its actor and request, a revocation its jti, a new key its kid (checklist 59)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    jti = str(json_object(read_jws(tokens["access_token"], max_token_bytes=8192).payload)["jti"])
    answer = await auth.http.get("/revocations", headers=bearer(tokens["access_token"]))
    revoked = {"token": tokens["access_token"], "client_id": CLI}
    await auth.http.post("/revoke", data=revoked)

    assert answer.status_code == 403
    (refused,) = await auth.audited("access_refused")
    assert (refused.actor, refused.outcome) == (person.user_id, "refused")
    assert refused.request_id == answer.headers["x-request-id"]
    (ended,) = await auth.audited("token_revoked")
    assert (ended.client_id, ended.subject) == (CLI, person.user_id)
    assert ended.token_hash == sha256(jti.encode()).hexdigest()
    (made,) = await auth.audited("signing_key_created")
    kid = auth.state.keyring.signing_key.kid
    assert made.token_hash == sha256(kid.encode()).hexdigest()
    assert (made.actor, made.request_id) == ("service:netra-auth", None)


async def test_the_log_names_each_row(
    auth: RunningAuth, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every row has one log event with its number and hash, under its request's id (59)."""
    before = len(await auth.audited())
    await auth.service_token("netra-backend")
    await auth.service_answer("netra-backend", scope="users:admin")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line["event"] == "audit_recorded"]
    rows = (await auth.audited())[before:]
    assert len(rows) == 2
    assert [(line["audit_id"], line["seq"], line["chain_hash"]) for line in told] == [
        (row.audit_id, row.seq, row.chain_hash) for row in rows
    ]
    assert [line.get("request_id") for line in told] == [row.request_id for row in rows]
