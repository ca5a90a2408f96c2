"""Sessions kept in a database that is out of reach, or takes the password no more."""

import asyncio
from datetime import UTC, datetime

from corpus.making.freezing import Expected, hex_id
from corpus.making.network.cast import ago, around, people, replaced, started, web
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, second_form
from corpus.making.network.postgres import postgres
from corpus.making.network.stage import Stage, Tools, commit


async def password_changed(tools: Tools) -> None:
    """The database password is rotated; open connections go on, each new one fails."""
    start = datetime(2026, 3, 31, 1, 55, tzinfo=UTC)
    async with Stage(tools, start, project="cedar-bank", location="europe-west1") as stage:
        front = Front(stage, "cedar-accounts", "https://accounts.cedar.example")
        await front.open()
        crowd = people("k-1001 k-1002 k-1003 k-1004 k-1005", 61)
        async with postgres(stage, "10.61.0.3:5432", crowd, "cedar_app") as server:
            env = around(
                stage,
                DATABASE_DSN=server.dsn("cedar_app"),
                DB_POOL_SIZE="3",
                ERRORS="blanket",
                LOGGER="cedar.sessions",
            )
            command = web(stage, "accounts", "--no-access-log")
            await started(stage, front, "00118-rue", command, env)
            await asyncio.gather(*(person.get(front, "/me") for person in crowd[:2]))
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(9)
            await server.say(f"alter role cedar_app password '{hex_id(24)}'")
            changed = stage.now()
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(9)
            await asyncio.gather(*(person.get(front, "/statement?seconds=4") for person in crowd))
            await stage.sleep(10)
            await started(stage, front, "00118-rue", command, env, scaled=True)
            for person in crowd * 4:
                await person.get(front, "/me")
                await stage.sleep(6)
            await crowd[0].get(front, "/rates")
            revisions = [
                Revision(
                    "cedar-accounts",
                    "00118-rue",
                    ago(start, days=12),
                    {"DB_POOL_SIZE": "3"},
                    {"DATABASE_DSN": "cedar-accounts-dsn:6"},
                )
            ]
            why = (
                "New connections fail with password authentication failed "
                "({password authentication failed}); the old instance's open connections go on "
                "for most requests while the one started later has none, on one revision of 12 "
                "days ago: the credentials changed beneath it."
            )
            expected = Expected(
                "cause_found",
                "database_credentials_rotated",
                why,
                "process",
                must_not=[
                    "pool_exhausted",
                    "user_token_rejected",
                    "database_unreachable",
                    "latest_secret_split",
                    "random_key_per_process",
                ],
            )
            del changed
            stage.freeze(
                "cedar-accounts-after-two",
                "cedar-accounts",
                "production",
                expected,
                {
                    "revisions.json": [
                        second_form(x, stage.project, stage.location) for x in revisions
                    ]
                },
            )


async def password_changed_plainly(tools: Tools) -> None:
    """The same with tracebacks, where pooled connections end one by one."""
    start = datetime(2025, 11, 18, 19, 20, tzinfo=UTC)
    async with Stage(tools, start, project="hollow-crm", location="us-east4") as stage:
        front = Front(stage, "hollow-api", "https://api.hollow.example")
        await front.open()
        crowd = people("rep-a rep-b rep-c", 62)
        async with postgres(stage, "10.8.112.5:5432", crowd, "hollow") as server:
            env = around(stage, DATABASE_DSN=server.dsn("hollow"), DB_POOL_SIZE="2", ERRORS="trace")
            await started(
                stage, front, "00260-hum", web(stage, "accounts", "--no-access-log"), env, join=True
            )
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(8)
            await server.say(f"alter role hollow password '{hex_id(24)}'")
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(8)
            await asyncio.gather(*(person.get(front, "/statement?seconds=3") for person in crowd))
            for _ in range(3):
                await asyncio.gather(*(person.get(front, "/me") for person in crowd))
                await stage.sleep(11)
            await server.say(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename='hollow'"
            )
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(9)
            why = (
                "asyncpg's own error is password authentication failed for the API's user "
                "({InvalidPasswordError}), while requests on pooled connections pass until "
                "these end."
            )
            expected = Expected(
                "cause_found",
                "database_credentials_rotated",
                why,
                "process",
                must_not=["pool_exhausted", "database_unreachable", "code_error"],
            )
            stage.freeze(
                "hollow-api-fading",
                "hollow-api",
                "production",
                expected,
                {
                    "commits.json": [
                        commit(
                            ago(start, hours=2),
                            "Bea Novak",
                            "Log the duration of statements",
                            "api/statements.py",
                        )
                    ]
                },
                most=48_000,
            )


