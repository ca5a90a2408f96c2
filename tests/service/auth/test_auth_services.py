"""The registered services: how they are seeded, what ends their access, and two instances."""

import asyncio
import json
from pathlib import Path

from sqlalchemy import update

from fakes.clock import ManualClock
from fakes.environments import service_registry, strong_secret
from fakes.log_lines import log_lines
from fakes.running_auth import SERVICE_SECRETS, RunningAuth, bearer, running_auth_service
from netra_auth.store.tables import service_secrets, services


async def test_a_restart_with_the_same_registry_says_nothing(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Services are inserted once; finding them again is no event."""
    async with running_auth_service(tmp_path, clock=clock):
        pass
    with log_lines() as lines:
        async with running_auth_service(tmp_path, clock=clock) as auth:
            assert len(await auth.audited("service_registered")) == 2

    assert lines.of("service_registry_differs") == []


async def test_the_store_wins_over_a_changed_registry(tmp_path: Path, clock: ManualClock) -> None:
    """A stored service is never overwritten; the difference is told without any value."""
    async with running_auth_service(tmp_path, clock=clock):
        pass
    changed = json.loads(service_registry({**SERVICE_SECRETS, "netra-backend": strong_secret()}))
    changed[0]["scopes"] = ["profile:read"]
    registry = {"SERVICE_REGISTRY": json.dumps(changed)}

    with log_lines() as lines:
        async with running_auth_service(tmp_path, clock=clock, overrides=registry) as auth:
            answer = await auth.service_answer("netra-backend")

    told = lines.only("service_registry_differs")
    assert answer.status_code == 200
    assert "revocations:read" in answer.json()["scope"]
    assert told["severity"] == "WARNING"
    assert told["service_id"] == "netra-backend"
    assert told["differing"] == ["secret", "scopes"]
    assert changed[0]["secret_sha256"] not in lines.text


async def test_a_new_service_is_added_at_the_next_start(tmp_path: Path, clock: ManualClock) -> None:
    """What the store does not have yet is inserted."""
    async with running_auth_service(tmp_path, clock=clock):
        pass
    more = {**SERVICE_SECRETS, "netra-extra": strong_secret()}
    registry = {"SERVICE_REGISTRY": service_registry(more)}

    async with running_auth_service(tmp_path, clock=clock, overrides=registry) as auth:
        answer = await auth.http.post(
            "/token",
            data={"grant_type": "client_credentials"},
            auth=("netra-extra", more["netra-extra"]),
        )

    assert answer.status_code == 200


async def test_a_disabled_service_is_out_at_once(auth: RunningAuth) -> None:
    """Disabling a service ends its new tokens and its old ones at this service (checklist 48)."""
    token = await auth.service_token("netra-backend")
    statement = (
        update(services).where(services.c.service_id == "netra-backend").values(disabled_at=1.0)
    )
    async with auth.state.database.transaction() as transaction:
        await transaction.connection.execute(statement)

    assert (await auth.service_answer("netra-backend")).status_code == 401
    assert (await auth.http.get("/revocations", headers=bearer(token))).status_code == 401


async def test_a_secret_stops_at_its_stated_time(auth: RunningAuth, clock: ManualClock) -> None:
    """A secret with an end works before it and not at it (checklist 42: the store allows it)."""
    statement = update(service_secrets).values(valid_until=clock.timestamp() + 60)
    async with auth.state.database.transaction() as transaction:
        await transaction.connection.execute(statement)

    clock.advance(59)
    assert (await auth.service_answer("netra-backend")).status_code == 200
    clock.advance(1)
    assert (await auth.service_answer("netra-backend")).status_code == 401


async def test_two_instances_on_one_store_are_one_service(
    tmp_path: Path, clock: ManualClock
) -> None:
    """What one instance issues the other takes once; what one ends is ended at both (35)."""
    issuer = {"ISSUER_URL": "http://127.0.0.1:8001"}
    async with (
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as first,
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as second,
    ):
        tokens = await first.tokens_of(await first.registered_person())
        answers = await asyncio.gather(
            *(each.refresh(tokens["refresh_token"]) for each in (first, second) * 2)
        )
        clock.advance(10)
        reused = await second.refresh(tokens["refresh_token"])
        service = await first.service_token("netra-backend")
        feed = await second.http.get("/revocations", headers=bearer(service))
        erase = await second.http.delete("/users/me", headers=bearer(tokens["access_token"]))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert reused.json()["error"] == "invalid_grant"
    assert [entry["kind"] for entry in feed.json()["items"]] == ["session"]
    assert erase.status_code == 401
