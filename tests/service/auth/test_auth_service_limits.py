"""Wrong credentials of programs: limited for whoever has them, never for whoever has the right."""

from pathlib import Path

import httpx2
import pytest

from fakes.addresses import client_at, statuses
from fakes.clock import ManualClock
from fakes.running_auth import CALLBACK, CLI, SERVICE_SECRETS, RunningAuth, running_auth_service
from netra.secret import Secret
from netra_auth.audit import Origin
from netra_auth.grants.clients import PresentedClient
from netra_auth.grants.errors import ClientSlowedDown, InvalidClient
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.limits import table

BACKEND = "netra-backend"
PER_ID = table.CLIENT_AT_ADDRESS.item.amount
PER_ADDRESS = table.CLIENT_ADDRESS.item.amount
PER_GRANT = table.GRANT_ADDRESS.item.amount
TRIED = {"grant_type": "client_credentials"}
SLOWED = {
    "error": "temporarily_unavailable",
    "error_description": "Too many requests. Try again in a minute.",
}


async def wrong(
    client: httpx2.AsyncClient, number: int, *, service_id: str = BACKEND, path: str = "/token"
) -> list[httpx2.Response]:
    """Present a wrong secret some times."""
    data = TRIED if path == "/token" else {"token": "x"}
    return [await client.post(path, data=data, auth=(service_id, "wrong")) for _ in range(number)]


async def test_wrong_secrets_are_slowed_down(auth: RunningAuth, clock: ManualClock) -> None:
    """Beyond the limit a wrong secret is 429 with Retry-After, in OAuth's form (checklist 58)."""
    answers = await wrong(auth.http, PER_ID + 2)
    slowed = answers[PER_ID]

    assert statuses(answers) == [401] * PER_ID + [429] * 2
    assert slowed.json() == SLOWED
    assert slowed.headers["retry-after"] == "60"
    assert slowed.headers["cache-control"] == "no-store"
    assert "www-authenticate" not in slowed.headers
    clock.advance(60)
    assert statuses(await wrong(auth.http, 1)) == [401]


async def test_the_right_secret_is_served_whatever_the_wrong_ones_did(auth: RunningAuth) -> None:
    """Nobody locks a service out, not even from its own address (checklist 58)."""
    for path in ("/token", "/introspect", "/revoke"):
        await wrong(auth.http, PER_ID, path=path)
    assert statuses(await wrong(auth.http, 1)) == [429]
    right = (BACKEND, SERVICE_SECRETS[BACKEND])

    async with client_at(auth, "127.0.0.2") as elsewhere:
        answers = [
            await client.post(path, data={**TRIED, "token": "x"}, auth=right)
            for client in (auth.http, elsewhere)
            for path in ("/token", "/introspect", "/revoke")
        ]

    assert statuses(answers) == [200] * 6


@pytest.mark.long
async def test_ten_thousand_failures_stop_no_service(auth: RunningAuth) -> None:
    """After 10,000 wrong secrets the right one is served, here and elsewhere (58, 6.1.1)."""
    clients, here = auth.state.clients, Origin("req_1", "127.0.0.1")
    told = {"wrong": 0, "slowed": 0}
    for _ in range(10_000):
        try:
            await clients.authenticate(PresentedClient(BACKEND, Secret("wrong")), here)
        except ClientSlowedDown:
            told["slowed"] += 1
        except InvalidClient:
            told["wrong"] += 1

    right = PresentedClient(BACKEND, Secret(SERVICE_SECRETS[BACKEND]))
    for address in ("127.0.0.1", "127.0.0.2", "2001:db8::1", None):
        proven = await clients.authenticate(right, Origin("req_2", address))
        assert isinstance(proven, ServiceAccount)
    assert (await auth.service_answer(BACKEND)).status_code == 200
    assert told == {"wrong": PER_ID, "slowed": 10_000 - PER_ID}
    assert len(await auth.audited("limit_reached")) <= 8


async def test_known_and_unknown_ids_are_answered_alike(auth: RunningAuth) -> None:
    """Status, body and headers of a limited id do not tell whether it exists (checklist 28)."""
    answers = []
    for address, service_id in (("127.0.8.1", BACKEND), ("127.0.8.2", "no-such-service")):
        async with client_at(auth, address) as client:
            answers.append(await wrong(client, PER_ID + 1, service_id=service_id))

    for known, unknown in zip(*answers, strict=True):
        assert known.status_code == unknown.status_code
        assert known.content == unknown.content
        for name in ("retry-after", "www-authenticate", "cache-control", "content-type"):
            assert known.headers.get(name) == unknown.headers.get(name)
    assert statuses(answers[0]) == [401] * PER_ID + [429]


