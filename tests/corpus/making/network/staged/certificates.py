"""Certificates whose time is over."""

from datetime import UTC, datetime, timedelta

from corpus.making.freezing import Expected
from corpus.making.network.authority import Authority, certificate_record
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
from corpus.making.network.platform import Revision, first_forms
from corpus.making.network.stage import Stage, Tools
from corpus.making.network.staged.redirects import invoices


async def keys_behind_old_certificate(tools: Tools) -> None:
    """The certificate of the identity service expires while all is running."""
    start = datetime(2026, 10, 6, 23, 55, 30, tzinfo=UTC)
    async with Stage(tools, start, project="basalt-io", location="europe-west8") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("b1")
        sign = await issuer(
            stage, "basalt-auth", "https://auth.basalt.example", "00019-doe", keys, quiet="1"
        )
        ends = datetime(2026, 10, 6, 23, 59, 0, tzinfo=UTC)
        authority = Authority(stage, "Basalt internal CA 2")
        cert, key = authority.certificate("auth.basalt.internal", ends)
        env = around(stage, ISSUER_URL=sign.url, KEYS_DIR=str(keys.folder))
        inner = await stage.run(
            sign.instances[0].where,
            web(
                stage,
                "issuer",
                "--no-access-log",
                "--ssl-keyfile",
                str(key),
                "--ssl-certfile",
                str(cert),
            ),
            env,
        )
        stage.replacements[f"https://127.0.0.1:{inner.port}"] = "https://auth.basalt.internal"
        front = Front(stage, "basalt-jobs", "https://jobs.basalt.example")
        await front.open()
        env = around(
            stage,
            JWKS_URL=f"https://127.0.0.1:{inner.port}/.well-known/jwks.json",
            ISSUER_URL=sign.url,
            JWKS_CACHE_SECONDS="60",
            ERRORS="blanket",
            LOGGER="jobs.auth",
            SSL_CERT_FILE=str(authority.file),
        )
        await started(stage, front, "00204-cow", web(stage, "resource", "--no-access-log"), env)
        crowd = people("op-1 op-2 op-3", 82)
        for person in crowd:
            await person.log_in(sign)
        while stage.now() < ends + timedelta(seconds=150):
            await calls(stage, crowd, front, "/v1/orders", 1, 12)
        record = certificate_record(
            stage, "https://auth.basalt.internal", ends, "auth.basalt.internal"
        )
        why = (
            "Since 23:59 key sets cannot be fetched because the certificate has expired "
            "({certificate has expired}); the probe shows its notAfter, the same minute "
            "(probes.json#/0). "
            "No token was looked at."
        )
        expected = Expected(
            "cause_found",
            "certificate_expired",
            why,
            "process",
            acceptable=[],
            must_not=[
                "auth_service_unreachable",
                "user_token_rejected",
                "key_rotated_without_overlap",
                "stale_jwks",
            ],
        )
        stage.freeze(
            "basalt-jobs-midnight",
            "basalt-jobs",
            "production",
            expected,
            {"probes.json": [record]},
            services=["basalt-jobs"],
        )


