"""PostgreSQL goes away and comes back: 503 meanwhile, and nobody has to restart anything."""

import asyncio
from pathlib import Path

import pytest

from fakes.postgres import MISSING, programs, running_postgres
from fakes.requirements import require
from fakes.running_auth import (
    SERVICE_SECRETS,
    Pkce,
    RunningAuth,
    authorize_path,
    bearer,
    running_auth_service,
    stores,
)
from netra_auth.store.engine import Database, StoreContended

BACKEND = ("netra-backend", SERVICE_SECRETS["netra-backend"])


async def answers(auth: RunningAuth, token: str) -> dict[str, int]:
    """Ask a few routes, each of which needs the store; give what they answered."""
    session = {"Cookie": "netra_session=x"}
    asked = {
        "token": await auth.service_answer("netra-backend"),
        "introspect": await auth.http.post("/introspect", data={"token": token}, auth=BACKEND),
        "feed": await auth.http.get("/revocations", headers=bearer(token)),
        "authorize": await auth.http.get(authorize_path(Pkce.new()), headers=session),
    }
    assert all("retry-after" in a.headers for a in asked.values() if a.status_code == 503)
    return {name: answer.status_code for name, answer in asked.items()}


@pytest.mark.long
@pytest.mark.sqlite_only
async def test_an_outage_of_postgresql_is_503_until_it_is_over(tmp_path: Path) -> None:
    """While the server is away every answer is 503; when it is back, so is the service (43)."""
    require("postgres", programs() is not None, MISSING)
    with running_postgres() as server:
        stores[tmp_path] = await server.migrated_database()
        try:
            async with running_auth_service(tmp_path) as auth:
                token = await auth.service_token("netra-backend")
                good = {"token": 200, "introspect": 200, "feed": 200, "authorize": 303}
                assert await answers(auth, token) == good

                server.stop()
                away = await answers(auth, token)
                ready = (await auth.http.get("/health/ready")).status_code
                server.start()
                back = await answers(auth, token)

                assert set(away.values()) == {503}
                assert ready == 503
                assert back == good
                assert (await auth.state.audit_records.verified()).is_whole
        finally:
            del stores[tmp_path]


@pytest.mark.long
@pytest.mark.sqlite_only
async def test_waiting_for_each_other_is_contention_and_no_fault(tmp_path: Path) -> None:
    """Of two transactions that wait for each other one goes on; the other may be done again."""
    require("postgres", programs() is not None, MISSING)
    with running_postgres() as server:
        stores[tmp_path] = await server.migrated_database()
        try:
            async with running_auth_service(tmp_path) as auth:
                first, second = auth.state.database, Database(auth.settings.database_url)
                outcome = await _entangled(first, second)
                await second.close()
        finally:
            del stores[tmp_path]

    assert isinstance(outcome, StoreContended)


async def _entangled(first: Database, second: Database) -> BaseException | None:
    """Lock two rows in opposite orders; give how the loser was told."""
    lock = "UPDATE services SET name = name WHERE service_id = '{}'"
    both_hold = asyncio.Barrier(2)

    async def take(database: Database, *names: str) -> None:
        async with database.transaction() as transaction:
            for place, name in enumerate(names):
                await transaction.connection.exec_driver_sql(lock.format(name))
                if place == 0:
                    await both_hold.wait()

    outcomes = await asyncio.gather(
        take(first, "netra-backend", "netra-ops"),
        take(second, "netra-ops", "netra-backend"),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 1, outcomes
    return next(outcome for outcome in outcomes if outcome is not None)
