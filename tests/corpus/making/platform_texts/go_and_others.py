"""Incidents of Go, Flask and Express, after what these print."""

from datetime import UTC, datetime

from corpus.making.network.platform import Revision, second_form, traffic
from corpus.making.network.stage import commit
from corpus.making.platform_texts.desk import AUTOSCALING, ROLLOUT, Desk, expected, looked


def go_certificate() -> None:
    """A Go service and a certificate whose time is over."""
    desk = Desk(datetime(2026, 9, 12, 0, 0, 30, tzinfo=UTC), "sorbus-net", "us-central1", 23)
    app = desk.where("sorbus-proxy", "00150-dew")
    for n in range(8):
        desk.hit(
            app,
            2 + n * 10,
            "https://proxy.sorbus.example/introspect",
            200,
            0.03,
            method="POST",
            user_agent="Go-http-client/2.0",
        )
    for n in range(24):
        t = 92 + n * 9
        minute, second = divmod(30 + int(t), 60)
        desk.say(
            app,
            t + 0.1,
            f'{{"time":"2026-09-12T00:{minute:02d}:{second:02d}Z","level":"ERROR","severity":"ERROR","message":"token introspection failed","error":"Post '
            f'\\"https://sso.sorbus.internal/oauth2/introspect\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: '
            f'current time 2026-09-12T00:{minute:02d}:{second:02d}Z is after 2026-09-12T00:02:00Z","caller":"introspect/client.go:71"}}',
        )
        desk.hit(
            app,
            t,
            "https://proxy.sorbus.example/introspect",
            503 if n % 5 else 401,
            0.02,
            method="POST",
            user_agent="Go-http-client/2.0",
        )
    why = f"The TLS error tells both times: now is after the certificate's end at 00:02 ({desk.line('is after 2026')}), at which the failures begin."
    desk.freeze(
        "sorbus-proxy-after-two",
        "sorbus-proxy",
        "production",
        expected(
            "certificate_expired",
            why,
            ["auth_service_unreachable", "clock_skew", "user_token_rejected"],
        ),
        {},
    )


def go_clock() -> None:
    """The same text, and yet the clock: the instance believes it is long ago."""
    desk = Desk(datetime(2026, 9, 30, 7, 30, tzinfo=UTC), "sorbus-net", "us-central1", 24)
    good, bad = desk.where("sorbus-edge", "00031-ham"), desk.where("sorbus-edge", "00031-ham")
    url = "https://edge.sorbus.example/introspect"
    desk.ordinary(good, url, 1, 260, 8, method="POST", user_agent="Go-http-client/2.0")
    desk.told(bad, 40, AUTOSCALING)
    for n in range(18):
        t = 52 + n * 12
        minute, second = divmod(int(t) - 45, 60)
        desk.say(
            bad,
            t + 0.1,
            f'{{"severity":"ERROR","message":"token introspection failed","error":"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: '
            f'current time 2024-01-01T00:{minute:02d}:{second:02d}Z is before 2026-08-13T00:00:00Z","caller":"introspect/client.go:71"}}',
        )
        desk.hit(bad, t, url, 503, 0.02, method="POST", user_agent="Go-http-client/2.0")
    why = (
        f"The instance's own time is 2024-01-01 ({desk.line('is before 2026')}) in an entry of September 2026; the certificate began in August "
        "and the other instance of the revision is content with it."
    )
    desk.freeze(
        "sorbus-edge-new-year",
        "sorbus-edge",
        "production",
        expected(
            "clock_skew",
            why,
            ["certificate_expired", "auth_service_unreachable"],
            pair="certificate_expired",
        ),
        {},
    )


