"""Identity services that cannot be reached."""

from datetime import UTC, datetime
from typing import Any, Final

from corpus.making.freezing import Expected, platform_entry
from corpus.making.network.cast import (
    Keyring,
    ago,
    around,
    calls,
    issuer,
    node,
    people,
    started,
    web,
)
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, second_form
from corpus.making.network.stage import Stage, Tools, commit

NO_ANSWER: Final[dict[str, Any]] = {"status": None, "close_code": None, "headers": {}}


def unanswered(stage: Stage, name: str, target: str, text: str) -> dict[str, Any]:
    """Give the record of a probe that got no answer at all."""
    time = stage.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    got = NO_ANSWER | {"body_excerpt": text}
    expect = {"status": 200}
    return {"time": time, "name": name, "target": target, "expect": expect, "got": got, "ok": False}


async def refused(tools: Tools) -> None:
    """The identity service listens no more; the API finds out when its key set is old."""
    start = datetime(2026, 6, 9, 15, 52, tzinfo=UTC)
    async with Stage(tools, start, project="quill-prod", location="europe-west3") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("q1")
        sign = await issuer(
            stage, "quill-auth", "http://quill-auth.internal:8081", "00009-zed", keys, quiet="1"
        )
        front = Front(stage, "quill-docs", "https://docs-api.quill.example")
        await front.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            JWKS_CACHE_SECONDS="60",
            LOGGER="docs.auth",
            JWKS_TIMEOUT="5",
        )
        await started(
            stage, front, "00311-nun", web(stage, "resource", "--no-access-log"), env, join=True
        )
        crowd = people("w-100 w-200 w-300", 51)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 3)
        port = sign.port
        await sign.close()
        await stage.stop(sign.instances[0], said=True)
        await calls(stage, crowd, front, "/v1/orders", 5)
        await crowd[0].get(front, "/v1/catalogue")
        probes = [
            unanswered(
                stage, "key set", sign.url + "/.well-known/jwks.json", "connect: connection refused"
            ),
            await front.probe("open endpoint", "/v1/catalogue", 200),
        ]
        await sign.open(port)
        command = web(stage, "issuer", "--no-access-log")
        env = around(stage, ISSUER_URL=sign.url, KEYS_DIR=str(keys.folder))
        sign.instances = []
        await started(stage, sign, "00009-zed", command, env)
        await calls(stage, crowd, front, "/v1/orders", 2)
        revisions = first_forms(
            [
                Revision(
                    "quill-docs",
                    "00310-uch",
                    ago(start, days=8),
                    {"JWKS_URL": sign.url + "/.well-known/jwks.json"},
                ),
                Revision(
                    "quill-docs",
                    "00311-nun",
                    ago(start, hours=2),
                    {"JWKS_URL": sign.url + "/.well-known/jwks.json"},
                ),
            ]
        )
        why = (
            "The identity service shut down ({Shutting down}) and connections to it were "
            "refused ({Connection refused}, probes.json#/0); calls that need no identity went "
            "on; all is well once it listens again."
        )
        expected = Expected(
            "cause_found",
            "auth_service_unreachable",
            why,
            "process",
            must_not=["pool_exhausted", "database_unreachable", "stale_jwks", "env_var_lost"],
            pair="pool_exhausted",
        )
        stage.freeze(
            "quill-docs-tuesday-outage",
            "quill-docs",
            "production",
            expected,
            {"probes.json": probes, "revisions.json": revisions},
        )


async def hanging(tools: Tools) -> None:
    """The identity service accepts connections and never answers; the API answers 401 for it."""
    start = datetime(2026, 2, 27, 23, 12, tzinfo=UTC)
    async with Stage(tools, start, rate=25, project="pylon-prd", location="us-east1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("a7")
        sign = await issuer(
            stage, "pylon-identity", "https://identity.pylon.example", "00066-cap", keys, quiet="1"
        )
        front = Front(stage, "pylon-claims", "https://claims.pylon.example")
        await front.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            JWKS_CACHE_SECONDS="60",
            LOGGER="claims.auth",
            JWKS_TIMEOUT="30",
            ERRORS="blanket",
            LOG_STYLE="json",
        )
        await started(stage, front, "00402-lar", web(stage, "resource", "--no-access-log"), env)
        crowd = people("h-1 h-2 h-3 h-4", 52)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2)
        sign.state = "hanging"
        await calls(stage, crowd, front, "/v1/orders", 4, 5)
        await crowd[0].get(front, "/v1/catalogue")
        probes = [
            unanswered(
                stage,
                "key set",
                sign.url + "/.well-known/jwks.json",
                "no answer within 10 s (connected)",
            ),
            await front.probe("open endpoint", "/v1/catalogue", 200),
        ]
        documents = {
            "probes.json": probes,
            "revisions.json": [
                second_form(
                    Revision(
                        "pylon-claims",
                        "00402-lar",
                        ago(start, minutes=50),
                        {"JWKS_TIMEOUT": "30", "CLAIMS_DB_POOL_TIMEOUT": "30"},
                    ),
                    stage.project,
                    stage.location,
                )
            ],
            "commits.json": [
                commit(
                    ago(start, minutes=80),
                    "Ravi Menon",
                    "Raise pool size of the claims database",
                    "claims/db.py",
                )
            ],
        }
        why = (
            "The 401s come after 30 s because the key set of the identity service cannot be "
            "fetched ({timed out}); the probe connects and gets no answer (probes.json#/0), "
            "endpoints without identity answer at once. No line speaks of a pool."
        )
        expected = Expected(
            "cause_found",
            "auth_service_unreachable",
            why,
            "process",
            must_not=["pool_exhausted", "database_unreachable", "user_token_rejected"],
            pair="pool_exhausted",
        )
        stage.freeze(
            "pylon-claims-half-minute-401",
            "pylon-claims",
            "production",
            expected,
            documents,
            services=["pylon-claims"],
        )


