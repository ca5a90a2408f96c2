"""Clocks that differ, and tokens that expire as they should."""

from collections.abc import Sequence
from datetime import UTC, datetime

from corpus.making.freezing import Expected
from corpus.making.network.cast import (
    Keyring,
    Person,
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
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def visits(
    stage: Stage, crowd: Sequence[Person], sign: Front, front: Front, path: str, times: int
) -> None:
    """Let each log in and call at once and again, as a page does that tries anew."""
    for person in crowd:
        await person.log_in(sign)
        for _ in range(times):
            await person.get(front, path)
            await stage.sleep(9)


async def issuer_ahead(tools: Tools) -> None:
    """The identity service's clock is 40 s ahead; its tokens are not valid yet when they arrive."""
    start = datetime(2026, 1, 20, 8, 11, tzinfo=UTC)
    async with Stage(tools, start, project="harbor-live", location="europe-west4") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("rs-1")
        front = Front(stage, "harbor-bookings", "https://bookings.harbor.example")
        await front.open()
        sign = await issuer(
            stage, "harbor-id", "https://id.harbor.example", "00044-dud", keys, skew="40", quiet="1"
        )
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            LOGGER="bookings.guard",
            LOG_STYLE="json",
        )
        command = web(stage, "resource", "--no-access-log")
        await started(stage, front, "00150-fog", command, env)
        await visits(stage, people("c81 c07 c55 c19 c62", 41), sign, front, "/v1/orders", 7)
        probes = [
            await sign.probe("clock of harbor-id", "/healthz", 200),
            await front.probe("clock of harbor-bookings", "/healthz", 200),
        ]
        revisions = [
            Revision("harbor-bookings", "00149-pyx", ago(start, days=4), {"JWT_LEEWAY": "0"}),
            Revision("harbor-bookings", "00150-fog", ago(start, minutes=33), {"JWT_LEEWAY": "0"}),
        ]
        documents = {
            "probes.json": probes,
            "revisions.json": [second_form(x, stage.project, stage.location) for x in revisions],
            "traffic.json": traffic(
                (ago(start, days=4), revisions[0].full, 100),
                (ago(start, minutes=33), revisions[1].full, 100),
            ),
            "commits.json": [
                commit(
                    ago(start, minutes=58),
                    "Hanna Roos",
                    "Sort bookings by berth",
                    "bookings/views.py",
                )
            ],
        }
        why = (
            "Tokens are refused as not yet valid ({not yet valid}) in the first half minute "
            "after they were issued and pass later; the Date headers of the two services, "
            "taken at one moment, differ by 40 s (probes.json)."
        )
        expected = Expected(
            "cause_found",
            "clock_skew",
            why,
            "process",
            pair="user_token_rejected",
            must_not=["user_token_rejected", "signing_key_mismatch"],
        )
        stage.freeze(
            "harbor-bookings-second-try", "harbor-bookings", "production", expected, documents
        )
        twin = Expected(
            "cause_found",
            "clock_skew",
            "Without any probe the log still tells: {not yet valid} has an iat later "
            "than the entry's own time, again and again, and the same token passes "
            "half a minute later.",
            "process",
            pair="user_token_rejected",
            must_not=["user_token_rejected", "signing_key_mismatch"],
        )
        stage.freeze(
            "harbor-bookings-logs-alone",
            "harbor-bookings",
            "production",
            twin,
            {},
            services=["harbor-bookings"],
        )