def flask_secret() -> None:
    """Flask without a secret key: sessions are not available."""
    desk = Desk(datetime(2025, 9, 9, 14, 14, tzinfo=UTC), "clover-edu", "us-east1", 26)
    old, new = desk.where("clover-desk", "00011-zip"), desk.where("clover-desk", "00012-wok")
    url = "https://desk.clover.example"
    desk.ordinary(old, f"{url}/login", 1, 60, 8)
    desk.told(new, 70, ROLLOUT)
    desk.say(
        new,
        73,
        "[2025-09-09 14:15:13 +0000] [1] [INFO] Starting gunicorn 23.0.0",
        "[2025-09-09 14:15:13 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)",
        "[2025-09-09 14:15:13 +0000] [2] [INFO] Booting worker with pid: 2",
    )
    for n in range(9):
        t = 82 + n * 14
        desk.say(
            new,
            t + 0.1,
            f"[2025-09-09 14:{14 + int(t) // 60}:{int(t) % 60:02d},{n * 71 % 1000:03d}] ERROR in app: Exception on /login [POST]",
            "Traceback (most recent call last):",
            '  File "/usr/local/lib/python3.12/site-packages/flask/app.py", line 1511, in wsgi_app',
            "    response = self.full_dispatch_request()",
            '  File "/app/desk/login.py", line 41, in login',
            '    session["user"] = user.id',
            '  File "/usr/local/lib/python3.12/site-packages/flask/sessions.py", line 104, in _fail',
            "    raise RuntimeError(",
            "RuntimeError: The session is unavailable because no secret key was set.  Set the secret_key on the application to something unique and secret.",
            joined=n % 2 == 1,
        )
        desk.hit(new, t, f"{url}/login", 500, 0.04, method="POST")
        desk.hit(new, t + 5, f"{url}/static/desk.css", 200, 0.01)
    steps = traffic(
        (datetime(2025, 9, 1, 8, 0, tzinfo=UTC), "clover-desk-00011-zip", 100),
        (desk.at(71), "clover-desk-00012-wok", 100),
    )
    why = f"Flask itself says that no secret key was set ({desk.line('no secret key was set')}) at each log-in since 00012-wok; pages without a session pass."
    desk.freeze(
        "clover-desk-back-to-school",
        "clover-desk",
        "production",
        expected(
            "session_middleware_missing",
            why,
            ["code_error", "user_token_rejected", "startup_failed"],
            acceptable=["env_var_lost", "secret_reference_lost"],
        ),
        {"traffic.json": steps},
    )


def go_unreachable() -> None:
    """A Go service, its key set out of reach after the network's connector was taken away."""
    desk = Desk(datetime(2026, 4, 1, 6, 10, tzinfo=UTC), "teasel-ops", "europe-west9", 28)
    old, new = desk.where("teasel-hub", "00066-orb"), desk.where("teasel-hub", "00067-ale")
    url = "https://hub.teasel.example/rooms"
    desk.ordinary(old, url, 1, 80, 7, user_agent="Dart/3.9 (dart:io)")
    desk.told(new, 90, ROLLOUT)
    desk.say(new, 92, "time=2026-04-01T06:11:32.001Z level=INFO msg=listening addr=:8080")
    for n in range(14):
        t = 96 + n * 15
        minute, second = 10 + int(t) // 60, int(t) % 60
        desk.say(
            new,
            t + 10,
            f'time=2026-04-01T06:{minute:02d}:{second:02d}.210Z level=ERROR msg="verify token" err="failed to fetch keys: Get \\"http://10.40.0.12:9000/keys\\": dial tcp 10.40.0.12:9000: i/o timeout"',
        )
        desk.hit(new, t, url, 503, 10.0, user_agent="Dart/3.9 (dart:io)")
        desk.hit(new, t + 3, "https://hub.teasel.example/about", 200, 0.01)
    connector = {
        "run.googleapis.com/vpc-access-connector": "teasel-private",
        "run.googleapis.com/vpc-access-egress": "private-ranges-only",
    }
    revisions = [
        Revision(
            "teasel-hub",
            "00066-orb",
            datetime(2026, 3, 20, 8, 0, tzinfo=UTC),
            {"KEYS_URL": "http://10.40.0.12:9000/keys"},
            annotations=connector,
        ),
        Revision(
            "teasel-hub", "00067-ale", desk.at(88), {"KEYS_URL": "http://10.40.0.12:9000/keys"}
        ),
    ]
    why = (
        f"Each verification ends in a dial time-out to the key set's address ({desk.line('i/o timeout')}) since 00067-ale; the address is the same, "
        "the way to it is not: that revision has no VPC connector (revisions.json)."
    )
    desk.freeze(
        "teasel-hub-april-first",
        "teasel-hub",
        "production",
        expected(
            "auth_service_unreachable",
            why,
            [
                "wrong_auth_service_url",
                "database_unreachable",
                "pool_exhausted",
                "user_token_rejected",
            ],
            pair="pool_exhausted",
        ),
        {
            "revisions.json": [second_form(x, desk.project, desk.location) for x in revisions],
            "commits.json": [
                commit(
                    datetime(2026, 4, 1, 5, 50, tzinfo=UTC),
                    "Finn Dahl",
                    "Generate the service file",
                    "deploy/hub.yaml",
                )
            ],
        },
    )


