"""The service's own work and its own health, with a good, a refused and an absent credential."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from fakes.auth_service import FakeAuthService
from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.timing import UNIT, eventually
from netra.errors import AuthServiceUnreachable, OwnCredentialUnproven, PermissionDenied
from netra.principal import ServiceIdentity, ServicePrincipal
from netra.wire.auth_api import RevocationKind
from netra_backend.app.db.sessions.service_session import service_authentication_context
from netra_backend.app.db.tables import Thread

REQUESTED = (
    "Creating session for service user 'service:netra-backend' - "
    "validating using service-to-service authentication"
)
CREATED = "SERVICE USER SESSION: Created session for service user_id='service:netra-backend'"


async def report(client: httpx2.AsyncClient, path: str) -> tuple[int, dict[str, Any]]:
    """Ask for a health report."""
    answer = await client.get(path)
    return answer.status_code, answer.json()


async def wait_until_well(client: httpx2.AsyncClient) -> None:
    """Wait until everything is well."""

    async def well() -> bool:
        return (await client.get("/health")).status_code == 200

    await eventually(well, within=10 * UNIT)


async def test_the_services_own_work_opens_its_session_after_proof(
    store: Path, auth: FakeAuthService, logged: LogLines
) -> None:
    """The context proves the credential, logs both events, and gives the service's session."""
    async with (
        running_backend(store, auth=auth) as backend,
        backend.state.service_authentication_context("nightly_count") as session,
    ):
        assert str(session.principal) == "service:netra-backend"
        assert isinstance(session.principal, ServicePrincipal)
        assert await session.scalar(select(func.count(Thread.id))) == 0

    requested = logged.only("service_session_requested")
    created = logged.only("service_session_created")
    assert requested["message"] == REQUESTED
    assert created["message"] == CREATED
    assert requested["operation"] == created["operation"] == "nightly_count"
    assert requested["severity"] == created["severity"] == "INFO"


async def test_a_refused_credential_opens_no_session_and_users_go_on(
    store: Path, auth: FakeAuthService, logged: LogLines
) -> None:
    """With a wrong secret the service's own work gets no session, and users notice nothing."""
    settings = backend_settings(store, AUTH_SERVICE_URL=auth.issuer.url)
    async with (
        running_backend(store, auth=auth, settings=settings) as backend,
        backend.as_user("usr_anna") as user,
        backend.client() as anyone,
    ):
        with pytest.raises(OwnCredentialUnproven):
            async with backend.state.service_authentication_context("nightly_count"):
                pytest.fail("a session was opened")
        assert (await user.get("/api/session")).status_code == 200
        created = await user.post("/api/threads", json={"title": "t"})
        assert created.status_code == 201
        ready_status, ready = await report(anyone, "/health/ready")
        status, health = await report(anyone, "/health")

    assert not logged.of("service_session_created")
    assert (ready_status, ready["status"]) == (200, "degraded")
    assert (status, health["status"]) == (503, "degraded")
    assert health["checks"]["database"]["status"] == "ok"
    assert health["checks"]["own_credential"]["status"] == "degraded"
    assert "SERVICE_SECRET" in health["checks"]["own_credential"]["reason"]
    assert settings.service_secret.reveal() not in logged.text
    assert len(logged.of("critical_auth_failure")) == 1


async def test_an_absent_auth_service_is_could_not_decide(backend: RunningBackend) -> None:
    """With nobody to ask, the service's own work is refused as undecided; users go on."""
    with pytest.raises(AuthServiceUnreachable):
        async with backend.state.service_authentication_context("nightly_count"):
            pytest.fail("a session was opened")
    async with backend.as_user("usr_anna") as client:
        assert (await client.get("/api/threads")).status_code == 200
        ready_status, ready = await report(client, "/health/ready")
        status, health = await report(client, "/health")

    assert (ready_status, ready["status"]) == (200, "degraded")
    assert status == 503
    assert health["checks"]["auth_service"]["status"] == "degraded"
    assert health["checks"]["revocation_feed"]["status"] == "degraded"


