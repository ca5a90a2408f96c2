"""Key sets again: withdrawn in haste, kept too long, asked for at the wrong place, done right."""

from datetime import UTC, datetime, timedelta

from corpus.making.freezing import Expected
from corpus.making.network.cast import (
    Keyring,
    ago,
    around,
    calls,
    issuer,
    node,
    people,
    replaced,
    started,
    web,
)
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import Stage, Tools, commit


async def withdrawn_in_haste(tools: Tools) -> None:
    """A key is withdrawn as it was seen in a chat; a Node service refuses all tokens of it."""
    start = datetime(2026, 9, 24, 15, 48, tzinfo=UTC)
    async with Stage(tools, start, project="magpie-prod", location="us-east5") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("2026-q3")
        url = "https://login.magpie.example"
        sign = await issuer(stage, "magpie-login", url, "00061-hoy", keys, TOKEN_LIFE="28800")
        front = Front(stage, "magpie-photos", "https://photos.magpie.example")
        await front.open()
        command, env = node(stage, "verifier.mjs")
        env |= {
            "IDP_JWKS_URI": f"{sign.inside}/.well-known/jwks.json",
            "IDP_ISSUER": sign.url,
            "JWKS_MAX_AGE_MS": "20000",
            "JWKS_COOLDOWN_MS": "5000",
            "K_SERVICE": "magpie-photos",
        }
        await started(stage, front, "00190-eft", command, env)
        early, late = people("amy bo chi dov", 91), people("eli fee", 92)
        for person in early:
            await person.log_in(sign)
        await calls(stage, early, front, "/albums", 2, 7)
        keys.make("2026-q3b")
        keys.drop("2026-q3")
        withdrawn = stage.now()
        for person in late:
            await person.log_in(sign)
        await stage.sleep(25)
        await calls(stage, [*early, *late], front, "/albums", 3, 6)
        await early[0].log_in(sign)
        await calls(stage, early, front, "/albums", 1, 6)
        documents = {
            "probes.json": [await sign.probe("published keys", "/.well-known/jwks.json", 200)],
            "commits.json": [
                commit(
                    ago(withdrawn, minutes=3),
                    "Security On-call",
                    "Withdraw 2026-q3, sign with 2026-q3b",
                    "login/keys/manifest.yaml",
                ),
                commit(ago(start, hours=1), "Nils Berger", "Crop covers", "photos/covers.js"),
            ],
        }
        why = (
            "The refused tokens all name 2026-q3 ({no applicable key found}), which the key set "
            "no longer holds (probes.json#/0) since it was withdrawn (commits.json#/0); tokens of "
            "2026-q3b pass, also that of a person refused before."
        )
        expected = Expected(
            "cause_found",
            "key_rotated_without_overlap",
            why,
            "process",
            must_not=["stale_jwks", "signing_key_mismatch", "user_token_rejected"],
            pair="stale_jwks",
        )
        stage.freeze("magpie-photos-logged-out", "magpie-photos", "production", expected, documents)