async def test_an_address_cannot_try_many_ids(auth: RunningAuth) -> None:
    """Failures of one address count together, whatever ids they name (checklist 58)."""
    answers = [
        (await wrong(auth.http, 1, service_id=f"service-{number}"))[0]
        for number in range(PER_ADDRESS + 1)
    ]

    assert statuses(answers) == [401] * PER_ADDRESS + [429]


async def test_an_address_is_what_the_server_established(auth: RunningAuth) -> None:
    """No header of the caller's makes it another address (checklist 47, 58)."""
    answers = []
    for number in range(PER_ID + 1):
        forged = f"198.51.100.{number}"
        headers = {"X-Forwarded-For": forged, "X-Real-IP": forged, "Forwarded": f"for={forged}"}
        answers.append(
            await auth.http.post("/token", data=TRIED, auth=(BACKEND, "wrong"), headers=headers)
        )

    assert statuses(answers) == [401] * PER_ID + [429]
    assert {row.address for row in await auth.audited("client_authentication")} == {"127.0.0.1"}


async def test_behind_a_trusted_proxy_the_callers_own_address_counts(
    tmp_path: Path, clock: ManualClock
) -> None:
    """A named proxy's word is believed, and IPv6 counts by 64 bits (checklist 47, 58)."""
    overrides = {"TRUSTED_PROXIES": "127.0.0.1"}
    async with running_auth_service(tmp_path, clock=clock, overrides=overrides) as auth:

        async def tried(address: str, number: int) -> list[int]:
            headers = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
            return [
                (
                    await auth.http.post(
                        "/token", data=TRIED, auth=(BACKEND, "wrong"), headers=headers
                    )
                ).status_code
                for _ in range(number)
            ]

        neighbours = [(await tried(f"2001:db8:1:1::{n:x}", 1))[0] for n in range(1, PER_ID + 2)]
        another_network = await tried("2001:db8:1:2::1", 1)
        own = await tried("203.0.113.7", 1)

    assert neighbours == [401] * PER_ID + [429]
    assert another_network == [401]
    assert own == [401]


@pytest.mark.parametrize(
    ("more", "header"),
    [({}, None), ({}, "Basic %%%"), ({"client_id": CLI, "client_secret": "x"}, None)],
    ids=["missing", "unreadable", "of a public client"],
)
async def test_a_missing_or_unreadable_credential_counts_too(
    auth: RunningAuth, more: dict[str, str], header: str | None
) -> None:
    """A request that proves nothing in whatever way is one more failure (checklist 58)."""
    form, headers = {**TRIED, **more}, {} if header is None else {"Authorization": header}

    answers = [
        await auth.http.post("/token", data=form, headers=headers) for _ in range(PER_ID + 1)
    ]

    assert statuses(answers) == [401] * PER_ID + [429]


@pytest.mark.parametrize("grant", ["refresh_token", "authorization_code"])
async def test_bad_codes_and_refresh_tokens_are_slowed_down(auth: RunningAuth, grant: str) -> None:
    """Beyond the limit they are 429; a good one from the same address is served (58)."""
    good = await auth.tokens_of(await auth.registered_person())
    form = {
        "grant_type": grant,
        "client_id": CLI,
        "code": "no-such-code",
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
        "refresh_token": "rt_no-such-token",
    }

    answers = [await auth.http.post("/token", data=form) for _ in range(PER_GRANT + 12)]

    assert statuses(answers) == [400] * PER_GRANT + [429] * 12
    assert answers[0].json()["error"] == "invalid_grant"
    assert answers[-1].json()["error"] == "temporarily_unavailable"
    assert answers[-1].headers["retry-after"] == "900"
    assert (await auth.refresh(good["refresh_token"])).status_code == 200
    assert [row.reason for row in await auth.audited("limit_reached")] == [
        "grant_address: 1 refused in this window so far",
        "grant_address: 10 refused in this window so far",
    ]


async def test_limits_hold_at_another_instance_and_after_a_restart(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Wrong secrets at two instances count together, and a restart forgets none (58)."""
    issuer = {"ISSUER_URL": "http://127.0.0.1:8001"}
    async with (
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as first,
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as second,
    ):
        answers = [
            *await wrong(first.http, PER_ID - 10),
            *await wrong(second.http, 11),
        ]
    async with running_auth_service(tmp_path, clock=clock, overrides=issuer) as again:
        after = await wrong(again.http, 1)
        right = await again.service_answer(BACKEND)

    assert statuses(answers) == [401] * PER_ID + [429]
    assert statuses(after) == [429]
    assert right.status_code == 200
