"""Services over the API: registered, shown, changed, disabled, enabled; by whom and by whom not."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from fakes.client_assertions import ClientKey, jwks
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.running_auth import (
    SERVICE_SECRETS,
    RunningAuth,
    bearer,
    running_auth_service,
    store_path,
)
from fakes.service_administration import (
    Administrator,
    new_service,
    operator,
    token_answer,
    toolkit,
)
from netra.tokens import ISSUER_SKEW_SECONDS
from netra_auth.identities.services.accounts import ServiceAccounts
from netra_auth.store.tables import consents

RELYING_PARTY = {
    "scopes": ["openid", "email"],
    "audiences": [],
    "grants": ["authorization_code", "refresh_token"],
    "redirect_uris": ["https://mail.example/cb"],
}


async def test_a_registered_service_gets_tokens_with_its_secret(auth: RunningAuth) -> None:
    """Its secret is 256 bits under a known prefix, and works at once."""
    registered = await (await toolkit(auth)).registers("mail-service", name="Mail")

    answer = await token_answer(auth, "mail-service", registered["secret"])

    assert registered["service"]["service_id"] == "mail-service"
    assert registered["service"]["name"] == "Mail"
    assert registered["service"]["grants"] == ["client_credentials"]
    assert registered["secret"].startswith("nsec_")
    assert len(registered["secret"]) == len("nsec_") + 43
    assert answer.status_code == 200
    assert answer.json()["scope"] == "profile:read"


async def test_a_secret_is_shown_once_and_kept_nowhere(
    tmp_path: Path, clock: ManualClock, stored_bytes: Callable[[RunningAuth], bytes]
) -> None:
    """No later answer, no log line and no byte of the store has it (checklist 59)."""
    with log_lines() as lines:
        async with running_auth_service(tmp_path, clock=clock) as auth:
            administrator = await toolkit(auth)
            secret = (await administrator.registers("mail-service"))["secret"]
            rotated = await administrator.rotates("mail-service", 60)
            shown = await administrator.asks("GET")
            record = await administrator.asks("GET", "/mail-service")
            audited = repr(await auth.audited())
        stored = stored_bytes(auth)

    for each in (secret, rotated["secret"]):
        assert each not in shown.text + record.text + audited + lines.text
        assert each.encode() not in stored
    assert shown.headers["cache-control"] == "no-store"


async def test_every_service_is_listed_by_id(auth: RunningAuth) -> None:
    """The list has those of the registry too, each with its secrets' use."""
    administrator = await toolkit(auth)
    await administrator.registers("a-service")

    listed = (await administrator.asks("GET")).json()["items"]

    assert [item["service_id"] for item in listed] == ["a-service", "netra-backend", "netra-ops"]
    assert [len(item["secrets"]) for item in listed] == [1, 1, 1]
    assert [item["secrets"][0]["uses"] for item in listed] == [0, 0, 1]


async def test_an_operator_is_an_administrator_too(auth: RunningAuth) -> None:
    """A person with the operator's role registers what the toolkit could not give."""
    person = await operator(auth)

    registered = await person.registers("key-keeper", scopes=["data:maintain"])

    assert registered["service"]["scopes"] == ["data:maintain"]
    assert (await auth.audited("service_registered"))[-1].actor.startswith("usr_")


