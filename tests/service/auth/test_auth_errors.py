"""What every route has in common: credentials, problem documents, health, the document."""

import asyncio
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from fakes.clock import ManualClock
from fakes.running_auth import (
    RunningAuth,
    auth_settings,
    bearer,
    csrf_token_of,
    running_auth_service,
)
from netra_auth.bootstrap import ROUTERS, create_app
from netra_auth.store.tables import signing_keys

PUBLIC = {
    ("GET", "/"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/authorize"),
    ("POST", "/authorize"),
    ("GET", "/consent"),
    ("POST", "/consent"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/logout"),
    ("POST", "/logout"),
    ("GET", "/register"),
    ("POST", "/register"),
    ("GET", "/login/second-factor"),
    ("POST", "/login/second-factor"),
    ("GET", "/forgotten-password"),
    ("POST", "/forgotten-password"),
    ("GET", "/mailed-link"),
    ("POST", "/mailed-link"),
    ("GET", "/style.css"),
    ("OPTIONS", "/sessions/current"),
    ("OPTIONS", "/token"),
    ("POST", "/users"),
}
"""The routes that ask for no credential, each on purpose."""

OF_A_SESSION = {
    ("GET", "/account"),
    ("GET", "/account/second-factor"),
    ("POST", "/account/consents/remove"),
    ("POST", "/account/delete"),
    ("POST", "/account/export"),
    ("POST", "/account/password"),
    ("POST", "/account/second-factor"),
    ("POST", "/account/second-factor/confirm"),
    ("POST", "/account/second-factor/off"),
    ("POST", "/account/second-factor/recovery-codes"),
    ("POST", "/account/sessions/end"),
    ("POST", "/account/sessions/end-others"),
}
"""The pages that ask for a login session: a browser without one is led to the login page."""


def routes() -> set[tuple[str, str]]:
    """List every route of the service."""
    return {
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


async def test_every_other_route_is_401_without_a_credential(auth: RunningAuth) -> None:
    """A route is on the public list or refuses callers without credentials (checklist 44)."""
    assert routes() >= PUBLIC | OF_A_SESSION
    for method, path in sorted(routes() - PUBLIC - OF_A_SESSION):
        form = {"grant_type": "client_credentials", "token": "x"}
        answer = await auth.http.request(method, path.replace("{user_id}", "usr_x"), data=form)
        assert answer.status_code == 401, (method, path)
        assert "www-authenticate" in answer.headers


async def test_a_page_of_ones_own_leads_to_the_login_page(auth: RunningAuth) -> None:
    """Without a session each leads to the login page; without our own form it is 403 (44)."""
    async with auth.browser() as browser:
        csrf = csrf_token_of(await browser.get("/login"))
        for method, path in sorted(OF_A_SESSION):
            answer = await browser.request(method, path, data={"csrf_token": csrf})
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"] == "/login?continue=/account"
            if method == "POST":
                forged = await auth.http.post(path, data={"csrf_token": csrf})
                assert forged.status_code == 403, path


async def test_the_credential_comes_before_the_body(auth: RunningAuth) -> None:
    """Without a credential nobody is told that a body cannot be read (checklist 44)."""
    headers = {"Content-Type": "application/json"}
    for path in ("/admin/users", "/admin/users/password"):
        for body in (b"{bad", b"[]", b"\xff"):
            answer = await auth.http.post(path, content=body, headers=headers)
            assert answer.status_code == 401, (path, body)


async def test_missing_and_bad_credentials_are_told_apart(auth: RunningAuth) -> None:
    """No credential: 401 with the realm alone; a bad one: invalid_token; not allowed: 403 (43)."""
    ops = await auth.service_token("netra-ops")

    none = await auth.http.get("/revocations")
    bad = await auth.http.get("/revocations", headers=bearer("a.b.c"))
    denied = await auth.http.get("/revocations", headers=bearer(ops))

    assert none.status_code == 401
    assert none.headers["www-authenticate"] == 'Bearer realm="netra"'
    assert bad.status_code == 401
    assert bad.headers["www-authenticate"] == 'Bearer realm="netra", error="invalid_token"'
    assert denied.status_code == 403
    assert 'error="insufficient_scope"' in denied.headers["www-authenticate"]
    for answer in (none, bad, denied):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"


async def test_headers_that_could_mean_two_things_are_refused(auth: RunningAuth) -> None:
    """Two headers are refused, the scheme's case does not matter, a cookie counts nothing (45)."""
    token = await auth.service_token("netra-backend")
    good = f"Bearer {token}"

    async def status(*values: str) -> int:
        headers = [("Authorization", value) for value in values]
        return (await auth.http.get("/revocations", headers=headers)).status_code

    assert await status(good) == 200
    assert await status(f"bEARER {token}") == 200
    assert await status(f"Bearer   {token}") == 200
    assert await raw_status(auth, f"Bearer {token}  \t") == 200
    assert await status(good, good) == 401
    assert await status(good, "Bearer other") == 401
    assert await status(f"Bearer {token} {token}") == 401
    assert await status(f"Bearer {token},{token}") == 401
    assert await status("Bearer") == 401
    assert await status(token) == 401
    assert await status(f"Token {token}") == 401
    cookie = {"Cookie": f"netra_session={token}; access_token={token}"}
    assert (await auth.http.get("/revocations", headers=cookie)).status_code == 401
    both = {"Authorization": good, "Cookie": "netra_session=x"}
    assert (await auth.http.get("/revocations", headers=both)).status_code == 200
    query = await auth.http.get("/revocations", params={"access_token": token})
    assert query.status_code == 401


async def test_a_strange_host_header_is_no_fault_of_ours(auth: RunningAuth) -> None:
    """A Host that no URL could have changes no answer, and is never a 500; two words are none."""
    token = await auth.service_token("netra-backend")

    for host in ("[", "evil.example", "x:99999999"):
        assert await raw_status(auth, f"Bearer {token}", host) == 200
    assert await raw_status(auth, f"Bearer {token}", "a b") == 400


async def raw_status(auth: RunningAuth, authorization: str, host: str = "x") -> int:
    """Ask with headers as they are, which no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", auth.port)
    lines = ("GET /revocations HTTP/1.1", f"Host: {host}", f"Authorization: {authorization}")
    writer.write("\r\n".join((*lines, "Connection: close", "", "")).encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ")[1])


async def test_refusals_do_not_say_why(auth: RunningAuth, clock: ManualClock) -> None:
    """Expired, mangled and foreign tokens get one body (checklist 18)."""
    token = await auth.service_token("netra-backend")
    elsewhere = await auth.service_token("netra-backend", audience="netra-backend")
    clock.advance(200)
    bodies = []
    for text in (token + "A", elsewhere, "x.y.z"):
        answer = await auth.http.get("/revocations", headers=bearer(text))
        document = answer.json()
        del document["request_id"]
        bodies.append(document)
    clock.advance(200)
    document = (await auth.http.get("/revocations", headers=bearer(token))).json()
    del document["request_id"]

    assert all(body == document for body in bodies)


async def test_claims_of_identity_outside_the_token_count_nothing(auth: RunningAuth) -> None:
    """Headers and parameters that name somebody change nobody's identity (checklist 47)."""
    claims = {
        "X-User-Id": "service:netra-backend",
        "X-Service-Id": "netra-backend",
        "X-Forwarded-User": "service:netra-backend",
        "X-E2E-Test": "1",
    }
    answer = await auth.http.get("/revocations?user_id=service:netra-backend", headers=claims)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/token", 405),
        ("PUT", "/users", 405),
        ("DELETE", "/login", 405),
        ("GET", "/health/", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
async def test_unknown_paths_and_methods_are_problems(
    auth: RunningAuth, method: str, path: str, status: int
) -> None:
    """404 and 405 are problem documents; 405 says what is allowed."""
    answer = await auth.http.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    if status == 405:
        assert answer.headers["allow"]


async def test_the_root_says_which_service_it_is(auth: RunningAuth) -> None:
    """The root greets."""
    assert (await auth.http.get("/")).json() == {"message": "Welcome to Netra Auth"}


async def test_health_says_what_is_checked(auth: RunningAuth) -> None:
    """A well service is live, ready and healthy, and names itself and its revision."""
    for path in ("/health/live", "/health/ready", "/health"):
        answer = await auth.http.get(path)
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"
        assert answer.json()["service"] == "netra-auth"
        assert answer.json()["revision"] == "netra-auth-00001-tst"
    checks = (await auth.http.get("/health")).json()["checks"]
    assert set(checks) == {"store", "signing_key"}


async def test_a_vanished_key_is_not_ready(auth: RunningAuth) -> None:
    """When the store no longer has the key this process signs with, it is not ready."""
    async with auth.state.database.transaction() as transaction:
        await transaction.connection.execute(signing_keys.delete())

    for path in ("/health/ready", "/health"):
        answer = await auth.http.get(path)
        assert answer.status_code == 503
        assert answer.json()["checks"]["signing_key"]["status"] == "down"
        assert answer.json()["checks"]["store"]["status"] == "ok"
    assert (await auth.http.get("/health/live")).status_code == 200


async def test_metadata_says_what_is_served(auth: RunningAuth) -> None:
    """Every endpoint of the metadata exists under the issuer (RFC 8414)."""
    told = (await auth.http.get("/.well-known/oauth-authorization-server")).json()

    assert told["issuer"] == auth.url
    paths = {path for _, path in routes()}
    for name, value in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(auth.url)
            assert value.removeprefix(auth.url) in paths
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True


async def test_the_document_is_served_outside_production_only(tmp_path: Path) -> None:
    """OpenAPI is there on a developer's machine and absent in production (checklist 60)."""
    for environment, status in (("local", 200), ("production", 404)):
        changed = {"ENVIRONMENT": environment}
        async with running_auth_service(tmp_path, overrides=changed) as auth:
            assert (await auth.http.get("/openapi.json")).status_code == status


def test_every_documented_route_states_its_errors(tmp_path: Path) -> None:
    """The OpenAPI document names the security scheme of every route that is not public."""
    document = create_app(auth_settings(tmp_path, 8001)).openapi()

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            is_public = (method.upper(), path) in PUBLIC
            assert bool(operation.get("security")) is not is_public, (method, path)
            assert is_public or "401" in operation["responses"], (method, path)
    assert set(document["components"]["securitySchemes"]) == {
        "access_token",
        "client_secret_basic",
    }


async def test_a_flood_of_faults_is_answered_with_a_few(auth: RunningAuth) -> None:
    """However many members are wrong, the answer names twenty at most; a huge body is 413."""
    some = await auth.http.post("/users", json={f"unknown_{n}": 1 for n in range(1000)})
    many = await auth.http.post("/users", json={f"unknown_{n}": 1 for n in range(10_000)})

    assert (some.status_code, len(some.json()["errors"])) == (422, 20)
    assert many.status_code == 413