async def database_gone(tools: Tools) -> None:
    """The database is down: each look-up is refused at once."""
    start = datetime(2026, 1, 28, 5, 40, tzinfo=UTC)
    async with Stage(tools, start, project="larch-stg", location="us-central1") as stage:
        front = Front(stage, "larch-members", "https://members.staging.larch.example")
        await front.open()
        crowd = people("tester-1 tester-2 mona", 65)
        async with postgres(stage, "10.33.7.2:5432", crowd) as server:
            env = around(
                stage,
                DATABASE_DSN=server.dsn(),
                ERRORS="blanket",
                LOG_STYLE="keys",
                LOGGER="members.session",
            )
            await started(stage, front, "00014-spa", web(stage, "accounts", "--no-access-log"), env)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(7)
            await server.stop()
            for person in crowd * 5:
                await person.get(front, "/me")
                await stage.sleep(7)
            await crowd[0].get(front, "/rates")
            why = (
                "Each sign-in fails at once because the database refuses connections "
                "({Connect call failed}); before that connections closed in the middle; the "
                "endpoint without a database answers."
            )
            expected = Expected(
                "cause_found",
                "database_unreachable",
                why,
                "process",
                pair="pool_exhausted",
                must_not=[
                    "pool_exhausted",
                    "auth_service_unreachable",
                    "user_token_rejected",
                    "database_credentials_rotated",
                ],
            )
            stage.freeze("larch-members-dawn", "larch-members", "staging", expected, {})


async def database_silent(tools: Tools) -> None:
    """Connections to the database hang: each ends at the configured limit of 20 s, then of 40 s."""
    start = datetime(2026, 6, 17, 10, 10, tzinfo=UTC)
    async with Stage(tools, start, project="nettle-prod", location="asia-east1") as stage:
        front = Front(stage, "nettle-seats", "https://seats.nettle.example")
        await front.open()
        hole = Front(stage, "hole", "http://10.90.4.8:5432", silent=True)
        await hole.open()
        stage.replacements[f"'127.0.0.1', {hole.port}"] = "'10.90.4.8', 5432"
        crowd = people("seat-3 seat-9", 66)
        for person in crowd:
            person.token = f"s-{hex_id(12)}"
        for limit, name in (("20", "00070-tau"), ("40", "00071-rho")):
            dsn = f"postgresql+asyncpg://app:{hex_id(12)}@127.0.0.1:{hole.port}/seats"
            env = around(stage, DATABASE_DSN=dsn, DB_CONNECT_TIMEOUT=limit, ERRORS="trace")
            front.instances = []
            await started(
                stage, front, name, web(stage, "accounts", "--no-access-log"), env, join=True
            )
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(5)
            await crowd[0].get(front, "/rates")
        revisions = first_forms(
            [
                Revision(
                    "nettle-seats", "00070-tau", ago(start, minutes=1), {"DB_CONNECT_TIMEOUT": "20"}
                ),
                Revision(
                    "nettle-seats",
                    "00071-rho",
                    ago(stage.now(), minutes=3),
                    {"DB_CONNECT_TIMEOUT": "40"},
                ),
            ]
        )
        why = (
            "Every look-up ends in a connect time-out ({TimeoutError}) from the first request "
            "on; its time equals the configured 20 s and then, raised, 40 s "
            "(revisions.json): the database is out of reach, no pool is at its limit."
        )
        expected = Expected(
            "cause_found",
            "database_unreachable",
            why,
            "process",
            pair="pool_exhausted",
            must_not=["pool_exhausted", "auth_service_unreachable", "startup_failed"],
        )
        stage.freeze(
            "nettle-seats-raised-limit",
            "nettle-seats",
            "production",
            expected,
            {"revisions.json": revisions},
            most=48_000,
        )


async def database_of_no_name(tools: Tools) -> None:
    """A deploy names a database host that nobody knows."""
    start = datetime(2026, 2, 10, 7, 25, tzinfo=UTC)
    async with Stage(tools, start, project="dipper-stg", location="europe-west4") as stage:
        front = Front(stage, "dipper-visits", "https://visits.staging.dipper.example")
        await front.open()
        crowd = people("nurse-1 nurse-2 desk", 103)
        async with postgres(stage, "visits-db.internal:5432", crowd) as server:
            more = {"ERRORS": "trace", "LOGGER": "visits.session"}
            command = web(stage, "accounts", "--no-access-log")
            env = around(stage, DATABASE_DSN=server.dsn(), **more)
            await started(stage, front, "00015-fen", command, env)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(7)
            dsn = server.dsn().replace("127.0.0.1", "visits-database.invalid")
            env = around(stage, DATABASE_DSN=dsn, **more)
            new = await started(stage, front, "00016-gin", command, env, join=True)
            await replaced(stage, front, new)
            deployed = stage.now()
            for person in crowd * 3:
                await person.get(front, "/me")
                await stage.sleep(7)
            await crowd[0].get(front, "/rates")
        revisions = first_forms(
            [
                Revision(
                    "dipper-visits",
                    "00015-fen",
                    ago(start, days=8),
                    {"DB_HOST": "visits-db.internal"},
                ),
                Revision(
                    "dipper-visits", "00016-gin", deployed, {"DB_HOST": "visits-database.invalid"}
                ),
            ]
        )
        why = (
            "Since 00016-gin each look-up of a session fails because the database's name is not "
            "known ({Name or service not known}); that revision has another DB_HOST "
            "(revisions.json). Sessions and tokens are as before."
        )
        expected = Expected(
            "cause_found",
            "database_unreachable",
            why,
            "process",
            must_not=["pool_exhausted", "auth_service_unreachable", "user_token_rejected"],
            pair="auth_service_unreachable",
        )
        stage.freeze(
            "dipper-visits-renamed-host",
            "dipper-visits",
            "staging",
            expected,
            {"revisions.json": revisions},
            most=48_000,
        )
