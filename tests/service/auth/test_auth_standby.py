"""An auth service on standby: it sees everything, and does nothing by itself before traffic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from fakes.by_mail import REGISTER, SENDER, asks
from fakes.clock import ManualClock
from fakes.environments import service_registry, strong_secret
from fakes.log_lines import log_lines
from fakes.running_auth import (
    SERVICE_SECRETS,
    TRUST,
    RunningAuth,
    auth_settings,
    bearer,
    provide_store,
    running_auth_service,
)
from fakes.smtp_server import SmtpServer
from fakes.timing import UNIT, eventually
from netra_auth.bootstrap import _upkeep_of, opened_state
from netra_auth.keyring.opened_keys import KeyringUnusable
from netra_auth.settings import TokenTrustMode
from netra_auth.store import tables

SERVICE: Final = "netra-auth-abc123-ew.a.run.app"
CANDIDATE: Final = f"candidate---{SERVICE}"
ON: Final = {"STANDBY_UNTIL_TRAFFIC": "true"}
HOUR: Final = 3600
DAY: Final = 24 * HOUR


@asynccontextmanager
async def candidate(
    folder: Path, clock: ManualClock, issuer: RunningAuth, **overrides: str | None
) -> AsyncIterator[RunningAuth]:
    """Run a second instance without traffic, under the first one's issuer."""
    told = {**ON, "ISSUER_URL": issuer.url, **overrides}
    async with running_auth_service(folder, clock=clock, overrides=told) as auth:
        auth.http.headers["Host"] = CANDIDATE
        yield auth


async def does_its_upkeep(auth: RunningAuth) -> None:
    """Let everything be done once that is done at intervals."""
    for task in _upkeep_of(auth.state):
        await task.run()


async def has_traffic(auth: RunningAuth) -> None:
    """Ask for something under the service's own host."""
    assert auth.state.standby.is_on
    answer = await auth.http.get("/.well-known/jwks.json", headers={"Host": SERVICE})
    assert answer.status_code == 200
    assert not auth.state.standby.is_on


async def stored(auth: RunningAuth, table: Any) -> list[Any]:
    """Read a whole table."""
    async with auth.state.database.reading() as connection:
        return sorted(map(tuple, (await connection.execute(select(table))).all()))


async def test_keys_are_seen_and_not_changed(tmp_path: Path, clock: ManualClock) -> None:
    """However long a key has been due, the one with the duty rotates it; both sign alike."""
    async with (
        running_auth_service(tmp_path, clock=clock) as serving,
        candidate(tmp_path, clock, serving) as auth,
    ):
        old = serving.state.keyring.signing_key.kid
        clock.advance(91 * DAY)
        before = await stored(auth, tables.signing_keys), await auth.audited()
        await does_its_upkeep(auth)
        assert (await stored(auth, tables.signing_keys), await auth.audited()) == before

        for _ in range(3):
            await does_its_upkeep(serving)
            clock.advance(HOUR)
        await does_its_upkeep(serving)
        await does_its_upkeep(auth)
        kid = serving.state.keyring.signing_key.kid
        assert kid != old
        assert auth.state.keyring.signing_key.kid == kid
        assert await auth.jwks() == await serving.jwks()
        assert auth.state.standby.is_on

        clock.advance(91 * DAY)
        await has_traffic(auth)
        await does_its_upkeep(auth)
        assert len(await stored(auth, tables.signing_keys)) == 3


async def test_what_is_old_is_left_to_who_has_the_duty(tmp_path: Path, clock: ManualClock) -> None:
    """Rows without meaning stay while there is no traffic, and go once there is."""
    async with (
        running_auth_service(tmp_path, clock=clock) as serving,
        candidate(tmp_path, clock, serving) as auth,
    ):
        await serving.tokens_of(await serving.registered_person())
        codes = await stored(auth, tables.authorization_codes)
        assert codes
        clock.advance(100 * DAY)
        await does_its_upkeep(auth)
        assert await stored(auth, tables.authorization_codes) == codes

        await has_traffic(auth)
        await does_its_upkeep(auth)
        assert await stored(auth, tables.authorization_codes) == []


