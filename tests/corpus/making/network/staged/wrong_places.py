"""Identity services that are the wrong ones."""

from datetime import UTC, datetime

from corpus.making.freezing import Expected
from corpus.making.network.cast import (
    Keyring,
    ago,
    around,
    calls,
    issuer,
    people,
    replaced,
    started,
    web,
)
from corpus.making.network.front import Denial, Front
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def wrong_environment(tools: Tools) -> None:
    """A staging API is deployed with the key set of production."""
    start = datetime(2026, 4, 15, 14, 3, tzinfo=UTC)
    async with Stage(tools, start, project="fern-staging", location="us-central1") as stage:
        keys, others = Keyring(stage.folder / "keys"), Keyring(stage.folder / "others")
        keys.make("stg-2026-01")
        others.make("prd-2026-03")
        sign = await issuer(
            stage, "fern-auth", "https://auth.staging.fern.example", "00018-tin", keys, quiet="1"
        )
        prod = await issuer(
            stage, "fern-auth-prod", "https://auth.fern.example", "00090-oak", others, quiet="1"
        )
        prod.silent = True
        front = Front(stage, "fern-plots", "https://plots.staging.fern.example")
        await front.open()

        def env(at: Front) -> dict[str, str]:
            return around(
                stage,
                JWKS_URL=f"{at.inside}/.well-known/jwks.json",
                ISSUER_URL=at.url,
                LOGGER="plots.auth",
            )

        command = web(stage, "resource", "--no-access-log")
        await started(stage, front, "00071-ume", command, env(sign))
        crowd = people("t.hill g.moss r.wald", 55)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 3)
        await replaced(stage, front, await started(stage, front, "00072-ivy", command, env(prod)))
        deployed = stage.now()
        await calls(stage, crowd, front, "/v1/orders", 4)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2)
        revisions = first_forms(
            [
                Revision(
                    "fern-plots",
                    name,
                    time,
                    {
                        "JWKS_URL": f"{at.url}/.well-known/jwks.json",
                        "ISSUER_URL": at.url,
                        "LOG_STYLE": "plain",
                    },
                )
                for name, time, at in (
                    ("00071-ume", ago(start, days=11), sign),
                    ("00072-ivy", deployed, prod),
                )
            ]
        )
        documents = {
            "revisions.json": revisions,
            "traffic.json": traffic(
                (ago(start, days=11), "fern-plots-00071-ume", 100),
                (deployed, "fern-plots-00072-ivy", 100),
            ),
        }
        services = ["fern-auth", "fern-plots"]
        why = (
            "Since 00072-ivy all tokens are refused ({signing key that matches}); that revision "
            "fetches keys and expects the issuer of auth.fern.example (revisions.json#/1) in a "
            "staging project, while the tokens' iss is auth.staging.fern.example."
        )
        expected = Expected(
            "cause_found",
            "wrong_auth_service_url",
            why,
            "process",
            must_not=[
                "key_rotated_without_overlap",
                "stale_jwks",
                "env_var_lost",
                "signing_key_mismatch",
            ],
            acceptable=["wrong_issuer"],
        )
        stage.freeze(
            "fern-plots-after-cleanup",
            "fern-plots",
            "staging",
            expected,
            documents,
            services=services,
        )


async def pages_for_keys(tools: Tools) -> None:
    """The key set's address leads to a web page: the answer is HTML."""
    start = datetime(2026, 10, 1, 9, 40, tzinfo=UTC)
    async with Stage(tools, start, project="salt-prod-1", location="australia-southeast1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("s-11")
        sign = await issuer(
            stage, "salt-auth", "https://auth.salt.example", "00013-gab", keys, quiet="1"
        )
        page = Front(stage, "salt-web", "https://www.salt.example")
        await page.open()
        page.where = stage.where("salt-web", "00240-uxo")
        page.denial = Denial(200, "")
        front = Front(stage, "salt-trips", "https://trips.salt.example")
        await front.open()

        def env(at: Front) -> dict[str, str]:
            return around(
                stage,
                JWKS_URL=f"{at.inside}/.well-known/jwks.json",
                ISSUER_URL=sign.url,
                LOGGER="trips.auth",
            )

        command = web(stage, "resource", "--no-access-log")
        await started(stage, front, "00090-wap", command, env(sign))
        crowd = people("lee kim noor", 56)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2)
        await replaced(
            stage, front, await started(stage, front, "00091-yak", command, env(page), join=True)
        )
        deployed = stage.now()
        await calls(stage, crowd, front, "/v1/orders", 3)
        revisions = [
            Revision(
                "salt-trips",
                name,
                time,
                {"JWKS_URL": f"{at.url}/.well-known/jwks.json", "ISSUER_URL": sign.url},
            )
            for name, time, at in (
                ("00090-wap", ago(start, days=3), sign),
                ("00091-yak", deployed, page),
            )
        ]
        why = (
            "Since 00091-yak each call ends in a traceback because the key set is no JSON "
            "({JSONDecodeError}); that revision asks www.salt.example for it "
            "(revisions.json#/1), which answers 200 with a page."
        )
        expected = Expected(
            "cause_found",
            "wrong_auth_service_url",
            why,
            "process",
            must_not=["auth_service_unreachable", "code_error", "startup_failed"],
        )
        stage.freeze(
            "salt-trips-500s",
            "salt-trips",
            "production",
            expected,
            {
                "revisions.json": [
                    second_form(x, stage.project, stage.location) for x in revisions
                ],
                "commits.json": [
                    commit(
                        ago(deployed, minutes=15),
                        "Mei Tan",
                        "Take addresses from one settings file",
                        "deploy/trips.env",
                        "deploy/web.env",
                    )
                ],
            },
            services=["salt-trips", "salt-web"],
            most=50_000,
        )