async def expired_in_node(tools: Tools) -> None:
    """A Node verifier meets an expired certificate; its log has the code alone."""
    start = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
    async with Stage(tools, start, project="reed-stg", location="northamerica-northeast1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("rr1")
        sign = await issuer(
            stage, "reed-idp", "https://idp.staging.reed.example", "00004-bat", keys, quiet="1"
        )
        authority = Authority(stage, "Reed staging CA")
        cert, key = authority.certificate(
            "idp.staging.reed.example", start + timedelta(seconds=190)
        )
        env = around(stage, ISSUER_URL=sign.url, KEYS_DIR=str(keys.folder))
        inner = await stage.run(
            sign.instances[0].where,
            web(
                stage,
                "issuer",
                "--no-access-log",
                "--ssl-keyfile",
                str(key),
                "--ssl-certfile",
                str(cert),
            ),
            env,
        )
        front = Front(stage, "reed-sync", "https://sync.staging.reed.example")
        await front.open()
        command, env = node(stage, "verifier.mjs")
        env |= {
            "IDP_JWKS_URI": f"https://127.0.0.1:{inner.port}/.well-known/jwks.json",
            "IDP_ISSUER": sign.url,
            "JWKS_MAX_AGE_MS": "3600000",
            "JWKS_COOLDOWN_MS": "5000",
            "K_SERVICE": "reed-sync",
            "NODE_EXTRA_CA_CERTS": str(authority.file),
            "STRICT_STATUS": "1",
        }
        await started(stage, front, "00017-hen", command, env)
        crowd = people("sync-a sync-b", 83)
        for person in crowd:
            await person.log_in(sign)
        while stage.now() < start + timedelta(seconds=200):
            await calls(stage, crowd, front, "/sync", 1, 12)
        await started(stage, front, "00017-hen", command, env, scaled=True)
        while stage.now() < start + timedelta(seconds=400):
            await calls(stage, crowd, front, "/sync", 1, 9)
        why = (
            "The instance that started last cannot fetch the key set, CERT_HAS_EXPIRED "
            "({CERT_HAS_EXPIRED}); the older one has it and accepts the same tokens. The "
            "connection itself is made, so nothing is unreachable."
        )
        expected = Expected(
            "cause_found",
            "certificate_expired",
            why,
            "process",
            must_not=["auth_service_unreachable", "stale_jwks", "user_token_rejected"],
        )
        stage.freeze(
            "reed-sync-saturday",
            "reed-sync",
            "staging",
            expected,
            {
                "revisions.json": first_forms(
                    [
                        Revision(
                            "reed-sync", "00017-hen", ago(start, minutes=25), {"STRICT_STATUS": "1"}
                        )
                    ]
                )
            },
            services=["reed-sync"],
        )


async def renewed_not_loaded(tools: Tools) -> None:
    """The certificate was renewed on disk; the server goes on with the old one."""
    start = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
    async with Stage(tools, start, project="slate-pay", location="europe-west1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("sl")
        sign = await issuer(
            stage, "slate-auth", "https://auth.slate.example", "00033-ewe", keys, quiet="1"
        )
        authority = Authority(stage, "Slate issuing CA")
        ends = start + timedelta(seconds=200)
        cert, key = authority.certificate("ledger.slate.internal", ends)
        ledger = stage.where("slate-ledger", "00140-cob")
        env = around(stage, JWKS_URL=f"{sign.inside}/.well-known/jwks.json", ISSUER_URL=sign.url)
        inner = await stage.run(
            ledger,
            web(stage, "resource", "--ssl-keyfile", str(key), "--ssl-certfile", str(cert)),
            env,
        )
        stage.replacements |= {
            f"https://127.0.0.1:{inner.port}": "https://ledger.slate.internal",
            f"host='127.0.0.1', port={inner.port}": "host='ledger.slate.internal', port=443",
        }
        billing = Front(stage, "slate-billing", "https://billing.slate.example")
        await billing.open()
        env = around(
            stage,
            LEDGER_BASE_URL=f"https://127.0.0.1:{inner.port}",
            TOKEN_URL=f"{sign.inside}/oauth/token",
            REQUESTS_CA_BUNDLE=str(authority.file),
            LOG_STYLE="json",
            LOGGER="billing.ledger",
        )
        await started(stage, billing, "00061-ram", web(stage, "caller", "--no-access-log"), env)
        while stage.now() < ends + timedelta(seconds=75):
            await invoices(stage, billing, 1)
        records = [
            certificate_record(
                stage, "https://ledger.slate.internal", ends, "ledger.slate.internal"
            ),
            certificate_record(
                stage,
                "file:/etc/tls/ledger/tls.crt (mounted secret, version 7)",
                ends + timedelta(days=89),
                "ledger.slate.internal",
            ),
        ]
        why = (
            "Calls fail in the TLS handshake because the ledger's certificate has expired "
            "({certificate has expired}); the mounted one is new (probes.json#/1) and the "
            "served one old (#/0): renewed, and not loaded."
        )
        expected = Expected(
            "cause_found",
            "certificate_expired",
            why,
            "process",
            must_not=["auth_service_unreachable", "user_token_rejected", "service_secret_mismatch"],
            acceptable=["secret_not_reloaded"],
        )
        stage.freeze(
            "slate-billing-renewed-in-time",
            "slate-billing",
            "production",
            expected,
            {"probes.json": records},
            most=46_000,
        )