async def one_slow_instance(tools: Tools) -> None:
    """One of two Node instances has a clock that is 75 s slow."""
    start = datetime(2026, 9, 8, 17, 45, tzinfo=UTC)
    async with Stage(tools, start, project="tarn-games", location="us-west1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("es9")
        sign = await issuer(
            stage,
            "tarn-auth",
            "https://auth.tarn.example",
            "00012-rid",
            keys,
            quiet="1",
            LOG_STYLE="keys",
        )
        front = Front(stage, "tarn-scores", "https://scores.tarn.example")
        await front.open()
        command, env = node(stage, "verifier.mjs")
        env |= {
            "IDP_JWKS_URI": f"{sign.inside}/.well-known/jwks.json",
            "IDP_ISSUER": sign.url,
            "K_SERVICE": "tarn-scores",
        }
        await started(stage, front, "00088-nim", command, env)
        await started(stage, front, "00088-nim", command, env, skew=-75, scaled=True)
        await visits(stage, people("p-kez p-lum p-zoe p-ari", 42), sign, front, "/scores", 12)
        probes = [await front.probe("health", "/health", 200) for _ in range(4)]
        probes.append(await sign.probe("issuer's clock", "/healthz", 200))
        why = (
            "Only one instance refuses, with a failed nbf check ({timestamp check failed}), "
            "and only tokens younger than about 75 s; the Date headers of the probes fall into "
            "two groups that far apart (probes.json)."
        )
        expected = Expected(
            "cause_found",
            "clock_skew",
            why,
            "process",
            pair="user_token_rejected",
            must_not=[
                "user_token_rejected",
                "latest_secret_split",
                "random_key_per_process",
                "stale_jwks",
            ],
        )
        stage.freeze(
            "tarn-scores-every-other-call",
            "tarn-scores",
            "production",
            expected,
            {"probes.json": probes},
        )


async def verifier_ahead(tools: Tools) -> None:
    """An API's clock is 20 minutes ahead, longer than tokens live: all of them look expired."""
    start = datetime(2025, 10, 14, 4, 20, tzinfo=UTC)
    async with Stage(tools, start, project="vireo-qa", location="europe-west6") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("main")
        sign = await issuer(
            stage,
            "vireo-sts",
            "https://sts.qa.vireo.example",
            "00020-mox",
            keys,
            LOG_STYLE="json",
            quiet="1",
        )
        front = Front(stage, "vireo-reports", "https://reports.qa.vireo.example")
        await front.open()
        env = around(
            stage,
            OIDC_KEYS_URL=f"{sign.inside}/.well-known/jwks.json",
            OIDC_ISSUER=sign.url,
            LOG_STYLE="json",
        )
        first = await started(
            stage, front, "00061-eel", web(stage, "reports", "--no-access-log"), env
        )
        crowd = people("qa-1 qa-2 robot-nightly", 43)
        await visits(stage, crowd, sign, front, "/reports/nightly", 3)
        await started(
            stage,
            front,
            "00061-eel",
            web(stage, "reports", "--no-access-log"),
            env,
            skew=1210,
            scaled=True,
        )
        front.instances.remove(first)
        await stage.stop(first, said=True)
        await visits(stage, crowd, sign, front, "/reports/nightly", 5)
        probes = [
            await front.probe("time of reports", "/ping", 200),
            await sign.probe("time of sts", "/healthz", 200),
        ]
        why = (
            "Tokens called expired ({expired_token}) were issued seconds before "
            "({issued access token}) and live 15 minutes; the API's Date header is 20 minutes "
            "ahead of the issuer's (probes.json#/0 and /1)."
        )
        expected = Expected(
            "cause_found",
            "clock_skew",
            why,
            "process",
            pair="user_token_rejected",
            must_not=["user_token_rejected", "key_rotated_without_overlap"],
        )
        stage.freeze(
            "vireo-reports-expired-at-birth",
            "vireo-reports",
            "qa",
            expected,
            {"probes.json": probes},
        )
        twin = Expected(
            "insufficient_evidence",
            None,
            "With the API's log alone tokens are expired ({expired_token}); when they "
            "were issued is not here, so people with old tokens and a clock that is "
            "ahead look the same.",
            "process",
            pair="user_token_rejected",
            acceptable=["clock_skew"],
            must_not=["user_token_rejected", "key_rotated_without_overlap"],
        )
        stage.freeze(
            "vireo-reports-half-the-story",
            "vireo-reports",
            "qa",
            twin,
            {},
            services=["vireo-reports"],
        )


async def expired_as_they_should(tools: Tools) -> None:
    """Some people come back with tokens of this morning; they are told to log in, and do."""
    start = datetime(2026, 3, 26, 10, 5, tzinfo=UTC)
    async with Stage(
        tools, start, project="ostrava-shop", location="europe-central2", jumps=True
    ) as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("sig-7")
        sign = await issuer(
            stage, "ostrava-login", "https://login.ostrava.example", "00003-vox", keys, quiet="1"
        )
        front = Front(stage, "ostrava-basket", "https://basket.ostrava.example")
        await front.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            LOGGER="basket.auth",
        )
        await started(stage, front, "00230-suq", web(stage, "resource", "--no-access-log"), env)
        crowd = people("pavel jana marek eva tomas ida", 44)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2)
        stage.jump(2700)
        for person in crowd[:2]:
            await person.get(front, "/v1/orders")
            await stage.sleep(4)
            await person.log_in(sign)
            await person.get(front, "/v1/orders")
        for person in crowd[2:]:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 3)
        revisions = first_forms(
            [
                Revision("ostrava-basket", "00229-kol", ago(start, days=2), {"JWT_LEEWAY": "0"}),
                Revision("ostrava-basket", "00230-suq", ago(start, hours=1), {"JWT_LEEWAY": "0"}),
            ]
        )
        why = (
            "Two people's tokens of an hour ago had expired ({Signature has expired}: exp is "
            "before the entry's time); both logged in again and passed; all others never "
            "failed. That is a verifier doing its work."
        )
        expected = Expected(
            "not_an_incident",
            "user_token_rejected",
            why,
            "process",
            pair="clock_skew",
            must_not=["clock_skew", "key_rotated_without_overlap", "env_var_lost"],
        )
        stage.freeze(
            "ostrava-basket-coffee-break",
            "ostrava-basket",
            "production",
            expected,
            {"revisions.json": revisions},
        )
