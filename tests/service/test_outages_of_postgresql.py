"""PostgreSQL is away: 503 within a bounded time, never 401 or 500, and nothing has to be restarted.

It is away as servers are: stopped in order, crashed, or there and silent.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx2
import pytest

from fakes.chat_socket import chat_socket
from fakes.log_lines import log_lines
from fakes.postgres import Outage
from fakes.running_auth import (
    SERVICE_SECRETS,
    Pkce,
    RunningAuth,
    authorize_path,
    bearer,
    csrf_token_of,
)
from fakes.services_on_postgres import Services, assert_undecided, services_on_postgres
from fakes.timing import UNIT, eventually
from netra.wire.chat_protocol import Failed, SendMessage

pytestmark = pytest.mark.long

BOUND: Final = 15 * UNIT
"""`docs/runbooks/set_up_postgresql.md` states it."""

SOON: Final = 5 * UNIT
PROBE: Final = 4 * UNIT
IDS: Final = {
    "thread_id": "thr_01m8k9zwbfgrev5m56tpqzq3cj",
    "message_id": "msg_01m8k9zwbfgrev5m56tpqzq3cj",
    "user_id": "usr_01m8k9zwbfgrev5m56tpqzq3cj",
    "session_id": "ses_01m8k9zwbfgrev5m56tpqzq3cj",
    "secret_id": "sec_01m8k9zwbfgrev5m56tpqzq3cj",
    "service_id": "netra-ops",
    "kid": "a-key",
}

Ask = Callable[[], Awaitable[httpx2.Response]]


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """Run both services on a server of the test's own."""
    async with services_on_postgres(tmp_path) as running:
        yield running


def every_operation(
    document: Mapping[str, Any],
    client_of: Callable[[str], httpx2.AsyncClient],
    bodies: Mapping[str, Mapping[str, Any]],
) -> dict[str, Ask]:
    """Give a request for each operation of an OpenAPI document: `METHOD /path`."""
    asks: dict[str, Ask] = {}
    for path, operations in document["paths"].items():
        for method in operations:
            name = f"{method.upper()} {path}"
            address = re.sub(r"\{(\w+)\}", lambda found: IDS[found[1]], path)

            def ask(
                method: str = method, address: str = address, name: str = name
            ) -> Awaitable[httpx2.Response]:
                return client_of(name).request(method, address, **bodies.get(name, {}))

            asks[name] = ask
    return asks


async def answers(asks: Mapping[str, Ask]) -> dict[str, tuple[httpx2.Response, float]]:
    """Ask everything at once; give what was answered, and after how many seconds."""

    async def timed(ask: Ask) -> tuple[httpx2.Response, float]:
        began = monotonic()
        answer = await ask()
        return answer, monotonic() - began

    given = await asyncio.gather(*(timed(ask) for ask in asks.values()))
    return dict(zip(asks, given, strict=True))


# The backend.

THREAD: Final = {"json": {"title": "t"}}
BACKEND_BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /api/threads": THREAD,
    "PATCH /api/threads/{thread_id}": THREAD,
    "POST /api/threads/{thread_id}/messages": {"json": {"text": "hello"}},
    "POST /api/markdown": {"json": {"texts": ["*a*"]}},
}
NEED_NO_DATABASE: Final = {
    "GET /",
    "GET /health/live",
    "GET /api/me",
    "GET /metrics",
    "POST /api/markdown",
}
OF_SERVICES: Final = {"GET /api/service/session", "GET /metrics"}


