"""How many requests are served: by name for whoever proves it, by address for everybody else."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.addresses import client_at
from fakes.clock import ManualClock
from fakes.running_auth import (
    CLI,
    SERVICE_SECRETS,
    Pkce,
    RunningAuth,
    authorize_path,
    bearer,
    csrf_token_of,
    running_auth_service,
)
from netra.errors import TooManyRequests
from netra_auth.audit import Origin
from netra_auth.limits import table
from netra_auth.limits.refusals import Caller
from netra_auth.limits.table import Limit

BACKEND = "netra-backend"
HERE = "127.0.0.1"


async def use_up(auth: RunningAuth, limit: Limit, whom: str) -> None:
    """Count as many requests as somebody has."""
    caller = Caller(origin=Origin(None, HERE))
    with suppress(TooManyRequests):
        for _ in range(limit.item.amount + 1):
            await auth.state.limits.rates.admit(limit, whom, caller)


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/token", table.SERVICE_TOKENS),
        ("/introspect", table.SERVICE_INTROSPECTIONS),
        ("/revoke", table.SERVICE_REVOCATIONS),
    ],
)
async def test_a_service_has_a_rate_of_its_own(
    auth: RunningAuth, clock: ManualClock, path: str, limit: Limit
) -> None:
    """A service that asks too often is slowed down by itself, and no other one (checklist 58)."""
    await use_up(auth, limit, BACKEND)

    async def asked(service_id: str) -> tuple[int, str | None]:
        answer = await auth.http.post(
            path,
            data={"grant_type": "client_credentials", "token": "x"},
            auth=(service_id, SERVICE_SECRETS[service_id]),
        )
        return answer.status_code, answer.headers.get("retry-after")

    assert await asked(BACKEND) == (429, "60")
    assert (await asked("netra-ops"))[0] != 429
    clock.advance(60)
    assert (await asked(BACKEND))[0] == 200


async def test_a_wrong_secret_uses_up_nothing_of_the_services_rate(auth: RunningAuth) -> None:
    """The rate counts after the proof: others cannot spend it (checklist 58)."""
    await use_up(auth, table.SERVICE_TOKENS, BACKEND)

    wrong = await auth.http.post(
        "/token", data={"grant_type": "client_credentials"}, auth=(BACKEND, "wrong")
    )

    assert wrong.status_code == 401


async def test_public_clients_are_counted_by_address(auth: RunningAuth) -> None:
    """Clients without a secret share the rate of their address (checklist 58)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    await use_up(auth, table.PUBLIC_CLIENT, HERE)

    here = await auth.refresh(tokens["refresh_token"])
    async with client_at(auth, "127.0.0.2") as client:
        form = {"grant_type": "refresh_token", "client_id": CLI}
        there = await client.post("/token", data={**form, "refresh_token": tokens["refresh_token"]})

    assert here.status_code == 429
    assert here.json()["error"] == "temporarily_unavailable"
    assert there.status_code == 200


async def test_the_api_counts_by_principal(auth: RunningAuth) -> None:
    """Who has an access token is counted by its subject, admin API included (checklist 58)."""
    operator = bearer(await auth.service_token("netra-ops"))
    backend = bearer(await auth.service_token(BACKEND))
    for _ in range(table.API.item.amount):
        await auth.state.limits.rates.admit(
            table.API, "service:netra-ops", Caller(origin=Origin(None, HERE))
        )

    slowed = await auth.http.post("/admin/users", json={}, headers=operator)
    other = await auth.http.get("/revocations", headers=backend)

    assert slowed.status_code == 429
    assert slowed.headers["content-type"] == "application/problem+json"
    assert slowed.json()["code"] == "too_many_requests"
    assert int(slowed.headers["retry-after"]) == 60
    assert other.status_code == 200
    (row,) = await auth.audited("limit_reached")
    assert (row.subject, row.outcome) == ("service:netra-ops", "refused")
    assert row.reason == "api: 1 refused in this window so far"


async def test_a_refused_token_is_401_however_many_there_were(auth: RunningAuth) -> None:
    """An honest service must hear that its token is not good, whoever floods its address (43)."""
    rows = table.REFUSALS_NOTED.item.amount
    answers = [
        await auth.http.get("/revocations", headers=bearer("x.y.z")) for _ in range(rows + 15)
    ]

    recorded = await auth.audited("access_refused")

    assert {answer.status_code for answer in answers} == {401}
    assert len(recorded) == rows + 2
    assert (recorded[-1].reason or "").endswith(
        f"({rows + 10} refusals of this sender within a minute)"
    )


