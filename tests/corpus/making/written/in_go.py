"""Incidents of a service in Go, after what gobreaker and Go's runtime print; by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from corpus.making.freezing import Expected, Salt, Where, hex_id
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.written.java_and_go_texts import FAILED_PROBE, GO_HOST, NOT_READY
from corpus.making.written.script import Script


def _till(
    s: Script,
    w: Where,
    status: int,
    message: str,
    level: str = "INFO",
    latency: float = 0.021,
    **more: object,
) -> None:
    path = s.dice.choice(("/v1/tills/7", "/v1/tills/12/close", "/v1/receipts"))
    s.ask(w, GO_HOST, path, status, latency)
    fields = "".join(
        f',"{k}":{v if isinstance(v, int | float) else chr(34) + str(v) + chr(34)}'
        for k, v in more.items()
    )
    s.say(
        w,
        f'{{"time":"{{t}}","severity":"{level}","message":"{message}","path":"{path}","status":{status}{fields}}}',
    )
    s.wait(12)


def breaker_of_a_dead_sso(name: str, *, with_probe: bool) -> None:
    """Gobreaker opens because the identity provider does not resolve any more."""
    s = Script("tillworks", "europe-west2", datetime(2026, 4, 1, 16, 33, tzinfo=UTC), 7)
    a, b = s.where("tiller", "tiller-00037-yub"), s.where("tiller", "tiller-00037-yub")
    for _ in range(5):
        _till(s, a, 200, "served", caller="pos-114")
        _till(s, b, 200, "served", caller="pos-031")
    for _ in range(3):
        for w in (a, b):
            for _ in range(2):
                _till(
                    s,
                    w,
                    503,
                    "authentication not decided",
                    "ERROR",
                    0.03,
                    error="Post https://id.tillworks.example/check: dial tcp: lookup id.tillworks.example on 169.254.169.254:53: no such host",
                )
            _till(
                s,
                w,
                503,
                "authentication not decided",
                "ERROR",
                0.001,
                error="circuit breaker is open",
            )
            _till(
                s,
                w,
                503,
                "authentication not decided",
                "ERROR",
                0.001,
                error="circuit breaker is open",
            )
        s.say(
            a,
            '{"time":"{t}","severity":"WARNING","message":"breaker state","breaker":"id","from":"open","to":"half-open"}',
        )
        s.wait(40)
    documents = (
        {
            "probes.json": [
                probe(
                    s.now,
                    "id resolves",
                    "https://id.tillworks.example/healthz",
                    "200",
                    None,
                    ok=False,
                    error="could not resolve host",
                )
            ]
        }
        if with_probe
        else {}
    )
    s.freeze(
        name,
        "tiller",
        "production",
        documents,
        Expected(
            "cause_found",
            "auth_service_unreachable",
            "Both instances fail; each half-open trial fails again with `no such host` for id.tillworks.example"
            + (", as the probe does" if with_probe else "")
            + ". `circuit breaker is open` in between is a consequence.",
            "written",
            must_not=("breaker_stuck_open", "wrong_auth_service_url", "user_token_rejected"),
            pair="breaker_stuck_open",
        ),
    )


def panic_in_init() -> None:
    """A regular expression that does not compile ends each start."""
    s = Script("tillworks", "europe-west2", datetime(2026, 8, 6, 10, 10, tzinfo=UTC), 8)
    old, new = s.where("tiller", "tiller-00044-cup"), "tiller-00045-lag"
    for _ in range(6):
        _till(s, old, 200, "served", caller="pos-090")
    deployed = s.now
    for _ in range(3):
        w = s.where("tiller", new)
        s.say(
            w,
            "panic: regexp: Compile(`^pos-(?P<no\\d+)$`): error parsing regexp: invalid named capture: `(?P<no\\d+)$`",
            "",
            "goroutine 1 [running]:",
            "regexp.MustCompile({0xa1c5e0, 0x14})",
            "\t/usr/local/go/src/regexp/regexp.go:315 +0xb4",
            "example.com/tiller/internal/caller.init()",
            "\t/app/internal/caller/caller.go:17 +0x2a",
            stream="stderr",
        )
        s.platform(w, "Container called exit(2).", "WARNING")
        s.platform(w, FAILED_PROBE, "ERROR")
        s.wait(12)
    for _ in range(5):
        _till(s, old, 200, "served", caller="pos-101")
    env: dict[str, str | SecretOf] = {
        "ID_URL": "https://id.tillworks.example",
        "HMAC_SEED": SecretOf("tiller-hmac", "2"),
    }
    s.freeze(
        "tiller-panic-at-start",
        "tiller",
        "production",
        {
            "revisions.json": revisions_v1(
                "tiller",
                s.project,
                s.location,
                [
                    Revision(
                        "tiller-00044-cup",
                        s.began - timedelta(days=2),
                        f"europe-west2-docker.pkg.dev/tillworks/a/tiller@sha256:{hex_id(64)}",
                        env,
                    ),
                    Revision(
                        new,
                        deployed,
                        f"europe-west2-docker.pkg.dev/tillworks/a/tiller@sha256:{hex_id(64)}",
                        env,
                        NOT_READY,
                    ),
                ],
            ),
            "commits.json": [
                commit(
                    deployed - timedelta(minutes=17),
                    "Shauna Byrne",
                    "Name the group in the caller's pattern",
                    ["internal/caller/caller.go"],
                )
            ],
        },
        Expected(
            "cause_found",
            "startup_failed",
            "Each start panics in package init of internal/caller (regexp.MustCompile) and exits 2 before it listens; no request reaches that revision.",
            "written",
            acceptable=(),
            must_not=("missing_module", "code_error", "env_var_lost"),
            pair="code_error",
        ),
    )


def nil_in_a_handler() -> None:
    """A handler dereferences nil for receipts without a customer."""
    s = Script("tillworks", "europe-west2", datetime(2026, 11, 11, 19, 19, tzinfo=UTC), 9)
    old, new = s.where("tiller", "tiller-00049-hip"), s.where("tiller", "tiller-00050-vow")
    for _ in range(7):
        _till(s, old, 200, "served", caller="pos-090")
    deployed = s.now
    s.say(
        new,
        '{"time":"{t}","severity":"INFO","message":"tiller listens","port":8080,"version":"1.50.0"}',
    )
    for turn in range(14):
        if turn % 3 == 1:
            s.ask(new, GO_HOST, "/v1/receipts", 500, 0.004, "POST")
            s.say(
                new,
                "{g} http: panic serving 169.254.169.126:40112: runtime error: invalid memory address or nil pointer dereference",
                "goroutine 118 [running]:",
                "net/http.(*conn).serve.func1()",
                "\t/usr/local/go/src/net/http/server.go:1898 +0xbe",
                "panic({0x9d2a40?, 0xf3b1d0?})",
                "\t/usr/local/go/src/runtime/panic.go:770 +0x132",
                "example.com/tiller/internal/receipts.(*Receipt).Footer(...)",
                "\t/app/internal/receipts/footer.go:22",
                "example.com/tiller/internal/api.(*Server).postReceipt(0xc0001a2000, {0xc4b0f8, 0xc000312000}, 0xc00021e5a0)",
                "\t/app/internal/api/receipts.go:61 +0x1d4",
                stream="stderr",
                joined=turn > 7,
            )
            s.wait(9)
        else:
            _till(s, new, 200, "served", caller="pos-091")
    env: dict[str, str | SecretOf] = {
        "ID_URL": "https://id.tillworks.example",
        "HMAC_SEED": SecretOf("tiller-hmac", "2"),
    }
    s.freeze(
        "tiller-nil-footer",
        "tiller",
        "production",
        {
            "revisions.json": revisions_v1(
                "tiller",
                s.project,
                s.location,
                [
                    Revision(
                        "tiller-00049-hip",
                        s.began - timedelta(days=2),
                        f"europe-west2-docker.pkg.dev/tillworks/a/tiller@sha256:{hex_id(64)}",
                        env,
                    ),
                    Revision(
                        "tiller-00050-vow",
                        deployed,
                        f"europe-west2-docker.pkg.dev/tillworks/a/tiller@sha256:{hex_id(64)}",
                        {**env, "HMAC_SEED": SecretOf("tiller-hmac", "3")},
                    ),
                ],
            ),
            "traffic.json": [
                shift(s.began - timedelta(days=2), "tiller-00049-hip", 100),
                shift(deployed, "tiller-00049-hip", 0),
                shift(deployed, "tiller-00050-vow", 100),
            ],
        },
        Expected(
            "cause_found",
            "code_error",
            "`nil pointer dereference` in internal/receipts/footer.go, on the new revision and for POST /v1/receipts alone; everything else is served. The new version of HMAC_SEED that came along has no refusal to explain.",
            "written",
            must_not=(
                "startup_failed",
                "key_rotated_without_overlap",
                "signing_key_mismatch",
                "missing_module",
            ),
        ),
    )


def defaults_in_the_image() -> None:
    """Remote configuration was late at the start; the defaults in the image lack a tenant."""
    s = Script("tillworks", "europe-west2", datetime(2026, 5, 4, 4, 0, tzinfo=UTC), 10)
    fresh, stale = s.where("tiller", "tiller-00039-doe"), s.where("tiller", "tiller-00039-doe")
    s.say(
        fresh,
        '{"time":"{t}","severity":"INFO","message":"configuration read","source":"remoteconfig/tiller@412","tenants":["acme","bolt","crate"]}',
    )
    for _ in range(6):
        _till(s, fresh, 200, "served", tenant=s.dice.choice(("acme", "bolt", "crate")))
    s.say(
        stale,
        '{"time":"{t}","severity":"WARNING","message":"configuration not read in time: rpc error: code = DeadlineExceeded desc = context deadline exceeded; using /etc/tiller/defaults.yaml generated 2025-07-30","tenants":["acme","bolt"]}',
    )
    for _ in range(9):
        _till(s, stale, 403, "tenant is not known", "ERROR", 0.002, tenant="crate")
        _till(s, stale, 200, "served", tenant=s.dice.choice(("acme", "bolt")))
        _till(s, fresh, 200, "served", tenant="crate")
    s.freeze(
        "tiller-tenant-of-412",
        "tiller",
        "production",
        {
            "revisions.json": revisions_v2(
                "tiller",
                s.project,
                s.location,
                [
                    Revision(
                        "tiller-00039-doe",
                        s.began - timedelta(days=6),
                        f"europe-west2-docker.pkg.dev/tillworks/a/tiller@sha256:{hex_id(64)}",
                        {
                            "ID_URL": "https://id.tillworks.example",
                            "REMOTE_CONFIG": Salt().plain("tiller"),
                        },
                    )
                ],
            ),
            "probes.json": [
                probe(
                    s.now,
                    "remote configuration",
                    "https://remoteconfig.tillworks.example/tiller",
                    "tenants with crate",
                    200,
                    ok=True,
                    body='{"version":412,"tenants":["acme","bolt","crate"]}',
                )
            ],
        },
        Expected(
            "cause_found",
            "stale_fallback_config",
            "One of two instances of one revision says that it uses /etc/tiller/defaults.yaml of 2025-07-30 and refuses tenant crate, which that file lacks; the other read version 412 and serves crate, and the probe shows 412 with it.",
            "written",
            must_not=(
                "latest_secret_split",
                "random_key_per_process",
                "user_token_rejected",
                "env_var_lost",
            ),
            pair="latest_secret_split",
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: breaker_of_a_dead_sso("tiller-sso-does-not-resolve", with_probe=True),
    lambda: breaker_of_a_dead_sso("tiller-no-such-host", with_probe=False),
    panic_in_init,
    nil_in_a_handler,
    defaults_in_the_image,
)