async def test_a_mail_is_sent_by_who_has_the_duty(tmp_path: Path, clock: ManualClock) -> None:
    """What is asked for at a candidate is stored, and sent by an instance with traffic."""
    async with SmtpServer().running() as server:
        mail = {"SELF_REGISTRATION": "by-mail", "MAIL_URL": server.url, "MAIL_FROM": SENDER}
        async with (
            running_auth_service(tmp_path, clock=clock, overrides=mail) as serving,
            candidate(tmp_path, clock, serving, **mail) as auth,
        ):
            async with auth.browser(Host=CANDIDATE) as browser:
                assert (await asks(browser, REGISTER, "ada@example.org")).status_code == 200
            await does_its_upkeep(auth)
            assert len(await stored(auth, tables.mail_requests)) == 1
            assert server.mails == []

            await does_its_upkeep(serving)
            assert len(server.mails) == 1
            assert auth.state.standby.is_on


async def test_what_others_revoke_is_refused_on_standby(tmp_path: Path, clock: ManualClock) -> None:
    """A candidate hears of what the serving instance ends, at once and in its feed."""
    async with (
        running_auth_service(tmp_path, clock=clock) as serving,
        candidate(tmp_path, clock, serving) as auth,
    ):
        tokens = await serving.tokens_of(await serving.registered_person())
        told = {"token": tokens["refresh_token"], "client_id": "netra-cli"}
        assert (await serving.http.post("/revoke", data=told)).status_code == 200

        asked = {"token": tokens["access_token"]}
        who = ("netra-backend", SERVICE_SECRETS["netra-backend"])
        answer = await auth.http.post("/introspect", data=asked, auth=who)
        assert answer.json() == {"active": False}
        feed = await auth.http.get(
            "/revocations", headers=bearer(await auth.service_token("netra-backend"))
        )
        assert len(feed.json()["items"]) == 1
        assert auth.state.standby.is_on


async def test_new_services_are_put_in_with_the_first_traffic(
    tmp_path: Path, clock: ManualClock
) -> None:
    """What the candidate's registry adds is no credential before the candidate has traffic."""
    more = service_registry({**SERVICE_SECRETS, "newcomer": strong_secret()})
    async with (
        running_auth_service(tmp_path, clock=clock) as serving,
        candidate(tmp_path, clock, serving, SERVICE_REGISTRY=more) as auth,
    ):
        known = len(await stored(auth, tables.services))
        await does_its_upkeep(auth)
        assert len(await stored(auth, tables.services)) == known

        await has_traffic(auth)

        async def is_put_in() -> bool:
            return len(await stored(auth, tables.services)) == known + 1

        await eventually(is_put_in, within=5 * UNIT)


async def test_without_any_key_a_candidate_does_not_start(
    tmp_path: Path, clock: ManualClock
) -> None:
    """On an empty keyring it refuses and says what to do; in shared-key mode it runs."""
    settings = auth_settings(tmp_path, 8001, **ON)
    await provide_store(settings)
    with pytest.raises(KeyringUnusable, match="without STANDBY_UNTIL_TRAFFIC on this store first"):
        async with opened_state(settings, clock):
            pass

    shared = {**TRUST[TokenTrustMode.SHARED_KEY], **ON}
    async with running_auth_service(tmp_path, clock=clock, overrides=shared) as auth:
        assert await stored(auth, tables.signing_keys) == []
        assert await stored(auth, tables.services) == []


async def test_health_says_standby(tmp_path: Path, clock: ManualClock) -> None:
    """All three documents say it while it lasts; asking for them, or under a tag, ends nothing."""
    with log_lines() as logged:
        async with (
            running_auth_service(tmp_path, clock=clock) as serving,
            candidate(tmp_path, clock, serving) as auth,
        ):
            forged = {"X-Forwarded-Host": SERVICE, "Forwarded": f"host={SERVICE}"}
            person = await auth.registered_person()
            assert person.user_id
            assert (await auth.http.get("/nope", headers=forged)).status_code == 404
            paths = ("/health", "/health/live", "/health/ready")
            for path in paths:
                answer = await auth.http.get(path, headers={"Host": SERVICE})
                assert answer.json()["standby"] is True
                assert (await serving.http.get(path)).json()["standby"] is False

            await has_traffic(auth)
            for path in paths:
                assert (await auth.http.get(path)).json()["standby"] is False
    assert logged.only("duties_taken_up")["path"] == "/.well-known/jwks.json"
