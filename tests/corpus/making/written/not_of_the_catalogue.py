"""Incidents and noise that no cause of the catalogue explains, or that are none; written by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from corpus.making.freezing import Expected, Where, hex_id
from corpus.making.platform_documents import Revision, probe, revisions_v1
from corpus.making.written.script import Script

HOST = "atlasmap-c3lwq9vb5a-nw.a.run.app"


def _tile(s: Script, w: Where, status: int = 200, latency: float = 0.03) -> None:
    path = f"/tiles/{s.dice.randint(4, 12)}/{s.dice.randint(1, 90)}/{s.dice.randint(1, 90)}.png"
    s.ask(w, HOST, path, status, latency)
    if status == 200:
        s.say(
            w,
            f'{{"level":30,"time":"{{t}}","msg":"tile sent","path":"{path}","cache":"{s.dice.choice(("hit", "hit", "miss"))}"}}',
        )
    s.wait(9)


def out_of_memory() -> None:
    """Instances are ended for their memory."""
    s = Script("atlasmap", "us-west1", datetime(2026, 6, 30, 18, 0, tzinfo=UTC), 21)
    revision = "atlasmap-00210-tep"
    for _ in range(3):
        w = s.where("atlasmap", revision)
        s.platform(
            w,
            "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for current traffic.",
        )
        s.say(w, '{"level":30,"time":"{t}","msg":"atlasmap listens on 8080"}')
        for _ in range(6):
            _tile(s, w)
        s.platform(
            w,
            "Memory limit of 512 MiB exceeded with 538 MiB used. Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits",
            "ERROR",
        )
        _tile(s, w, 503, 0.9)
        s.platform(
            w,
            "The request failed because either the HTTP response was malformed or connection to the instance had an error.",
            "ERROR",
        )
        s.platform(w, "Container terminated on signal 9.", "WARNING")
        s.wait(6)
    s.freeze(
        "atlasmap-ended-for-memory",
        "atlasmap",
        "production",
        {},
        Expected(
            "insufficient_evidence",
            None,
            "Instances are ended since they exceed their memory; that is no cause of the catalogue, nothing in it is supported, and no start fails.",
            "written",
            must_not=(
                "startup_failed",
                "auth_service_unreachable",
                "pool_exhausted",
                "code_error",
                "database_unreachable",
            ),
        ),
    )


def uptime_check_of_an_old_path() -> None:
    """A monitor asks for a path that was removed."""
    s = Script("atlasmap", "us-west1", datetime(2026, 2, 8, 0, 0, tzinfo=UTC), 22)
    w = s.where("atlasmap", "atlasmap-00188-lis")
    for turn in range(22):
        if turn % 2:
            s.ask(
                w,
                HOST,
                s.dice.choice(("/status.php", "/healthcheck")),
                404,
                0.002,
                "HEAD" if turn % 4 == 1 else "GET",
                "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
                "35.187.242.246",
            )
            s.say(w, '{"level":40,"time":"{t}","msg":"no such route"}')
            if turn % 6 == 1:
                s.ask(
                    w,
                    HOST,
                    "/admin/usage",
                    401,
                    0.002,
                    "GET",
                    "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
                    "35.187.242.246",
                )
        _tile(s, w)
    s.freeze(
        "atlasmap-uptime-check-404",
        "atlasmap",
        "production",
        {
            "revisions.json": revisions_v1(
                "atlasmap",
                s.project,
                s.location,
                [
                    Revision(
                        "atlasmap-00188-lis",
                        s.began - timedelta(days=20),
                        f"gcr.io/atlasmap/app@sha256:{hex_id(64)}",
                        {"TILE_BUCKET": "atlasmap-tiles"},
                    )
                ],
            ),
        },
        Expected(
            "not_an_incident",
            "test_traffic",
            "All 404 and 401 are of one monitor's user agent, evenly spaced, for paths that do not exist or want a login; tiles are served 200 all the time, and nothing was deployed for 20 days.",
            "written",
            must_not=("caller_without_credential", "env_var_lost", "user_token_rejected"),
        ),
    )


def load_test() -> None:
    """A load test with made-up tokens runs against staging."""
    s = Script("atlasmap", "us-west1", datetime(2026, 9, 22, 13, 30, tzinfo=UTC), 23)
    w = s.where("atlasmap", "atlasmap-00201-bud")
    for _ in range(5):
        _tile(s, w)
    for turn in range(32):
        status = (200, 401, 200, 429, 404)[turn % 5]
        s.ask(
            w,
            HOST,
            ("/layers", "/layers", "/tiles/3/1/1.png", "/layers", f"/layers/loadtest-{turn}")[
                turn % 5
            ],
            status,
            0.02,
            agent="k6/0.54.0 (https://k6.io/)",
            ip="198.51.100.77",
        )
        if status != 200:
            s.say(
                w,
                f'{{"level":40,"time":"{{t}}","msg":"refused","status":{status},"user":"loadtest-user-{turn % 7}"}}',
            )
        s.wait(0.4)
    for _ in range(5):
        _tile(s, w)
    s.freeze(
        "atlasmap-k6-on-staging",
        "atlasmap",
        "staging",
        {},
        Expected(
            "not_an_incident",
            "test_traffic",
            "401, 404 and 429 come in fifteen seconds from one address as k6, for loadtest-user-0 to 6; other users are served before and after.",
            "written",
            must_not=(
                "user_token_rejected",
                "signing_key_mismatch",
                "pool_exhausted",
                "random_key_per_process",
            ),
        ),
    )


def noise_only() -> None:
    """Warnings as they are every day: deprecations, a retry that helps, a slow tile."""
    s = Script("atlasmap", "us-west1", datetime(2026, 12, 3, 6, 6, tzinfo=UTC), 24)
    w = s.where("atlasmap", "atlasmap-00220-tod")
    for turn in range(24):
        if turn in (3, 15):
            s.say(
                w,
                "(node:1) [DEP0040] DeprecationWarning: The `punycode` module is deprecated. Please use a userland alternative instead.",
                "(Use `node --trace-deprecation ...` to show where the warning was created)",
                stream="stderr",
            )
        if turn in (7, 18):
            s.say(
                w,
                '{"level":40,"time":"{t}","msg":"bucket read failed, trying again","attempt":1,"code":"ECONNRESET"}',
                '{"level":30,"time":"{t}","msg":"bucket read","attempt":2}',
            )
        if turn == 11:
            s.say(
                w,
                '{"level":40,"time":"{t}","msg":"token refused","reason":"jwt expired","sub":"usr_81"}',
            )
            s.ask(w, HOST, "/layers", 401, 0.003)
        _tile(s, w, latency=1.4 if turn == 20 else 0.03)
    s.freeze(
        "atlasmap-as-every-day",
        "atlasmap",
        "production",
        {
            "probes.json": [
                probe(s.now, "atlasmap", f"https://{HOST}/healthz", "200", 200, ok=True, body="ok")
            ],
        },
        Expected(
            "not_an_incident",
            None,
            "Two deprecation warnings, two retries that succeed, one expired token and one slow tile among tiles that are all served; nothing begins and nothing fails.",
            "written",
            acceptable=("user_token_rejected",),
            must_not=("auth_service_unreachable", "code_error", "dependency_upgrade", "clock_skew"),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    out_of_memory,
    uptime_check_of_an_old_path,
    load_test,
    noise_only,
)