async def test_others_may_not_administer(auth: RunningAuth) -> None:
    """401 without a token, 403 for a plain person and for a service without the scope (43)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    plain = Administrator(auth, tokens["access_token"])
    backend = Administrator(auth, await auth.service_token("netra-backend"))
    routes = [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/netra-ops"),
        ("PATCH", "/netra-ops"),
        ("POST", "/netra-ops/disable"),
        ("POST", "/netra-ops/enable"),
        ("POST", "/netra-ops/secrets"),
        ("DELETE", "/netra-ops/secrets/sec_1"),
    ]

    for method, path in routes:
        anonymous = await auth.http.request(method, f"/admin/services{path}")
        assert anonymous.status_code == 401
        assert "error" not in anonymous.headers["www-authenticate"]
        for caller in (plain, backend):
            assert (await caller.asks(method, path, {})).status_code == 403


@pytest.mark.parametrize(
    "service_id", ["netra-cli", "netra-chat", "netra-auth", "netra-backend", "netra-ops"]
)
async def test_a_taken_id_cannot_be_registered(auth: RunningAuth, service_id: str) -> None:
    """Neither another service's, nor a built-in client's, nor our own (checklist 41)."""
    answer = await (await operator(auth)).asks("POST", body=new_service(service_id))

    assert answer.status_code == 409
    assert answer.json()["code"] == "service_id_taken"


async def test_of_many_who_register_one_id_one_succeeds(auth: RunningAuth) -> None:
    """The store decides, not the order in which requests were read."""
    administrator = await toolkit(auth)

    answers = await asyncio.gather(
        *(administrator.asks("POST", body=new_service("mail-service")) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        None,
        {"service_id": "Mail"},
        {"service_id": "service:mail"},
        {"service_id": "mail--service"},
        {"service_id": "m\u0430il-service"},
        {"service_id": "mail-service\n"},
        {"service_id": "a" * 64},
        {"service_id": "usr_1"},
        new_service("mail-service", scopes=["openid"]),
        new_service("mail-service", scopes=["all"]),
        new_service("mail-service", audiences=["Not one"]),
        new_service("mail-service", audiences=[]),
        new_service("mail-service", grants=[]),
        new_service("mail-service", grants=["password"]),
        new_service("mail-service", grants=["implicit"]),
        new_service("mail-service", grants=["authorization_code"]),
        new_service("mail-service", grants=["client_credentials", "refresh_token"]),
        new_service("mail-service", redirect_uris=["https://mail.example/cb"]),
        new_service("mail-service", **{**RELYING_PARTY, "redirect_uris": ["http://a.example/"]}),
        new_service("mail-service", with_secret=False),
        new_service("mail-service", public_jwks={"keys": [ClientKey("k").private_jwk]}),
        new_service("mail-service", public_jwks=jwks(ClientKey("k"), ClientKey("k"))),
        new_service("mail-service", secret="chosen-by-the-caller"),
        new_service("mail-service", created_at=0),
    ],
    ids=lambda body: str(body)[:60],
)
async def test_what_cannot_be_registered_is_422(auth: RunningAuth, body: object) -> None:
    """Shapes, scopes, grants, URIs and keys are refused in one form, quoting no key (41, 25)."""
    administrator = await toolkit(auth)

    answer = await administrator.asks("POST", body=body)

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert '"d"' not in answer.text
    assert len((await administrator.asks("GET")).json()["items"]) == 2


@pytest.mark.parametrize(
    "content", [b"\xff", b"{", b"[" * 60_000, b'{"public_jwks":' * 4000, b'{"name":"\\ud800"}']
)
async def test_an_unreadable_body_is_refused(auth: RunningAuth, content: bytes) -> None:
    """What is no document is the caller's fault, never ours."""
    headers = bearer(await auth.service_token("netra-ops")) | {"Content-Type": "application/json"}

    answer = await auth.http.post("/admin/services", content=content, headers=headers)

    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("path", ["/nobody", "/%00", "/service:netra-ops", "/" + "x" * 64])
async def test_an_unknown_service_is_404(auth: RunningAuth, path: str) -> None:
    """Whatever is asked of it."""
    administrator = await toolkit(auth)

    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("POST", "/secrets"),
        ("DELETE", "/secrets/sec_01m8hjd7zx3ks9yzn02kd2nxdq"),
    ):
        assert (await administrator.asks(method, path + rest, {})).status_code == 404


async def test_a_change_takes_effect_at_the_next_token(auth: RunningAuth) -> None:
    """Scopes, audiences and grants are looked up at each request (checklist 25)."""
    administrator = await toolkit(auth)
    secret = (await administrator.registers("mail-service"))["secret"]

    changed = await administrator.asks(
        "PATCH", "/mail-service", {"scopes": ["service:status"], "name": "Post"}
    )
    wider = await token_answer(auth, "mail-service", secret, scope="profile:read")
    now = await token_answer(auth, "mail-service", secret)

    assert changed.status_code == 200
    assert changed.json()["name"] == "Post"
    assert changed.json()["audiences"] == ["netra-auth"]
    assert wider.json()["error"] == "invalid_scope"
    assert now.json()["scope"] == "service:status"
    (row,) = await auth.audited("service_changed")
    assert (row.actor, row.subject) == ("service:netra-ops", "service:mail-service")
    assert row.reason == "changed name, scopes"


async def test_a_service_without_the_grant_gets_no_token_of_its_own(auth: RunningAuth) -> None:
    """A relying party proves itself and still may not use client_credentials (checklist 25)."""
    secret = (await (await toolkit(auth)).registers("mail-service", **RELYING_PARTY))["secret"]

    answer = await token_answer(auth, "mail-service", secret)

    assert answer.status_code == 400
    assert answer.json()["error"] == "unauthorized_client"
    refused = (await auth.audited("token_issued"))[-1]
    assert (refused.outcome, refused.actor) == ("refused", "service:mail-service")


