"""What happens on the way: redirects, certificates, and the keys of service accounts."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from corpus.making.freezing import Expected, hex_id
from corpus.making.network.cast import Keyring, around, node, people, replaced, started, web
from corpus.making.network.front import Front
from corpus.making.network.gateway import gateway
from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.rotation import ago, calls, issuer
from corpus.making.network.stage import Stage, Tools, commit


async def invoices(stage: Stage, front: Front, times: int, path: str = "/invoices/{n}") -> None:
    """Ask the calling service for something, again and again."""
    for n in range(times):
        await front.call("GET", path.format(n=4100 + n), ip="203.0.113.61")
        await stage.sleep(9)


async def moved_host(tools: Tools) -> None:
    """A gateway that passed calls on now redirects them to another host; requests drops the header."""
    start = datetime(2026, 5, 13, 10, 44, tzinfo=UTC)
    async with Stage(tools, start, project="coral-fin", location="europe-west1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("c-2")
        sign = await issuer(stage, "coral-auth", "https://auth.coral.example", "00021-jay", keys, quiet="1")
        ledger = Front(stage, "coral-ledger", "https://ledger.coral.example")
        await ledger.open()
        env = around(stage, JWKS_URL=f"{sign.inside}/.well-known/jwks.json", ISSUER_URL=sign.url, LOGGER="ledger")
        await started(stage, ledger, "00055-olm", web(stage, "resource"), env)
        edge = Front(stage, "coral-gw", "https://internal-api.coral.example")
        await edge.open()
        await gateway(stage, edge, "00012-auk", ledger, "", path="/v1")
        billing = Front(stage, "coral-billing", "https://billing.coral.example")
        await billing.open()
        env = around(stage, LEDGER_BASE_URL=edge.inside, TOKEN_URL=f"{sign.inside}/oauth/token", LOG_STYLE="json")
        await started(stage, billing, "00088-yew", web(stage, "caller", "--no-access-log"), env)
        await invoices(stage, billing, 4)
        moved = f"return 301 {ledger.inside}$request_uri;"
        await replaced(stage, edge, await gateway(stage, edge, "00013-emu", ledger, moved, path="/v1"))
        deployed = stage.now()
        await invoices(stage, billing, 7)
        good = people("probe", 81)[0]
        await good.log_in(sign)
        probes = [await edge.probe("through the gateway", "/v1/orders", 200, {"Authorization": f"Bearer {good.token}"}),
                  await ledger.probe("ledger directly", "/v1/orders", 200, {"Authorization": f"Bearer {good.token}"})]
        documents: dict[str, Any] = {
            "probes.json": probes,
            "revisions.json": [second_form(x, stage.project, stage.location) for x in (
                Revision("coral-gw", "00012-auk", ago(start, days=70)), Revision("coral-gw", "00013-emu", deployed),
                Revision("coral-billing", "00088-yew", ago(start, days=6), {"LEDGER_BASE_URL": edge.url}))],
            "commits.json": [commit(ago(deployed, minutes=14), "Yara Haddad", "Send the old name to the new one",
                                    "gateway/nginx.conf"),
                             commit(ago(deployed, minutes=50), "Ben Osei", "Round invoices to cents", "billing/money.py")]}
        why = ("Since coral-gw-00013-emu the old name answers 301 ({301}) to another host; the "
               "call that follows arrives without Authorization ({sent_authorization}) and gets "
               "401, while the same token passes directly (probes.json#/1).").replace("({301})", "({/v1/orders 301})")
        expected = Expected("cause_found", "redirect_drops_authorization", why, "process",
                            must_not=["caller_without_credential", "env_var_lost", "service_secret_mismatch",
                                      "user_token_rejected"])
        stage.freeze("coral-billing-old-name", "coral-billing", "production", expected, documents)
        twin = Expected("insufficient_evidence", None,
                        "The ledger alone sees calls that get 401 ({GET /v1/orders HTTP/1.1}) and "
                        "says nothing of what they carried; who lost the header is not here.",
                        "process", acceptable=["caller_without_credential", "redirect_drops_authorization"],
                        must_not=["env_var_lost", "service_secret_mismatch", "user_token_rejected"])
        stage.freeze("coral-ledger-callee-only", "coral-ledger", "production", twin, {}, services=["coral-ledger"])


async def plain_scheme(tools: Tools) -> None:
    """A caller's address lost its s: the redirect to https is another origin, and fetch drops the header."""
    start = datetime(2025, 12, 9, 8, 33, tzinfo=UTC)
    async with Stage(tools, start, project="ochre-mail", location="us-west2") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("kk")
        sign = await issuer(stage, "ochre-id", "https://id.ochre.example", "00006-gnu", keys, quiet="1")
        profile = Front(stage, "ochre-profile", "https://profile.ochre.example")
        await profile.open()
        env = around(stage, JWKS_URL=f"{sign.inside}/.well-known/jwks.json", ISSUER_URL=sign.url, LOG_STYLE="json")
        await started(stage, profile, "00031-owl", web(stage, "resource"), env)
        edge = Front(stage, "ochre-front", "http://profile.ochre.example")
        await edge.open()
        await gateway(stage, edge, "00002-kea", profile, f"return 308 {profile.inside}$request_uri;", path="/v1")
        mailer = Front(stage, "ochre-mailer", "https://mailer.ochre.example")
        await mailer.open()
        command, env = node(stage, "caller.mjs")
        env |= {"TOKEN_URL": f"{sign.inside}/oauth/token"}
        await started(stage, mailer, "00040-ram", command, env | {"PROFILE_URL": profile.inside})
        await invoices(stage, mailer, 3, "/v1/orders?n={n}")
        new = await started(stage, mailer, "00041-sow", command, env | {"PROFILE_URL": edge.inside})
        await replaced(stage, mailer, new)
        deployed = stage.now()
        await invoices(stage, mailer, 7, "/v1/orders?n={n}")
        revisions = first_forms([
            Revision("ochre-mailer", "00040-ram", ago(start, days=10), {"PROFILE_URL": "https://profile.ochre.example"}),
            Revision("ochre-mailer", "00041-sow", deployed, {"PROFILE_URL": "http://profile.ochre.example"})])
        why = ("00041-sow calls http:// where 00040-ram called https:// (revisions.json); each call "
               "is sent on with 308 ({308}) and then refused with 401 though the mailer had a "
               "token ({\"redirected\": true}).")
        why = why.replace("({308})", "({/v1/orders?n=4100 308})").replace('({"redirected": true})', "({profile service refused})")
        expected = Expected("cause_found", "redirect_drops_authorization", why, "process",
                            must_not=["caller_without_credential", "service_secret_mismatch",
                                      "user_token_rejected", "signing_key_mismatch"])
        stage.freeze("ochre-mailer-one-letter", "ochre-mailer", "production", expected,
                     {"revisions.json": revisions,
                      "traffic.json": traffic((ago(start, days=10), "ochre-mailer-00040-ram", 100),
                                              (deployed, "ochre-mailer-00041-sow", 100))})