async def kept_for_half_a_day(tools: Tools) -> None:
    """PyJWT's client is told to look for new keys twice a day, whatever it is asked."""
    start = datetime(2025, 11, 30, 22, 5, tzinfo=UTC)
    async with Stage(tools, start, project="tern-sandbox", location="europe-west1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("t-a")
        url = "https://sts.sandbox.tern.example"
        sign = await issuer(stage, "tern-sts", url, "00002-guv", keys, TOKEN_LIFE="7200", quiet="1")
        front = Front(stage, "tern-routes", "https://routes.sandbox.tern.example")
        await front.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            JWKS_REFRESH="ttl-only",
            JWKS_CACHE_SECONDS="43200",
            LOG_STYLE="json",
            LOGGER="routes.verify",
        )
        command = web(stage, "resource", "--no-access-log")
        await started(stage, front, "00034-imp", command, env)
        early, late = people("v1 v2 v3", 93), people("v7 v8 v9", 94)
        for person in early:
            await person.log_in(sign)
        await calls(stage, early, front, "/v1/orders", 2, 8)
        keys.make("t-b")
        for person in late:
            await person.log_in(sign)
        await calls(stage, [*late, *early], front, "/v1/orders", 3, 7)
        probe = await sign.probe("published keys", "/.well-known/jwks.json", 200)
        await replaced(stage, front, await started(stage, front, "00035-jab", command, env))
        deployed = stage.now()
        await calls(stage, [*late, *early], front, "/v1/orders", 1, 7)
        settings = {"JWKS_REFRESH": "ttl-only", "JWKS_CACHE_SECONDS": "43200"}
        revisions = [
            Revision("tern-routes", "00034-imp", ago(start, hours=9), settings),
            Revision("tern-routes", "00035-jab", deployed, settings),
        ]
        why = (
            "Tokens of t-b are refused ({signing key that matches}) while the issuer publishes "
            "both keys (probes.json#/0) and tokens of t-a pass; with 00035-jab, the same "
            "settings started anew, both pass: the set was only old."
        )
        expected = Expected(
            "cause_found",
            "stale_jwks",
            why,
            "process",
            must_not=["key_rotated_without_overlap", "signing_key_mismatch"],
            pair="key_rotated_without_overlap",
        )
        stage.freeze(
            "tern-routes-cured-by-deploy",
            "tern-routes",
            "sandbox",
            expected,
            {
                "probes.json": [probe],
                "revisions.json": first_forms(revisions),
                "traffic.json": traffic(
                    (ago(start, hours=9), revisions[0].full, 100),
                    (deployed, revisions[1].full, 100),
                ),
            },
        )


async def key_set_elsewhere(tools: Tools) -> None:
    """A deploy asks a path for keys that the identity service does not have."""
    start = datetime(2026, 6, 5, 11, 20, tzinfo=UTC)
    async with Stage(tools, start, project="plover-crm", location="europe-west3") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("pp")
        sign = await issuer(stage, "plover-id", "https://id.plover.example", "00077-mix", keys)
        front = Front(stage, "plover-leads", "https://leads.plover.example")
        await front.open()
        command, env = node(stage, "verifier.mjs")
        env |= {"IDP_ISSUER": sign.url, "K_SERVICE": "plover-leads"}
        good, bad = "/.well-known/jwks.json", "/oauth2/v3/keys"
        env["IDP_JWKS_URI"] = sign.inside + good
        await started(stage, front, "00050-nap", command, env)
        crowd = people("sales-1 sales-2 sales-3", 95)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/leads", 2, 7)
        env["IDP_JWKS_URI"] = sign.inside + bad
        await replaced(stage, front, await started(stage, front, "00051-ode", command, env))
        deployed = stage.now()
        await calls(stage, crowd, front, "/leads", 5, 7)
        revisions = [
            Revision("plover-leads", name, time, {"IDP_JWKS_URI": sign.url + path})
            for name, time, path in (
                ("00050-nap", ago(start, days=2), good),
                ("00051-ode", deployed, bad),
            )
        ]
        why = (
            "Since 00051-ode the key set's fetch is answered, not with 200 ({Expected 200 OK}): "
            "the identity service logs 404 for the path ({/oauth2/v3/keys 404}) that this "
            "revision asks (revisions.json#/1)."
        )
        expected = Expected(
            "cause_found",
            "wrong_auth_service_url",
            why,
            "process",
            must_not=["auth_service_unreachable", "stale_jwks", "user_token_rejected"],
        )
        stage.freeze(
            "plover-leads-wrong-path",
            "plover-leads",
            "production",
            expected,
            {"revisions.json": [second_form(x, stage.project, stage.location) for x in revisions]},
        )