async def test_another_services_proof_opens_nothing(backend: RunningBackend) -> None:
    """A validator that proves somebody else does not open this service's session."""

    async def prove(_operation: str) -> ServicePrincipal:
        return ServicePrincipal("netra-ops", frozenset({"sessions:open"}), "tok_1", 2e9)

    with pytest.raises(OwnCredentialUnproven):
        async with service_authentication_context(
            "work",
            database=backend.state.database,
            identity=ServiceIdentity("netra-backend"),
            validate=prove,
        ):
            pytest.fail("a session was opened")


async def test_a_proven_service_still_needs_the_permission(backend: RunningBackend) -> None:
    """Proof of who it is does not open a session without `sessions:open`."""

    async def prove(_operation: str) -> ServicePrincipal:
        return ServicePrincipal("netra-backend", frozenset({"service:status"}), "tok_1", 2e9)

    with pytest.raises(PermissionDenied):
        async with service_authentication_context(
            "work",
            database=backend.state.database,
            identity=ServiceIdentity("netra-backend"),
            validate=prove,
        ):
            pytest.fail("a session was opened")


async def test_an_exception_in_the_work_is_not_an_authentication_failure(
    store: Path, auth: FakeAuthService, logged: LogLines
) -> None:
    """What the service's own work raises passes unchanged, rolled back, blamed on nobody else."""
    async with running_backend(store, auth=auth) as backend:
        with pytest.raises(ZeroDivisionError):
            async with backend.state.service_authentication_context("nightly_count"):
                _ = 1 / 0

    assert not logged.of("critical_auth_failure")
    assert not [line for line in logged.all() if line["severity"] == "CRITICAL"]


async def test_everything_well_is_200_everywhere(store: Path, auth: FakeAuthService) -> None:
    """With database, auth service, own credential and feed in order all three answer 200."""
    async with running_backend(store, auth=auth) as backend, backend.client() as client:
        await wait_until_well(client)
        status, health = await report(client, "/health")
        ready_status, ready = await report(client, "/health/ready")
        live_status, live = await report(client, "/health/live")

    assert (status, ready_status, live_status) == (200, 200, 200)
    assert health["status"] == ready["status"] == live["status"] == "ok"
    assert set(health["checks"]) == {
        "database",
        "auth_service",
        "own_credential",
        "revocation_feed",
        "event_writer",
        "run_engine",
    }
    assert health["service"] == "netra-backend"
    assert health["revision"] == "netra-backend-00001-tst"


async def test_health_asks_the_auth_service_nothing(store: Path, auth: FakeAuthService) -> None:
    """Health is answered from what is known: a hundred questions cause no call."""
    async with running_backend(store, auth=auth) as backend, backend.client() as client:
        await wait_until_well(client)
        before = dict(auth.calls)
        await asyncio.gather(*(client.get("/health") for _ in range(100)))
        asked = sum(auth.calls.values()) - sum(before.values())

    assert asked <= 1  # The feed may have been due.


async def test_the_auth_service_coming_back_is_noticed_by_itself(
    store: Path, logged: LogLines
) -> None:
    """A backend that started alone becomes well when the auth service appears."""
    auth = FakeAuthService()
    async with auth.running() as served:
        port = served.port
    async with running_backend(store, auth=auth) as backend, backend.client() as client:
        status, health = await report(client, "/health/ready")
        assert (status, health["status"]) == (200, "degraded")
        async with auth.running(port):
            await eventually(lambda: bool(logged.of("revocation_feed_up")), within=20 * UNIT)
            await wait_until_well(client)


async def test_a_revoked_session_ends_within_a_second(store: Path, auth: FakeAuthService) -> None:
    """A revocation in the feed refuses the token it concerns, and nobody else's (checklist 48)."""
    async with (
        running_backend(store, auth=auth) as backend,
        backend.as_user("usr_anna") as anna,
        backend.as_user("usr_berta") as berta,
    ):
        await wait_until_well(anna)
        assert (await anna.get("/api/me")).status_code == 200
        await auth.revoke(RevocationKind.SESSION, "ses_anna")

        async def refused() -> bool:
            return (await anna.get("/api/me")).status_code == 401

        await eventually(refused, within=UNIT)
        assert (await berta.get("/api/me")).status_code == 200