def express_guard() -> None:
    """Express with its guard before cors: the page cannot even ask."""
    desk = Desk(datetime(2026, 11, 10, 11, 0, tzinfo=UTC), "vetch-app", "us-west2", 29)
    app = desk.where("vetch-bff", "00301-tug")
    page, url = "https://vetch.example", "https://bff.vetch.example/api/me"
    for n in range(16):
        t = 4 + n * 11
        desk.hit(app, t, url, 401, 0.01, method="OPTIONS", remote_ip=f"203.0.113.{50 + n}")
        desk.say(
            app,
            t + 0.01,
            f'{{"level":30,"time":{int(desk.start.timestamp() + t) * 1000 + n},"req":{{"method":"OPTIONS","url":"/api/me","origin":"{page}"}},"res":{{"statusCode":401}},"msg":"request completed"}}',
        )
        if n % 3 == 0:
            desk.hit(app, t + 4, url, 200, 0.03, user_agent="vetch-ios/7.2")
            desk.say(
                app,
                t + 4.03,
                f'{{"level":30,"time":{int(desk.start.timestamp() + t + 4) * 1000 + n},"req":{{"method":"GET","url":"/api/me"}},"res":{{"statusCode":200}},"msg":"request completed"}}',
            )
    probes = [
        looked(
            desk.at(190),
            "preflight with an allowed origin",
            "OPTIONS " + url,
            '{"error":"token required"}',
            ok=False,
            status=401,
            content_type="application/json; charset=utf-8",
            www_authenticate="Bearer",
        ),
        looked(
            desk.at(191),
            "call with a token and the origin",
            "GET " + url,
            '{"id":"u-1"}',
            ok=True,
            access_control_allow_origin=page,
            vary="Origin",
        ),
    ]
    why = (
        f"Preflights get 401 ({desk.line('OPTIONS')}) and no Access-Control header (probes.json#/0), while a call with a token gets the header for the same "
        "origin (#/1): the guard stands before CORS. Apps without preflight are well."
    )
    desk.freeze(
        "vetch-bff-mobile-is-fine",
        "vetch-bff",
        "production",
        expected(
            "middleware_order",
            why,
            ["origin_blocked", "caller_without_credential", "user_token_rejected"],
        ),
        {"probes.json": probes},
    )


def balancer_of_thirty_seconds() -> None:
    """A load balancer's own log: every socket lives 30 s."""
    desk = Desk(datetime(2026, 6, 11, 14, 0, tzinfo=UTC), "birch-live", "europe-west1", 34)
    app = desk.where("birch-board", "00066-toy")
    balancer = {
        "type": "http_load_balancer",
        "labels": {
            "project_id": "birch-live",
            "url_map_name": "birch-map",
            "forwarding_rule_name": "birch-https",
            "target_proxy_name": "birch-proxy",
            "backend_service_name": "birch-board-be",
            "zone": "global",
        },
    }
    for n in range(15):
        at = 3 + n * 16
        desk.hit(
            app,
            at,
            "https://board.birch.example/live",
            101,
            30.001 + n / 2000,
            remote_ip=f"203.0.113.{70 + n % 5}",
        )
        entry = dict(desk.entries[-1])
        entry["resource"] = balancer
        entry["logName"] = "projects/birch-live/logs/requests"
        entry["jsonPayload"] = {
            "@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry",
            "statusDetails": "websocket_closed",
            "backendTargetProjectNumber": "projects/551204",
            "remoteIp": f"203.0.113.{70 + n % 5}",
        }
        del entry["labels"]
        desk.entries[-1] = entry
        desk.say(app, at + 0.1, f'{{"level":"info","event":"board joined","viewer":"v{n % 5}"}}')
        desk.say(
            app,
            at + 12,
            f'{{"level":"info","event":"card moved","viewer":"v{n % 5}","card":{900 + n}}}',
        )
        desk.say(
            app,
            at + 30.1,
            f'{{"level":"warn","event":"viewer lost","viewer":"v{n % 5}","code":1006,"seconds":30}}',
        )
    probes = [
        looked(
            desk.at(290),
            "backend service",
            "compute.googleapis.com/compute/v1/projects/birch-live/global/backendServices/birch-board-be",
            '{"name": "birch-board-be", "protocol": "HTTP", "timeoutSec": 30, "connectionDraining": {"drainingTimeoutSec": 300}}',
            ok=True,
        )
    ]
    why = (
        f"Every socket ends after 30 s, though cards move on it ({desk.line('viewer lost')}), and the backend service's timeoutSec is 30 (probes.json#/0), which "
        "bounds a socket's whole life."
    )
    desk.freeze(
        "birch-board-half-minute",
        "birch-board",
        "production",
        expected(
            "proxy_timeout",
            why,
            ["upgrade_stripped", "user_token_rejected", "code_error", "origin_blocked"],
        ),
        {"probes.json": probes},
    )