class Authority:
    """A certificate authority of the stage's own, and the certificates that it gives."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.key = generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        begun = stage.begun - timedelta(days=900)
        made = self._builder(self.name, self.key.public_key(), begun, stage.begun + timedelta(days=900))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_uses(signs=True), critical=True)
        self.file = stage.folder / "ca.pem"
        self.file.write_bytes(made.sign(self.key, SHA256()).public_bytes(Encoding.PEM))

    def _builder(self, subject: x509.Name, key: Any, begins: datetime, ends: datetime) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        return made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)

    def certificate(self, host: str, ends: datetime) -> tuple[Path, Path]:
        """Give a certificate for a host, and for this machine's own address."""
        key = generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._builder(subject, key.public_key(), ends - timedelta(days=90), ends)
        names = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        files = self.stage.folder / f"{hex_id(6)}.pem", self.stage.folder / f"{hex_id(6)}.key"
        files[0].write_bytes(made.sign(self.key, SHA256()).public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files


def _uses(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, signs, signs, False, False)


def certificate_record(stage: Stage, target: str, ends: datetime, subject: str) -> dict[str, Any]:
    """Give the record of a probe that looked at a certificate."""
    said = f"subject=CN={subject} notAfter={ends:%b %d %H:%M:%S %Y} GMT"
    got = {"status": None, "close_code": None, "headers": {}, "body_excerpt": said}
    return {"time": stage.now().strftime("%Y-%m-%dT%H:%M:%SZ"), "name": "certificate", "target": target,
            "expect": {"status": 200}, "got": got, "ok": ends > stage.now()}


async def keys_behind_old_certificate(tools: Tools) -> None:
    """The certificate of the identity service expires while all is running."""
    start = datetime(2026, 10, 6, 23, 55, 30, tzinfo=UTC)
    async with Stage(tools, start, project="basalt-io", location="europe-west8") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("b1")
        sign = await issuer(stage, "basalt-auth", "https://auth.basalt.example", "00019-doe", keys, quiet="1")
        ends = datetime(2026, 10, 6, 23, 59, 0, tzinfo=UTC)
        authority = Authority(stage, "Basalt internal CA 2")
        cert, key = authority.certificate("auth.basalt.internal", ends)
        env = around(stage, ISSUER_URL=sign.url, KEYS_DIR=str(keys.folder))
        inner = await stage.run(sign.instances[0].where, web(stage, "issuer", "--no-access-log", "--ssl-keyfile", str(key),
                                "--ssl-certfile", str(cert)), env)
        stage.replacements[f"https://127.0.0.1:{inner.port}"] = "https://auth.basalt.internal"
        front = Front(stage, "basalt-jobs", "https://jobs.basalt.example")
        await front.open()
        env = around(stage, JWKS_URL=f"https://127.0.0.1:{inner.port}/.well-known/jwks.json", ISSUER_URL=sign.url,
                     JWKS_CACHE_SECONDS="60", ERRORS="blanket", LOGGER="jobs.auth", SSL_CERT_FILE=str(authority.file))
        await started(stage, front, "00204-cow", web(stage, "resource", "--no-access-log"), env)
        crowd = people("op-1 op-2 op-3", 82)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/v1/orders", 5, 12)
        await calls(stage, crowd, front, "/v1/orders", 4, 12)
        record = certificate_record(stage, "https://auth.basalt.internal", ends, "auth.basalt.internal")
        why = ("Since midnight key sets cannot be fetched because the certificate has expired "
               "({certificate has expired}); the probe shows its notAfter, 23:59 (probes.json#/0). "
               "No token was looked at.")
        expected = Expected("cause_found", "certificate_expired", why, "process",
                            acceptable=[], must_not=["auth_service_unreachable", "user_token_rejected",
                                                     "key_rotated_without_overlap", "stale_jwks"])
        stage.freeze("basalt-jobs-midnight", "basalt-jobs", "production", expected, {"probes.json": [record]},
                     services=["basalt-jobs"])


async def expired_in_node(tools: Tools) -> None:
    """A Node verifier meets an expired certificate; its log has the code alone."""
    start = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)
    async with Stage(tools, start, project="reed-stg", location="northamerica-northeast1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("rr1")
        sign = await issuer(stage, "reed-idp", "https://idp.staging.reed.example", "00004-bat", keys, quiet="1")
        authority = Authority(stage, "Reed staging CA")
        cert, key = authority.certificate("idp.staging.reed.example", start + timedelta(seconds=70))
        env = around(stage, ISSUER_URL=sign.url, KEYS_DIR=str(keys.folder))
        inner = await stage.run(sign.instances[0].where, web(stage, "issuer", "--no-access-log", "--ssl-keyfile", str(key),
                                "--ssl-certfile", str(cert)), env)
        front = Front(stage, "reed-sync", "https://sync.staging.reed.example")
        await front.open()
        command, env = node(stage, "verifier.mjs")
        env |= {"IDP_JWKS_URI": f"https://127.0.0.1:{inner.port}/.well-known/jwks.json", "IDP_ISSUER": sign.url,
                "JWKS_MAX_AGE_MS": "30000", "JWKS_COOLDOWN_MS": "5000", "K_SERVICE": "reed-sync",
                "NODE_EXTRA_CA_CERTS": str(authority.file), "STRICT_STATUS": "1"}
        await started(stage, front, "00017-hen", command, env)
        crowd = people("sync-a sync-b", 83)
        for person in crowd:
            await person.log_in(sign)
        await calls(stage, crowd, front, "/sync", 10, 8)
        why = ("The key set's fetch fails with CERT_HAS_EXPIRED ({CERT_HAS_EXPIRED}) from one "
               "moment on, the same tokens passed before; connections are made, so nothing is "
               "unreachable.")
        expected = Expected("cause_found", "certificate_expired", why, "process",
                            must_not=["auth_service_unreachable", "stale_jwks", "user_token_rejected"])
        stage.freeze("reed-sync-saturday", "reed-sync", "staging", expected, {
            "revisions.json": first_forms([Revision("reed-sync", "00017-hen", ago(start, minutes=25), {"STRICT_STATUS": "1"})])},
            services=["reed-sync"])


async def renewed_not_loaded(tools: Tools) -> None:
    """The certificate was renewed on disk; the server goes on with the old one."""
    start = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
    async with Stage(tools, start, project="slate-pay", location="europe-west1") as stage:
        keys = Keyring(stage.folder / "keys")
        keys.make("sl")
        sign = await issuer(stage, "slate-auth", "https://auth.slate.example", "00033-ewe", keys, quiet="1")
        authority = Authority(stage, "Slate issuing CA")
        ends = start + timedelta(seconds=80)
        cert, key = authority.certificate("ledger.slate.internal", ends)
        ledger = stage.where("slate-ledger", "00140-cob")
        env = around(stage, JWKS_URL=f"{sign.inside}/.well-known/jwks.json", ISSUER_URL=sign.url)
        inner = await stage.run(ledger, web(stage, "resource", "--ssl-keyfile", str(key), "--ssl-certfile", str(cert)), env)
        stage.replacements |= {f"https://127.0.0.1:{inner.port}": "https://ledger.slate.internal",
                               f"host='127.0.0.1', port={inner.port}": "host='ledger.slate.internal', port=443"}
        billing = Front(stage, "slate-billing", "https://billing.slate.example")
        await billing.open()
        env = around(stage, LEDGER_BASE_URL=f"https://127.0.0.1:{inner.port}", TOKEN_URL=f"{sign.inside}/oauth/token",
                     REQUESTS_CA_BUNDLE=str(authority.file), LOG_STYLE="json", LOGGER="billing.ledger")
        await started(stage, billing, "00061-ram", web(stage, "caller", "--no-access-log"), env)
        await invoices(stage, billing, 11)
        records = [certificate_record(stage, "https://ledger.slate.internal", ends, "ledger.slate.internal"),
                   certificate_record(stage, "file:/etc/tls/ledger/tls.crt (mounted secret, version 7)",
                                      ends + timedelta(days=89), "ledger.slate.internal")]
        why = ("Calls fail in the TLS handshake because the ledger's certificate has expired "
               "({certificate has expired}); the mounted one is new (probes.json#/1) and the "
               "served one old (#/0): renewed, and not loaded.")
        expected = Expected("cause_found", "certificate_expired", why, "process",
                            must_not=["auth_service_unreachable", "user_token_rejected", "service_secret_mismatch"],
                            acceptable=["secret_not_reloaded"])
        stage.freeze("slate-billing-renewed-in-time", "slate-billing", "production", expected,
                     {"probes.json": records}, most=46_000)


async def _exports(stage: Stage, name: str, address: str) -> tuple[Front, Front, dict[str, str], Path]:
    google = Front(stage, "oauth2", "https://oauth2.googleapis.com", silent=True)
    await google.open()
    live = stage.folder / "live.json"
    await started(stage, google, "x", web(stage, "token_endpoint", "--no-access-log"), around(stage, LIVE_KEYS=str(live)))
    key = generate_private_key(65537, 2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = f"{name}@{stage.project}.iam.gserviceaccount.com"
    kid = hex_id(40)
    live.write_text(json.dumps([kid]))
    file = stage.folder / "key.json"
    file.write_text(json.dumps({"type": "service_account", "project_id": stage.project, "private_key_id": kid,
                                "private_key": text, "client_email": account, "token_uri": f"{google.inside}/token"}))
    front = Front(stage, name, address)
    await front.open()
    env = around(stage, GOOGLE_APPLICATION_CREDENTIALS=str(file), LOGGER=f"{name}.jobs")
    return google, front, env, live


async def _publish(stage: Stage, front: Front, jobs: int) -> None:
    for n in range(jobs):
        await front.call("POST", f"/exports/batch-{220 + n}", agent="Google-Cloud-Scheduler", ip="198.51.100.77")
        await front.call("GET", "/jobs", ip="203.0.113.5")
        await stage.sleep(14)


async def key_deleted(tools: Tools) -> None:
    """Somebody tidied the keys of service accounts; one of them was in use."""
    start = datetime(2026, 7, 9, 20, 15, tzinfo=UTC)
    async with Stage(tools, start, project="finch-data", location="us-central1") as stage:
        _, front, env, live = await _exports(stage, "finch-exports", "https://exports.finch.example")
        await started(stage, front, "00066-ivy", web(stage, "exports", "--no-access-log"), env, join=True)
        await _publish(stage, front, 3)
        live.write_text("[]")
        await _publish(stage, front, 5)
        why = ("Google's token endpoint refuses the service account's assertion with invalid_grant: "
               "Invalid JWT Signature ({Invalid JWT Signature}); the same revision and key passed "
               "minutes before, and work without that account goes on: the key is gone.")
        expected = Expected("cause_found", "workload_key_deleted", why, "process",
                            must_not=["signing_key_mismatch", "clock_skew", "user_token_rejected",
                                      "key_rotated_without_overlap"])
        stage.freeze("finch-exports-spring-clean", "finch-exports", "production", expected, {
            "revisions.json": first_forms([Revision("finch-exports", "00066-ivy", ago(start, days=21),
                                                    {"GOOGLE_APPLICATION_CREDENTIALS": "/secrets/exporter.json"})]),
            "commits.json": [commit(ago(start, hours=5), "Olga Weiss", "Export empty batches too", "exports/batch.py")]},
            services=["finch-exports"], most=44_000)


async def key_deleted_quietly(tools: Tools) -> None:
    """The same without tracebacks, in JSON, after a deploy that is not to blame."""
    start = datetime(2025, 10, 2, 11, 5, tzinfo=UTC)
    async with Stage(tools, start, project="wren-analytics", location="europe-west3") as stage:
        _, front, env, live = await _exports(stage, "wren-loader", "https://loader.wren.example")
        env |= {"LOG_STYLE": "json"}
        command = web(stage, "exports", "--no-access-log")
        await started(stage, front, "00012-pea", command, env)
        await _publish(stage, front, 2)
        await replaced(stage, front, await started(stage, front, "00013-fir", command, env))
        deployed = stage.now()
        await _publish(stage, front, 3)
        live.write_text(json.dumps([hex_id(40)]))
        await _publish(stage, front, 4)
        why = ("Invalid JWT Signature from the token endpoint ({invalid_grant}) on all jobs from "
               "one moment on, some time after 00013-fir had worked with the same key file: the "
               "deploy changed nothing, the account's key did.")
        expected = Expected("cause_found", "workload_key_deleted", why, "process",
                            must_not=["signing_key_mismatch", "clock_skew", "env_var_lost", "secret_reference_lost"])
        revisions = [Revision("wren-loader", name, time, {"BATCH": size}, {"GOOGLE_APPLICATION_CREDENTIALS": "loader-key-file:2"})
                     for name, time, size in (("00012-pea", ago(start, days=4), "200"), ("00013-fir", deployed, "500"))]
        stage.freeze("wren-loader-noon", "wren-loader", "production", expected, {
            "revisions.json": [second_form(x, stage.project, stage.location) for x in revisions],
            "traffic.json": traffic((ago(start, days=4), revisions[0].full, 100), (deployed, revisions[1].full, 100))},
            services=["wren-loader"], most=46_000)


async def grant_out_of_time(tools: Tools) -> None:
    """invalid_grant again, and yet the clock: the assertion's times are not reasonable."""
    start = datetime(2026, 4, 20, 3, 3, tzinfo=UTC)
    async with Stage(tools, start, project="stoat-batch", location="us-east1") as stage:
        _, front, env, _ = await _exports(stage, "stoat-push", "https://push.stoat.example")
        command = web(stage, "exports", "--no-access-log")
        first = await started(stage, front, "00031-oak", command, env, join=True)
        await _publish(stage, front, 2)
        await started(stage, front, "00031-oak", command, env, skew=1500, scaled=True, join=True)
        await _publish(stage, front, 4)
        with contextlib.suppress(ValueError):
            front.instances.remove(first)
        await _publish(stage, front, 2)
        probe = await front.probe("time of the instance", "/jobs", 200)
        why = ("The token endpoint finds the assertion's iat and exp unreasonable ({short-lived "
               "token}), at one instance alone, whose Date header is 25 minutes ahead of the "
               "probe's time (probes.json#/0); the key itself passes at the other.")
        expected = Expected("cause_found", "clock_skew", why, "process", pair="workload_key_deleted",
                            must_not=["workload_key_deleted", "signing_key_mismatch"])
        stage.freeze("stoat-push-third-of-jobs", "stoat-push", "production", expected,
                     {"probes.json": [probe]}, services=["stoat-push"], most=46_000)