async def test_forged_forms_leave_few_rows(auth: RunningAuth) -> None:
    """A flood of forms that are not ours does not fill the audit record (checklist 59)."""
    rows = table.REFUSALS_NOTED.item.amount
    answers = [await auth.http.post("/login", data={"email": "x"}) for _ in range(rows + 9)]

    assert {answer.status_code for answer in answers} == {403}
    assert len(await auth.audited("access_refused")) == rows + 1


@pytest.mark.parametrize("path", ["/login", "/register", "/logout", authorize_path(Pkce.new())])
async def test_pages_are_counted_by_address(auth: RunningAuth, path: str) -> None:
    """Whoever is not logged in shares the rate of their address, and gets a page (58)."""
    await use_up(auth, table.PAGES_ADDRESS, HERE)

    async with auth.browser(Accept="text/html") as browser:
        here = await browser.get(path)
    async with client_at(auth, "127.0.0.2") as client:
        there = await client.get(path)

    assert here.status_code == 429
    assert here.headers["content-type"].startswith("text/html")
    assert here.headers["retry-after"] == "60"
    assert "Try again in a minute." in here.text
    assert there.status_code != 429


async def test_a_known_browser_and_a_live_session_have_rates_of_their_own(
    auth: RunningAuth,
) -> None:
    """A crowded address stops neither a known browser's login nor a live session (58)."""
    person = await auth.registered_person()
    async with auth.browser() as browser, auth.browser() as unknown:
        await auth.log_in(browser, person)
        await use_up(auth, table.PAGES_ADDRESS, HERE)

        stopped = await unknown.get("/login")
        login = await auth.log_in(browser, person)
        code = await browser.get(authorize_path(Pkce.new()))
        await use_up(auth, table.AUTHORIZATION, person.user_id)
        slowed = await browser.get(authorize_path(Pkce.new()))

    assert stopped.status_code == 429
    assert login.status_code == 303
    assert code.status_code == 302
    assert slowed.status_code == 429


@pytest.mark.parametrize("way", ["page", "api"])
async def test_registrations_are_limited_by_address(auth: RunningAuth, way: str) -> None:
    """Accounts cannot be made, nor addresses tried out, without end (checklist 58)."""
    for _ in range(table.REGISTRATION.item.amount):
        await auth.state.limits.attempts.registration(Origin(None, HERE))
    new = {"email": "new@example.org", "password": "correct horse battery"}

    async with auth.browser() as here, client_at(auth, "127.0.0.2") as there:
        answers = []
        for client in (here, there):
            if way == "api":
                answers.append(await client.post("/users", json=new))
                continue
            form = {**new, "csrf_token": csrf_token_of(await client.get("/register"))}
            answers.append(await client.post("/register", data=form))

    assert [answers[0].status_code, answers[0].headers["retry-after"]] == [429, "3600"]
    assert answers[1].status_code == {"api": 201, "page": 303}[way]


@pytest.mark.parametrize(
    "path", ["/", "/health", "/health/live", "/.well-known/jwks.json", "/style.css"]
)
async def test_what_verifies_tokens_is_never_limited(auth: RunningAuth, path: str) -> None:
    """Keys, metadata and health are served whatever an address did (checklist 22)."""
    for limit in (table.PUBLIC_CLIENT, table.API):
        await use_up(auth, limit, HERE)

    assert (await auth.http.get(path)).status_code == 200


async def test_the_factor_multiplies_requests_and_no_failures(
    tmp_path: Path, clock: ManualClock
) -> None:
    """REQUEST_LIMIT_FACTOR scales rates within its bounds; guessing stays as limited (58)."""
    overrides: Mapping[str, str] = {"REQUEST_LIMIT_FACTOR": "2"}
    async with running_auth_service(tmp_path, clock=clock, overrides=overrides) as auth:
        caller = Caller(origin=Origin(None, HERE))
        for _ in range(2 * table.SERVICE_TOKENS.item.amount):
            await auth.state.limits.rates.admit(table.SERVICE_TOKENS, BACKEND, caller)
        with pytest.raises(TooManyRequests):
            await auth.state.limits.rates.admit(table.SERVICE_TOKENS, BACKEND, caller)
        wrong = [
            await auth.http.post(
                "/token", data={"grant_type": "client_credentials"}, auth=(BACKEND, "wrong")
            )
            for _ in range(table.CLIENT_AT_ADDRESS.item.amount + 1)
        ]

    assert [answer.status_code for answer in wrong[-2:]] == [401, 429]