@pytest.mark.parametrize("outage", list(Outage))
async def test_the_backend_decides_nothing_without_its_database(
    services: Services, outage: Outage
) -> None:
    """Each route that needs it is 503 within the bound, health says so, and it comes back alone."""
    backend = services.backend
    document = backend.app.openapi()
    async with (
        backend.as_user("usr_anna") as user,
        backend.as_service("metrics:read", "sessions:open", "service:status") as service,
        backend.client() as nobody,
    ):
        user.timeout = service.timeout = nobody.timeout = httpx2.Timeout(4 * BOUND)
        asks = every_operation(
            document, lambda name: service if name in OF_SERVICES else user, BACKEND_BODIES
        )
        before = await answers(asks)
        with log_lines() as log, services.server.away(outage):
            during = [await answers(asks), await answers(asks)]
            refused = await nobody.get("/api/threads")
        began = monotonic()
        await eventually(lambda: _is_served(user, "/api/threads"), within=SOON)
        after = await answers(asks)

    assert {n for n, (a, _) in before.items() if a.status_code >= 500} <= {"GET /health"}
    for given in during:
        for name, (answer, seconds) in given.items():
            assert seconds < BOUND, name
            if name in NEED_NO_DATABASE:
                assert answer.status_code == 200, name
            elif name.startswith("GET /health"):
                assert (answer.status_code, answer.json()["status"]) == (503, "down"), name
                assert answer.json()["checks"]["database"]["status"] == "down"
                assert seconds < PROBE, name
            else:
                assert_undecided(answer, name, "database_unavailable", "database_busy")
    assert refused.status_code == 401
    assert [a.status_code for a, _ in after.values()] == [a.status_code for a, _ in before.values()]
    assert monotonic() - began < BOUND
    assert log.of("critical_auth_failure") == []
    stages = {line["stage"] for line in log.of("request_not_decided")}
    assert stages <= {"session_open", "handler"}


async def _is_served(client: httpx2.AsyncClient, path: str) -> bool:
    try:
        return (await client.get(path)).status_code == 200
    except httpx2.ReadError:
        # A connection that was not used for a while was closed just when it was used again.
        return False


@pytest.mark.parametrize("outage", list(Outage))
async def test_sockets_go_on_after_an_outage(services: Services, outage: Outage) -> None:
    """A message is refused with when to try again, a resume ends with 1013, and later both do."""
    url, token = services.backend.url, services.backend.issuer.user_token()
    async with chat_socket(url, token) as chat:
        await chat.resume()
        await chat.hear_end((await chat.say("who am I")).run_id)
        with services.server.away(outage):
            async with asyncio.timeout(2 * BOUND):
                await chat.send(SendMessage("a-message", "who am I"))
                refused = await chat.hear(Failed)
                async with chat_socket(url, token) as late:
                    await late.send('{"type":"resume","after":0}')
                    ended = await late.closed()
        accepted = await chat.say("who am I", client_id="a-message")
        await chat.hear_end(accepted.run_id)
        async with chat_socket(url, token) as again:
            ready = await again.resume(0)

    assert (refused.code, refused.client_id) == ("database_unavailable", "a-message")
    assert refused.retry_after is not None
    assert ended == (1013, "the journal cannot be read")
    assert not accepted.duplicate
    assert [event.seq for event in again.events] == list(range(1, ready.seq + 1))


# The auth service.

BY_NOBODY: Final = {
    "GET /",
    "GET /health/live",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/openid-configuration",
}
"""What says the same whatever the store holds."""
SECONDS_OLD: Final = {"GET /.well-known/jwks.json"}
"""What may be seconds old: the keys go on being published until they could mislead."""
PASSWORD: Final = "correct horse battery staple"


def auth_bodies(token: str) -> dict[str, dict[str, Any]]:
    """Write what the operations of the auth service want to be told."""
    service = {"auth": ("netra-backend", SERVICE_SECRETS["netra-backend"])}
    scopes = {"scopes": ["profile:read"], "audiences": ["netra-backend"]}
    question = {"data": {"token": token}, **service}
    person = {"json": {"email": "new@example.org", "password": PASSWORD}}
    return {
        "POST /token": {"data": {"grant_type": "client_credentials"}, **service},
        "POST /introspect": question,
        "POST /revoke": question,
        "POST /users": person,
        "POST /admin/users": person,
        "POST /admin/users/password": person,
        "POST /users/me/password": {
            "json": {"current_password": PASSWORD, "new_password": "x" * 20}
        },
        "POST /admin/services": {"json": {"service_id": "a-service", **scopes}},
        "PATCH /admin/services/{service_id}": {"json": scopes},
        "POST /admin/services/{service_id}/secrets": {"json": {}},
        "POST /admin/keys/rotate": {"json": {}},
    }