async def refused_in_node(tools: Tools) -> None:
    """A Node service books a refused connection as a bad token."""
    start = datetime(2025, 11, 5, 12, 0, tzinfo=UTC)
    async with Stage(tools, start, project="mesa-dev", location="southamerica-east1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("m0")
        sign = await issuer(
            stage, "mesa-users", "http://10.20.0.7:4000", "00002-abo", keys, quiet="1"
        )
        stage.replacements[f"127.0.0.1:{sign.port}"] = "10.20.0.7:4000"
        front = Front(stage, "mesa-feed", "https://feed.dev.mesa.example")
        await front.open()
        command, env = node(stage, "verifier.mjs")
        env |= {
            "IDP_JWKS_URI": f"{sign.inside}/.well-known/jwks.json",
            "IDP_ISSUER": sign.url,
            "JWKS_MAX_AGE_MS": "60000",
            "JWKS_COOLDOWN_MS": "10000",
            "K_SERVICE": "mesa-feed",
        }
        await started(stage, front, "00045-wix", command, env)
        crowd = people("dev-ana dev-bo dev-cy", 53)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/feed", 2, 6)
        await sign.close()
        await calls(stage, crowd, front, "/feed", 7, 6)
        why = (
            "Each refusal names its cause: fetch failed with ECONNREFUSED ({ECONNREFUSED}); no "
            "claim or signature was ever looked at, and the same tokens passed before."
        )
        expected = Expected(
            "cause_found",
            "auth_service_unreachable",
            why,
            "process",
            must_not=["user_token_rejected", "stale_jwks", "signing_key_mismatch"],
        )
        stage.freeze(
            "mesa-feed-invalid-tokens",
            "mesa-feed",
            "development",
            expected,
            {},
            services=["mesa-feed"],
        )


async def issuer_crashes(tools: Tools) -> None:
    """The identity service is killed for its memory; its front answers 503 in its place."""
    start = datetime(2026, 8, 17, 2, 30, tzinfo=UTC)
    async with Stage(tools, start, project="delta-core-eu", location="europe-west2") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("z3")
        sign = await issuer(
            stage,
            "delta-tokens",
            "https://tokens.delta.example",
            "00120-ram",
            keys,
            quiet="1",
            LOG_STYLE="json",
        )
        front = Front(stage, "delta-reports", "https://reports.delta.example")
        await front.open()
        env = around(
            stage,
            OIDC_KEYS_URL=f"{sign.inside}/.well-known/jwks.json",
            OIDC_ISSUER=sign.url,
            OIDC_KEYS_TTL="60",
            LOG_STYLE="json",
            ON_OUTAGE="401",
        )
        await started(stage, front, "00031-dot", web(stage, "reports", "--no-access-log"), env)
        crowd = people("n-5 n-6 n-7 n-8", 54)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/reports/cash", 2, 7)
        stage.entries.append(
            platform_entry(
                sign.instances[0].where,
                stage.now(),
                "Memory limit of 512 MiB exceeded with 531 MiB used. Consider "
                "increasing the memory "
                "limit, see https://cloud.google.com/run/docs/configuring/memory-limits",
                "ERROR",
            )
        )
        await stage.stop(sign.instances[0], said=True)
        sign.instances = []
        await calls(stage, crowd, front, "/reports/cash", 5, 7)
        why = (
            "The tokens service ran out of memory ({Memory limit of 512 MiB}) and answered 503 "
            "from then on; the reports service could not read the key set "
            "({auth.keys_unavailable}) and answered 401 though it looked at no token."
        )
        expected = Expected(
            "cause_found",
            "auth_service_unreachable",
            why,
            "process",
            must_not=[
                "user_token_rejected",
                "stale_jwks",
                "signing_key_mismatch",
                "invoker_missing",
            ],
        )
        stage.freeze("delta-reports-night-run", "delta-reports", "production", expected, {})
        twin = Expected(
            "insufficient_evidence",
            None,
            "Only the front's entries are left: 401 from the API and nothing of why "
            "({/reports/cash 401}).",
            "process",
            must_not=["user_token_rejected", "signing_key_mismatch", "env_var_lost", "stale_jwks"],
        )
        stage.entries = [x for x in stage.entries if "httpRequest" in x]
        stage.freeze(
            "delta-reports-access-only",
            "delta-reports",
            "production",
            twin,
            {},
            services=["delta-reports"],
        )