async def test_openid_scopes_are_in_no_token_of_a_services_own(auth: RunningAuth) -> None:
    """A service that does both has only its permissions when it acts in its own name."""
    both = {
        **RELYING_PARTY,
        "scopes": ["openid", "profile:read"],
        "audiences": ["netra-auth"],
        "grants": ["authorization_code", "client_credentials"],
    }
    secret = (await (await toolkit(auth)).registers("mail-service", **both))["secret"]

    assert (await token_answer(auth, "mail-service", secret)).json()["scope"] == "profile:read"
    asked = await token_answer(auth, "mail-service", secret, scope="openid")
    assert asked.json()["error"] == "invalid_scope"


async def test_relying_parties_are_found_by_their_grant(auth: RunningAuth) -> None:
    """Only an enabled service with the code grant may send browsers here."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service", **RELYING_PARTY)
    await administrator.registers("plain-service")
    accounts = ServiceAccounts(auth.state.database, auth.state.limits.refused, auth.state.clock)

    found = await accounts.relying_party("mail-service")
    assert found is not None
    assert found.redirect_uris == ("https://mail.example/cb",)
    assert found.grants == {"authorization_code", "refresh_token"}
    for other in ("plain-service", "nobody", "netra-cli", "a\x00b", ""):
        assert await accounts.relying_party(other) is None
    await administrator.asks("POST", "/mail-service/disable")
    assert await accounts.relying_party("mail-service") is None


async def test_people_are_asked_again_when_answers_may_go_elsewhere(auth: RunningAuth) -> None:
    """A new redirect URI forgets what people had allowed; another change does not."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service", **RELYING_PARTY)
    person = await auth.registered_person()
    allowed = {"client_id": "mail-service", "scope": "openid", "granted_at": 1.0}

    async def remembered() -> int:
        async with auth.state.database.reading() as connection:
            return len((await connection.execute(select(consents))).all())

    async with auth.state.database.transaction() as transaction:
        await transaction.connection.execute(
            insert(consents).values(user_id=person.user_id, **allowed)
        )
    await administrator.asks("PATCH", "/mail-service", {"name": "Mail"})
    kept = await remembered()
    uris = ["https://mail.example/cb", "https://elsewhere.example/cb"]
    await administrator.asks("PATCH", "/mail-service", {"redirect_uris": uris})

    assert kept == 1
    assert await remembered() == 0


async def test_a_disabled_service_is_out_everywhere(auth: RunningAuth) -> None:
    """No new token, none of its own taken here, and every verifier is told at once (48)."""
    administrator = await toolkit(auth)
    secret = (await administrator.registers("mail-service"))["secret"]
    token = (await token_answer(auth, "mail-service", secret)).json()["access_token"]
    reader = bearer(await auth.service_token("netra-backend"))
    waiting = asyncio.create_task(
        auth.http.get("/revocations", params={"wait": 10}, headers=reader)
    )
    await asyncio.sleep(0)

    disabled = await administrator.asks("POST", "/mail-service/disable")
    feed = (await asyncio.wait_for(waiting, 1)).json()["items"]

    assert disabled.json()["disabled_at"] == auth.state.clock.timestamp()
    assert [(entry["kind"], entry["identifier"]) for entry in feed] == [
        ("subject", "service:mail-service")
    ]
    assert (await token_answer(auth, "mail-service", secret)).status_code == 401
    asked = {"token": token}
    ops = ("netra-backend", SERVICE_SECRETS["netra-backend"])
    told = (await auth.http.post("/introspect", data=asked, auth=ops)).json()
    assert told == {"active": False}