def django_sessions() -> None:
    """Django without its session middleware: an AttributeError that is no fault of the view's code."""
    desk = Desk(datetime(2026, 2, 26, 8, 30, tzinfo=UTC), "sorrel-edu", "us-south1", 36)
    old, new = desk.where("sorrel-portal", "00150-kit"), desk.where("sorrel-portal", "00151-lug")
    url = "https://portal.sorrel.example"
    desk.ordinary(old, f"{url}/accounts/login/", 1, 60, 9)
    desk.told(new, 66, ROLLOUT)
    desk.say(
        new,
        70,
        "[2026-02-26 08:31:10 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)",
        "[2026-02-26 08:31:10 +0000] [7] [INFO] Booting worker with pid: 7",
    )
    for n in range(10):
        at = 75 + n * 13
        desk.say(
            new,
            at + 0.1,
            "Internal Server Error: /accounts/login/",
            "Traceback (most recent call last):",
            '  File "/usr/local/lib/python3.12/site-packages/django/core/handlers/exception.py", line 55, in inner',
            "    response = get_response(request)",
            '  File "/usr/local/lib/python3.12/site-packages/django/contrib/auth/__init__.py", line 175, in login',
            "    if SESSION_KEY in request.session:",
            "AttributeError: 'WSGIRequest' object has no attribute 'session'",
            joined=n % 2 == 0,
        )
        desk.hit(
            new,
            at,
            f"{url}/accounts/login/",
            500,
            0.05,
            method="POST",
            remote_ip=f"203.0.113.{n + 120}",
        )
        desk.hit(new, at + 4, f"{url}/courses/", 200, 0.04, remote_ip=f"203.0.113.{n + 20}")
    why = (
        f"request.session does not exist for the framework's own login ({desk.line('has no attribute')}) since 00151-lug, whose commit changed the list of "
        "middleware in settings.py and no view; pages without a session pass."
    )
    desk.freeze(
        "sorrel-portal-term-start",
        "sorrel-portal",
        "production",
        expected(
            "session_middleware_missing",
            why,
            ["user_token_rejected", "startup_failed", "missing_module"],
            acceptable=["code_error"],
            pair="code_error",
        ),
        {
            "traffic.json": traffic(
                (datetime(2026, 2, 10, 8, 0, tzinfo=UTC), "sorrel-portal-00150-kit", 100),
                (desk.at(67), "sorrel-portal-00151-lug", 100),
            ),
            "commits.json": [
                commit(
                    datetime(2026, 2, 26, 8, 12, tzinfo=UTC),
                    "Milan Horak",
                    "Sort middleware by name, drop what looks unused",
                    "portal/settings.py",
                ),
                commit(
                    datetime(2026, 2, 25, 16, 40, tzinfo=UTC),
                    "Eva Blum",
                    "Show courses of the term",
                    "courses/views.py",
                ),
            ],
        },
    )