async def rotated_as_one_should(tools: Tools) -> None:
    """A rotation with overlap, and two people whose tokens had ended: nothing is wrong."""
    start = datetime(2026, 8, 3, 10, 0, tzinfo=UTC)
    async with Stage(tools, start, project="siskin-live", location="europe-north1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("july")
        url = "https://auth.siskin.example"
        sign = await issuer(stage, "siskin-auth", url, "00012-rye", keys, TOKEN_LIFE="150")
        front = Front(stage, "siskin-tasks", "https://tasks.siskin.example")
        await front.open()
        env = around(
            stage,
            JWKS_URL=f"{sign.inside}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            LOGGER="tasks.auth",
        )
        await started(stage, front, "00101-sap", web(stage, "resource", "--no-access-log"), env)
        crowd = people("jo kit lou max nia", 96)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2, 6)
        keys.make("august")
        for person in crowd[2:]:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2, 5)
        begun = stage.now()
        while stage.now() < begun + timedelta(seconds=70):
            await calls(stage, crowd[2:], front, "/v1/orders", 1, 8)
        for person in crowd[:2]:
            await person.get(front, "/v1/orders")
            await stage.sleep(3)
            await person.log_in(sign)
            await person.get(front, "/v1/orders")
        for person in crowd[2:]:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 2, 6)
        probe = await sign.probe("published keys", "/.well-known/jwks.json", 200)
        why = (
            "Both keys are published (probes.json#/0) and tokens of both passed after the change; "
            "the two refusals are of tokens past their exp ({Signature has expired}), whose "
            "owners logged in and went on."
        )
        expected = Expected(
            "not_an_incident",
            "user_token_rejected",
            why,
            "process",
            must_not=["key_rotated_without_overlap", "stale_jwks", "clock_skew"],
            pair="key_rotated_without_overlap",
        )
        stage.freeze(
            "siskin-tasks-first-of-month",
            "siskin-tasks",
            "production",
            expected,
            {"probes.json": [probe]},
        )


async def retired_too_soon(tools: Tools) -> None:
    """A job retires the key before its tokens have ended; the API's own deploy is innocent."""
    start = datetime(2026, 5, 31, 2, 57, tzinfo=UTC)
    async with Stage(tools, start, project="gannet-eu", location="europe-southwest1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("d-30")
        url = "https://sso.gannet.example"
        sign = await issuer(
            stage, "gannet-sso", url, "00015-pug", keys, TOKEN_LIFE="43200", LOG_STYLE="keys"
        )
        front = Front(stage, "gannet-reports", "https://reports.gannet.example")
        await front.open()
        env = around(
            stage,
            OIDC_KEYS_URL=f"{sign.inside}/.well-known/jwks.json",
            OIDC_ISSUER=sign.url,
            OIDC_KEYS_TTL="20",
            LOG_STYLE="json",
            LOGGER="gannet.reports",
        )
        command = web(stage, "reports", "--no-access-log")
        await started(stage, front, "00092-rib", command, env)
        early, late = people("night-1 night-2 night-3", 97), people("day-1 day-2", 98)
        for person in early:
            await person.log_in(sign)
        await calls(stage, early, front, "/reports/stock", 1, 8)
        await replaced(stage, front, await started(stage, front, "00093-sty", command, env))
        deployed = stage.now()
        await calls(stage, early, front, "/reports/stock", 2, 8)
        keys.make("d-31")
        keys.drop("d-30")
        await stage.sleep(30)
        for person in late:
            await person.log_in(sign)
        await calls(stage, [*early, *late], front, "/reports/stock", 3, 7)
        revisions = [
            Revision("gannet-reports", "00092-rib", ago(start, days=9), {"OIDC_KEYS_TTL": "20"}),
            Revision("gannet-reports", "00093-sty", deployed, {"OIDC_KEYS_TTL": "20"}),
        ]
        why = (
            "The API reads the key set every 20 s, so it is not old; what it reads lost d-30 "
            "({No key for kid: 'd-30'}, probes.json#/0) while the issuer signs with d-31 "
            "({kid=d-31}), whose tokens pass. 00093-sty worked before that."
        )
        expected = Expected(
            "cause_found",
            "key_rotated_without_overlap",
            why,
            "process",
            must_not=["stale_jwks", "signing_key_mismatch", "wrong_auth_service_url"],
            pair="stale_jwks",
        )
        stage.freeze(
            "gannet-reports-three-o-clock",
            "gannet-reports",
            "production",
            expected,
            {
                "probes.json": [await sign.probe("key set", "/.well-known/jwks.json", 200)],
                "revisions.json": [
                    second_form(x, stage.project, stage.location) for x in revisions
                ],
            },
        )