async def auth_asks(auth: RunningAuth, browser: httpx2.AsyncClient) -> dict[str, Ask]:
    """Give a request for each operation, by who may, and for the pages of a browser."""
    person = await auth.registered_person(password=PASSWORD)
    tokens = await auth.tokens_of(person)
    assert (await auth.log_in(browser, person)).status_code == 303
    csrf = csrf_token_of(await browser.get("/account"))
    ops = await auth.service_token("netra-ops")
    own = await auth.service_token("netra-backend")
    bodies = auth_bodies(own)

    def told(name: str) -> dict[str, Any]:
        given = dict(bodies.get(name, {}))
        if "auth" not in given:
            holder = own if "revocations" in name or "subjects" in name else ops
            if "/me" in name or "userinfo" in name or "current" in name:
                holder = tokens["access_token"]
            given["headers"] = bearer(holder)
        return given

    document = (await auth.http.get("/openapi.json")).json()
    names = [f"{m.upper()} {p}" for p, operations in document["paths"].items() for m in operations]
    asks = every_operation(document, lambda _name: auth.http, {name: told(name) for name in names})
    for name in ("GET /authorize", "POST /authorize"):
        del asks[name]
    form = {"csrf_token": csrf, "email": person.email, "password": person.password}
    form |= {"new_password": "y" * 20, "token": "x", "continue": "/account"}
    pages: dict[str, Ask] = {
        "authorize page": lambda: browser.get(authorize_path(Pkce.new())),
        "refresh": lambda: auth.refresh(tokens["refresh_token"]),
        "account page": lambda: browser.get("/account"),
        "log-in form": lambda: browser.post("/login", data=form),
        "log-out form": lambda: browser.post("/logout", data=form),
        "password form": lambda: browser.post("/account/password", data=form),
    }
    return asks | pages


@pytest.mark.parametrize("outage", list(Outage))
async def test_the_auth_service_decides_nothing_without_its_store(
    services: Services, outage: Outage
) -> None:
    """No client, token or log-in is called bad for it: 503 within the bound, then as before."""
    auth = services.auth
    async with auth.browser() as browser:
        browser.timeout = auth.http.timeout = httpx2.Timeout(4 * BOUND)
        asks = await auth_asks(auth, browser)
        with log_lines() as log, services.server.away(outage):
            during = await answers(asks)
        await eventually(lambda: _is_served(auth.http, "/health/ready"), within=SOON)
        token = await auth.service_answer("netra-backend")
        page = await browser.get("/account")

    for name, (answer, seconds) in during.items():
        assert seconds < BOUND, name
        if name in BY_NOBODY or (name in SECONDS_OLD and answer.status_code == 200):
            assert answer.status_code == 200, name
        elif name.startswith("GET /health"):
            assert (answer.status_code, answer.json()["status"]) == (503, "down"), name
            assert seconds < PROBE, name
        else:
            assert_undecided(answer, name, "database_unavailable", "database_busy")
    assert (token.status_code, page.status_code) == (200, 200)
    assert log.of("critical_auth_failure") == []


async def test_a_server_that_falls_silent_amid_a_statement_holds_nobody_for_ever(
    services: Services,
) -> None:
    """Who waits for a statement is told within the bound, and no connection is lost by it."""
    auth, backend = services.auth, services.backend
    async with (
        backend.as_user("usr_anna") as user,
        services.locked("t_threads"),
        services.locked("services"),
    ):
        user.timeout = auth.http.timeout = httpx2.Timeout(4 * BOUND)
        asks: dict[str, Ask] = {
            "threads": lambda: user.get("/api/threads"),
            "token": lambda: auth.service_answer("netra-backend"),
        }
        waiting = asyncio.create_task(answers(asks))
        await eventually(lambda: services.in_use() == (1, 1), within=SOON)
        with services.server.away(Outage.SILENT):
            given = await waiting
    async with backend.as_user("usr_anna") as user:
        await eventually(lambda: _is_served(user, "/api/threads"), within=SOON)
        await eventually(lambda: _is_served(auth.http, "/health/ready"), within=SOON)
    await eventually(lambda: services.in_use() == (0, 0), within=BOUND)

    for name, (answer, seconds) in given.items():
        assert_undecided(answer, name, "database_unavailable", "database_busy")
        assert seconds < BOUND, name