async def staging_in_production(tools: Tools) -> None:
    """An API of production fetches the keys of staging, and goes on to expect its own issuer."""
    start = datetime(2026, 7, 30, 8, 15, tzinfo=UTC)
    async with Stage(tools, start, project="wagtail-prod", location="us-east4") as stage:
        keys, others = Keyring(stage.folder / "keys"), Keyring(stage.folder / "others")
        keys.make("live-7")
        others.make("stg-2")
        url = "https://login.wagtail.example"
        sign = await issuer(stage, "wagtail-login", url, "00044-cub", keys, LOG_STYLE="json")
        url = "https://login.staging.wagtail.example"
        wrong = await issuer(stage, "wagtail-login-stg", url, "00120-daw", others, quiet="1")
        wrong.silent = True
        front = Front(stage, "wagtail-reports", "https://reports.wagtail.example")
        await front.open()

        def env(at: Front) -> dict[str, str]:
            return around(
                stage,
                OIDC_KEYS_URL=f"{at.inside}/.well-known/jwks.json",
                OIDC_ISSUER=sign.url,
                LOG_STYLE="json",
            )

        command = web(stage, "reports", "--no-access-log")
        await started(stage, front, "00061-eft", command, env(sign))
        crowd = people("buyer-1 buyer-2 buyer-3", 99)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/reports/sales", 2, 7)
        await replaced(stage, front, await started(stage, front, "00062-gnu", command, env(wrong)))
        deployed = stage.now()
        await calls(stage, crowd, front, "/reports/sales", 2, 7)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/reports/sales", 2, 7)
        revisions = [
            Revision(
                "wagtail-reports",
                name,
                time,
                {
                    "OIDC_KEYS_URL": f"{at.url}/.well-known/jwks.json",
                    "OIDC_ISSUER": sign.url,
                },
            )
            for name, time, at in (
                ("00061-eft", ago(start, days=5), sign),
                ("00062-gnu", deployed, wrong),
            )
        ]
        why = (
            "Since 00062-gnu no key is found for live-7 ({No key for kid: 'live-7'}), old tokens "
            "and new ones alike; that revision reads the key set of login.staging.wagtail.example "
            "(revisions.json#/1) in production."
        )
        expected = Expected(
            "cause_found",
            "wrong_auth_service_url",
            why,
            "process",
            must_not=["key_rotated_without_overlap", "stale_jwks", "wrong_issuer"],
        )
        documents = {
            "revisions.json": first_forms(revisions),
            "traffic.json": traffic(
                (ago(start, days=5), "wagtail-reports-00061-eft", 100),
                (deployed, "wagtail-reports-00062-gnu", 100),
            ),
        }
        names = ["wagtail-login", "wagtail-reports"]
        stage.freeze(
            "wagtail-reports-before-nine",
            "wagtail-reports",
            "production",
            expected,
            documents,
            services=names,
        )
        del documents["revisions.json"]
        twin = Expected(
            "insufficient_evidence",
            None,
            "No key is found for live-7 since a deploy ({No key for kid: 'live-7'}); where the new "
            "revision looks for keys is not here, and what is published neither.",
            "process",
            acceptable=["wrong_auth_service_url"],
            must_not=["key_rotated_without_overlap", "stale_jwks", "signing_key_mismatch"],
        )
        stage.freeze(
            "wagtail-reports-no-settings",
            "wagtail-reports",
            "production",
            twin,
            documents,
            services=names,
        )
