"""Sessions kept in a database whose pool is used up."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from corpus.making.freezing import Expected
from corpus.making.network.cast import (
    Person,
    ago,
    around,
    people,
    replaced,
    started,
    web,
)
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, traffic
from corpus.making.network.postgres import postgres
from corpus.making.network.stage import Stage, Tools, commit


async def crush(stage: Stage, front: Front, crowd: list[Person], waves: int, seconds: int) -> None:
    """Let all ask for statements that keep a connection, and for themselves, at once."""
    for _ in range(waves):
        await asyncio.gather(
            *(person.get(front, f"/statement?seconds={seconds}") for person in crowd * 2),
            *(person.get(front, "/me") for person in crowd),
            crowd[0].get(front, "/rates"),
        )
        await stage.sleep(5)


async def pool_empty(tools: Tools) -> None:
    """Slow statements keep all connections; signing in waits 30 s for one and is refused."""
    start = datetime(2026, 4, 30, 16, 58, tzinfo=UTC)
    async with Stage(tools, start, project="amber-books", location="europe-west1") as stage:
        front = Front(stage, "amber-ledger", "https://ledger.amber.example")
        await front.open()
        crowd = people("f-1 f-2 f-3 f-4", 63)
        async with postgres(stage, "10.2.0.9:5432", crowd) as server:
            env = around(
                stage,
                DATABASE_DSN=server.dsn(),
                DB_POOL_SIZE="5",
                DB_MAX_OVERFLOW="2",
                ERRORS="blanket",
                LOGGER="ledger.auth",
                LOG_STYLE="json",
            )
            await started(stage, front, "00301-ohm", web(stage, "accounts", "--no-access-log"), env)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(6)
            await crush(stage, front, crowd, 3, 45)
            probes = [await front.probe("endpoint without database", "/rates", 200)]
            why = (
                "The 401s come after exactly the pool's 30 s and the log says that the pool is "
                "at its limit ({QueuePool limit}); endpoints without a database answer at once, "
                "and the same sessions pass when it is quiet."
            )
            expected = Expected(
                "cause_found",
                "pool_exhausted",
                why,
                "process",
                pair="auth_service_unreachable",
                must_not=[
                    "auth_service_unreachable",
                    "database_unreachable",
                    "user_token_rejected",
                ],
            )
            documents: dict[str, Any] = {
                "probes.json": probes,
                "revisions.json": first_forms(
                    [
                        Revision(
                            "amber-ledger",
                            "00301-ohm",
                            ago(start, days=4),
                            {"DB_POOL_SIZE": "5", "DB_MAX_OVERFLOW": "2"},
                            {"DATABASE_DSN": "amber-dsn:3"},
                        )
                    ]
                ),
            }
            stage.freeze(
                "amber-ledger-month-end", "amber-ledger", "production", expected, documents
            )


async def pool_unsaid(tools: Tools) -> None:
    """The same pressure where the service says only that the look-up failed."""
    start = datetime(2026, 9, 30, 21, 31, tzinfo=UTC)
    async with Stage(tools, start, project="amber-books-2", location="europe-west1") as stage:
        front = Front(stage, "thyme-orders", "https://orders.thyme.example")
        await front.open()
        crowd = people("z-1 z-2 z-3 z-4", 64)
        async with postgres(stage, "10.2.0.9:5432", crowd) as server:
            env = around(
                stage,
                DATABASE_DSN=server.dsn(),
                DB_POOL_SIZE="3",
                DB_MAX_OVERFLOW="1",
                ERRORS="quiet",
                LOGGER="orders",
            )
            await started(stage, front, "00020-ion", web(stage, "accounts", "--no-access-log"), env)
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(6)
            await crush(stage, front, crowd, 2, 40)
            why = (
                "401s after 30 s when many call at once ({session lookup failed}), with no word "
                "of why: a pool, a database out of reach and an identity service that hangs "
                "all fit."
            )
            expected = Expected(
                "insufficient_evidence",
                None,
                why,
                "process",
                acceptable=["pool_exhausted"],
                pair="auth_service_unreachable",
                must_not=[
                    "auth_service_unreachable",
                    "database_unreachable",
                    "user_token_rejected",
                    "env_var_lost",
                ],
            )
            stage.freeze("thyme-orders-thirty-seconds", "thyme-orders", "production", expected, {})


async def pool_with_traces(tools: Tools) -> None:
    """A deploy made statements slow; the pool's time-outs are told with tracebacks."""
    start = datetime(2026, 3, 17, 13, 45, tzinfo=UTC)
    async with Stage(tools, start, project="heath-ops", location="us-west1") as stage:
        front = Front(stage, "heath-plans", "https://plans.heath.example")
        await front.open()
        crowd = people("pl-1 pl-2 pl-3 pl-4", 104)
        async with postgres(stage, "10.5.5.5:5432", crowd) as server:
            env = around(
                stage,
                DATABASE_DSN=server.dsn(),
                DB_POOL_SIZE="4",
                DB_MAX_OVERFLOW="0",
                ERRORS="trace",
                LOGGER="plans.session",
            )
            command = web(stage, "accounts", "--no-access-log")
            await started(stage, front, "00140-hob", command, env, join=True)
            await crush(stage, front, crowd, 1, 2)
            new = await started(stage, front, "00141-jot", command, env, join=True)
            await replaced(stage, front, new)
            deployed = stage.now()
            await crush(stage, front, crowd, 2, 50)
        why = (
            "Requests wait 30 s and end in QueuePool limit of size 4 overflow 0 reached "
            "({QueuePool limit}); statements take 50 s since 00141-jot, which keeps all four "
            "connections; what needs none answers at once."
        )
        expected = Expected(
            "cause_found",
            "pool_exhausted",
            why,
            "process",
            must_not=[
                "database_unreachable",
                "auth_service_unreachable",
                "database_credentials_rotated",
            ],
            pair="database_unreachable",
        )
        stage.freeze(
            "heath-plans-slow-report",
            "heath-plans",
            "production",
            expected,
            {
                "traffic.json": traffic(
                    (ago(start, days=6), "heath-plans-00140-hob", 100),
                    (deployed, "heath-plans-00141-jot", 100),
                ),
                "commits.json": [
                    commit(
                        ago(deployed, minutes=40),
                        "Rui Sousa",
                        "Compare with last year",
                        "plans/report.py",
                    ),
                    commit(
                        ago(deployed, minutes=55),
                        "Ada Nowak",
                        "Tidy session names",
                        "plans/session.py",
                    ),
                ],
            },
            most=44_000,
        )