async def test_an_enabled_service_is_in_again_and_its_old_tokens_are_not(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """What was ended stays ended; a token that was issued surely after it is taken (48)."""
    secret = (await (await toolkit(auth)).registers("mail-service"))["secret"]
    before = (await token_answer(auth, "mail-service", secret)).json()["access_token"]
    await (await toolkit(auth)).asks("POST", "/mail-service/disable")

    enabled = await (await toolkit(auth)).asks("POST", "/mail-service/enable")
    clock.advance(ISSUER_SKEW_SECONDS + 1)
    after = (await token_answer(auth, "mail-service", secret)).json()["access_token"]

    assert enabled.json()["disabled_at"] is None
    states = []
    for token in (before, after):
        answer = await auth.http.post(
            "/introspect",
            data={"token": token},
            auth=("netra-backend", SERVICE_SECRETS["netra-backend"]),
        )
        states.append(answer.json()["active"])
    assert states == [False, True]


async def test_disabling_twice_is_disabling(auth: RunningAuth, clock: ManualClock) -> None:
    """The time of the first is kept."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service")
    first = (await administrator.asks("POST", "/mail-service/disable")).json()
    clock.advance(10)

    second = await administrator.asks("POST", "/mail-service/disable")

    assert second.status_code == 200
    assert second.json()["disabled_at"] == first["disabled_at"]


STRONGER: list[tuple[str, str, Any]] = [
    ("PATCH", "/netra-backend", {"name": "mine"}),
    ("PATCH", "/netra-backend", {"scopes": []}),
    ("PATCH", "/netra-backend", {"public_jwks": jwks(ClientKey("mine"))}),
    ("POST", "/netra-backend/secrets", {"overlap_seconds": 3600}),
    ("POST", "/netra-backend/enable", None),
    ("PATCH", "/weak-service", {"scopes": ["tokens:introspect"]}),
    ("PATCH", "/weak-service", {"audiences": ["netra-auth", "somewhere-else"]}),
    ("PATCH", "/netra-ops", {"scopes": ["services:admin", "tokens:revoke"]}),
    ("POST", "", new_service("accomplice", scopes=["tokens:introspect"])),
    ("POST", "", new_service("accomplice", audiences=["somewhere-else"])),
]


@pytest.mark.parametrize(("method", "path", "body"), STRONGER)
async def test_a_service_cannot_give_or_take_over_what_it_does_not_hold(
    auth: RunningAuth, method: str, path: str, body: Any
) -> None:
    """No accomplice, no stronger scopes of its own, no secret or key for a stronger service."""
    administrator = await toolkit(auth)
    await administrator.registers("weak-service")

    answer = await administrator.asks(method, path, body)

    assert answer.status_code == 403
    assert answer.json()["code"] == "more_than_held"
    refused = [row for row in await auth.audited() if row.event.startswith("service_")][-1]
    assert (refused.outcome, refused.actor) == ("refused", "service:netra-ops")
    assert len((await (await operator(auth)).sees("netra-backend"))["secrets"]) == 1


async def test_a_narrowed_token_gives_less(auth: RunningAuth) -> None:
    """What counts is what the token says, not what its service could have asked for (38)."""
    narrow = await auth.service_token("netra-ops", scope="services:admin")
    administrator = Administrator(auth, narrow)

    answer = await administrator.asks("POST", body=new_service("mail-service"))

    assert answer.status_code == 403


async def test_taking_away_needs_no_more_than_the_permission(auth: RunningAuth) -> None:
    """In an emergency the toolkit can stop a stronger service."""
    answer = await (await toolkit(auth)).asks("POST", "/netra-backend/disable")

    assert answer.status_code == 200
    assert (await auth.service_answer("netra-backend")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/netra-ops/disable", None),
        ("PATCH", "/netra-ops", {"scopes": ["users:admin"]}),
        ("PATCH", "/netra-ops", {"audiences": ["netra-backend"]}),
        (
            "PATCH",
            "/netra-ops",
            {
                "grants": ["authorization_code"],
                "redirect_uris": ["https://ops.example/cb"],
            },
        ),
    ],
)
async def test_an_administrator_cannot_lock_itself_out(
    auth: RunningAuth, method: str, path: str, body: Any
) -> None:
    """Its own administration ends only by somebody else's hand: 409, and all stays as it was."""
    answer = await (await toolkit(auth)).asks(method, path, body)

    assert answer.status_code == 409
    assert answer.json()["code"] == "locks_out_caller"
    assert (await auth.service_answer("netra-ops")).status_code == 200
    assert (await (await operator(auth)).asks(method, path, body)).status_code == 200


async def test_a_path_says_all_of_its_methods(auth: RunningAuth) -> None:
    """405 names what the resource supports, not only what its first route does."""
    collection = await auth.http.put("/admin/services")
    single = await auth.http.put("/admin/services/mail-service")

    assert (collection.status_code, collection.headers["allow"]) == (405, "GET, POST")
    assert (single.status_code, single.headers["allow"]) == (405, "GET, PATCH")


def take_away(store: Path) -> None:
    """Put something in the place of a store that is none."""
    store.rename(f"{store}.away")
    store.mkdir()


@pytest.mark.sqlite_only
async def test_a_store_that_is_away_is_503(auth: RunningAuth) -> None:
    """No change is half done, and nobody is told anything else (checklist 43)."""
    administrator = await toolkit(auth)
    await auth.state.database.close()
    take_away(store_path(auth.settings))

    answer = await administrator.asks("POST", body=new_service("mail-service"))

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
