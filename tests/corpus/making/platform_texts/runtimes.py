"""Incidents of other runtimes, after the texts that these print: Java, Go, Flask, a load balancer."""

from datetime import UTC, datetime

from corpus.making.network.platform import Revision, first_forms, second_form, traffic
from corpus.making.network.stage import commit
from corpus.making.platform_texts.desk import AUTOSCALING, ROLLOUT, Desk, expected, looked


def hikari_pool() -> None:
    """A Spring service whose users are looked up over a pool that is used up."""
    desk = Desk(datetime(2026, 5, 29, 17, 1, tzinfo=UTC), "elder-hr", "europe-west3", 21)
    app = desk.where("elder-payroll", "00093-hod")
    url = "https://payroll.elder.example/api/slips"
    line = "2026-05-29T17:{0:02d}:{1:02d}.{2:03d}Z {3:>5} 1 --- [payroll] [nio-8080-exec-{4}] {5} : {6}"
    desk.ordinary(app, url, 1, 90, 6)
    for n in range(12):
        t = 125 + n * 12
        minute, second = 1 + int(t) // 60, int(t) % 60
        desk.say(app, t,
                 line.format(minute, second, 118, "WARN", n % 9 + 1, "o.h.engine.jdbc.spi.SqlExceptionHelper  ", "SQL Error: 0, SQLState: null"),
                 line.format(minute, second, 118, "ERROR", n % 9 + 1, "o.h.engine.jdbc.spi.SqlExceptionHelper  ",
                             f"HikariPool-1 - Connection is not available, request timed out after {30000 + n % 5}ms (total=10, active=10, idle=0, waiting={14 + n})"),
                 line.format(minute, second, 121, "ERROR", n % 9 + 1, "c.e.payroll.security.UserLookup         ",
                             "org.springframework.security.authentication.InternalAuthenticationServiceException: Unable to acquire JDBC Connection"))
        desk.hit(app, t - 30, url, 401, 30.01 + n / 1000, remote_ip=f"203.0.113.{n + 20}")
        desk.hit(app, t - 20, "https://payroll.elder.example/actuator/health/liveness", 200, 0.01, user_agent="GoogleHC/1.0")
        if n % 3 == 0:
            desk.hit(app, t - 41, "https://payroll.elder.example/api/export/year", 200, 55.2, remote_ip="203.0.113.9")
    why = (f"401 after 30 s each, and Hikari says that all ten connections are active with others waiting ({desk.line('HikariPool-1')}); "
           "yearly exports hold them for almost a minute; liveness answers at once.")
    desk.freeze("elder-payroll-last-friday", "elder-payroll", "production",
                expected("pool_exhausted", why, ["auth_service_unreachable", "database_unreachable", "user_token_rejected"], pair="auth_service_unreachable"),
                {"revisions.json": first_forms([Revision("elder-payroll", "00093-hod", datetime(2026, 5, 12, 9, 0, tzinfo=UTC), {"SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE": "10"})])})


def hikari_password() -> None:
    """The same kind of service after its database password was changed."""
    desk = Desk(datetime(2026, 3, 5, 2, 0, tzinfo=UTC), "elder-hr", "europe-west3", 22)
    app, late = desk.where("elder-leave", "00040-cog"), desk.where("elder-leave", "00040-cog")
    url = "https://leave.elder.example/api/days"
    line = "2026-03-05T02:{0:02d}:{1:02d}.{2:03d}Z {3:>5} 1 --- [leave] [{4}] {5} : {6}"
    desk.ordinary(app, url, 1, 420, 9)
    for n in range(7):
        t = 100 + n * 40
        minute, second = int(t) // 60, int(t) % 60
        desk.say(app, t, line.format(minute, second, 7, "WARN", "HikariPool-1 connection adder", "com.zaxxer.hikari.pool.HikariPool         ",
                                     'HikariPool-1 - Pool is empty, failed to create/setup connection (org.postgresql.util.PSQLException: FATAL: password authentication failed for user "leave_rw")'
                                     if n > 4 else 'HikariPool-1 - Error thrown while acquiring connection from data source org.postgresql.util.PSQLException: FATAL: password authentication failed for user "leave_rw"'))
    desk.told(late, 300, AUTOSCALING)
    for n in range(5):
        t = 312 + n * 20
        desk.say(late, t, line.format(int(t) // 60, int(t) % 60, 31, "ERROR", f"nio-8080-exec-{n + 1}", "o.h.engine.jdbc.spi.SqlExceptionHelper  ",
                                      'FATAL: password authentication failed for user "leave_rw"'))
        desk.hit(late, t - 1, url, 401, 1.1, remote_ip=f"203.0.113.{n + 90}")
    why = (f"New connections are refused for their password ({desk.line('password authentication failed')}) while the older instance serves over the ones it has; "
           "the instance started later fails altogether; nothing was deployed.")
    desk.freeze("elder-leave-two-o-clock", "elder-leave", "production",
                expected("database_credentials_rotated", why, ["pool_exhausted", "database_unreachable", "user_token_rejected", "latest_secret_split"]), {})


def go_certificate() -> None:
    """A Go service and a certificate whose time is over."""
    desk = Desk(datetime(2026, 9, 12, 0, 0, 30, tzinfo=UTC), "sorbus-net", "us-central1", 23)
    app = desk.where("sorbus-proxy", "00150-dew")
    for n in range(8):
        desk.hit(app, 2 + n * 10, "https://proxy.sorbus.example/introspect", 200, 0.03, method="POST", user_agent="Go-http-client/2.0")
    for n in range(24):
        t = 92 + n * 9
        minute, second = divmod(30 + int(t), 60)
        desk.say(app, t + 0.1, f'{{"time":"2026-09-12T00:{minute:02d}:{second:02d}Z","level":"ERROR","severity":"ERROR","message":"token introspection failed","error":"Post '
                 f'\\"https://sso.sorbus.internal/oauth2/introspect\\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: '
                 f'current time 2026-09-12T00:{minute:02d}:{second:02d}Z is after 2026-09-12T00:02:00Z","caller":"introspect/client.go:71"}}')
        desk.hit(app, t, "https://proxy.sorbus.example/introspect", 503 if n % 5 else 401, 0.02, method="POST", user_agent="Go-http-client/2.0")
    why = f"The TLS error tells both times: now is after the certificate's end at 00:02 ({desk.line('is after 2026')}), at which the failures begin."
    desk.freeze("sorbus-proxy-after-two", "sorbus-proxy", "production",
                expected("certificate_expired", why, ["auth_service_unreachable", "clock_skew", "user_token_rejected"]), {})


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
        desk.say(bad, t + 0.1, f'{{"severity":"ERROR","message":"token introspection failed","error":"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: '
                 f'current time 2024-01-01T00:{minute:02d}:{second:02d}Z is before 2026-08-13T00:00:00Z","caller":"introspect/client.go:71"}}')
        desk.hit(bad, t, url, 503, 0.02, method="POST", user_agent="Go-http-client/2.0")
    why = (f"The instance's own time is 2024-01-01 ({desk.line('is before 2026')}) in an entry of September 2026; the certificate began in August "
           "and the other instance of the revision is content with it.")
    desk.freeze("sorbus-edge-new-year", "sorbus-edge", "production",
                expected("clock_skew", why, ["certificate_expired", "auth_service_unreachable"], pair="certificate_expired"), {})


def java_account_key() -> None:
    """A Java job whose service account's key was deleted an hour before."""
    desk = Desk(datetime(2026, 2, 6, 4, 0, tzinfo=UTC), "privet-dw", "europe-west4", 25)
    app = desk.where("privet-sync", "00019-jib")
    trace = ["java.io.IOException: Error getting access token for service account: 400 Bad Request",
             "POST https://oauth2.googleapis.com/token",
             '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}, iss: sync@privet-dw.iam.gserviceaccount.com',
             "\tat com.google.auth.oauth2.ServiceAccountCredentials.refreshAccessToken(ServiceAccountCredentials.java:633)",
             "\tat com.google.auth.oauth2.OAuth2Credentials$1.call(OAuth2Credentials.java:270)",
             "\tat eu.privet.sync.Tables.copy(Tables.java:118)"]
    for n in range(9):
        t = 5 + n * 30
        failed = n > 2
        desk.hit(app, t, f"https://privet-sync-8ww-ez.a.run.app/tables/{('orders', 'people', 'visits')[n % 3]}", 500 if failed else 200, 2.1,
                 method="POST", user_agent="Google-Cloud-Scheduler")
        if failed:
            desk.say(app, t + 2, "SEVERE: copy failed for table " + ("orders", "people", "visits")[n % 3], *trace)
        else:
            desk.say(app, t + 2, f"INFO: copied {n * 412 + 90} rows")
    time = desk.at(60)
    probes = [looked(desk.at(280), "keys of the account", "iam.googleapis.com/v1/projects/privet-dw/serviceAccounts/sync@privet-dw.iam.gserviceaccount.com/keys",
                     '{"keys": [{"keyType": "SYSTEM_MANAGED", "validAfterTime": "2026-01-30T11:00:02Z"}]}', ok=False),
              looked(desk.at(281), "activity of the account", "cloudaudit.googleapis.com/activity",
                     f'{{"methodName": "google.iam.admin.v1.DeleteServiceAccountKey", "principalEmail": "key-janitor@privet-dw.iam.gserviceaccount.com", "timestamp": "{time:%Y-%m-%dT%H:%M:%SZ}"}}', ok=False)]
    why = (f"invalid_grant, Invalid JWT Signature ({desk.line('Invalid JWT Signature')}) begins when the account's user-managed key was deleted (probes.json#/1); "
           "none is left (#/0).")
    desk.freeze("privet-sync-no-more-rows", "privet-sync", "production",
                expected("workload_key_deleted", why, ["signing_key_mismatch", "clock_skew", "key_rotated_without_overlap"]), {"probes.json": probes})


def flask_secret() -> None:
    """Flask without a secret key: sessions are not available."""
    desk = Desk(datetime(2025, 9, 9, 14, 14, tzinfo=UTC), "clover-edu", "us-east1", 26)
    old, new = desk.where("clover-desk", "00011-zip"), desk.where("clover-desk", "00012-wok")
    url = "https://desk.clover.example"
    desk.ordinary(old, f"{url}/login", 1, 60, 8)
    desk.told(new, 70, ROLLOUT)
    desk.say(new, 73, "[2025-09-09 14:15:13 +0000] [1] [INFO] Starting gunicorn 23.0.0", "[2025-09-09 14:15:13 +0000] [1] [INFO] Listening at: http://0.0.0.0:8080 (1)",
             "[2025-09-09 14:15:13 +0000] [2] [INFO] Booting worker with pid: 2")
    for n in range(9):
        t = 82 + n * 14
        desk.say(new, t + 0.1, f"[2025-09-09 14:{14 + int(t) // 60}:{int(t) % 60:02d},{n * 71 % 1000:03d}] ERROR in app: Exception on /login [POST]",
                 "Traceback (most recent call last):", '  File "/usr/local/lib/python3.12/site-packages/flask/app.py", line 1511, in wsgi_app',
                 "    response = self.full_dispatch_request()", '  File "/app/desk/login.py", line 41, in login', '    session["user"] = user.id',
                 '  File "/usr/local/lib/python3.12/site-packages/flask/sessions.py", line 104, in _fail', "    raise RuntimeError(",
                 "RuntimeError: The session is unavailable because no secret key was set.  Set the secret_key on the application to something unique and secret.",
                 joined=n % 2 == 1)
        desk.hit(new, t, f"{url}/login", 500, 0.04, method="POST")
        desk.hit(new, t + 5, f"{url}/static/desk.css", 200, 0.01)
    steps = traffic((datetime(2025, 9, 1, 8, 0, tzinfo=UTC), "clover-desk-00011-zip", 100), (desk.at(71), "clover-desk-00012-wok", 100))
    why = f"Flask itself says that no secret key was set ({desk.line('no secret key was set')}) at each log-in since 00012-wok; pages without a session pass."
    desk.freeze("clover-desk-back-to-school", "clover-desk", "production",
                expected("session_middleware_missing", why, ["code_error", "user_token_rejected", "startup_failed"],
                         acceptable=["env_var_lost", "secret_reference_lost"]), {"traffic.json": steps})


def spring_old_keys() -> None:
    """A Spring resource server and tokens of a key that is published no more."""
    desk = Desk(datetime(2026, 11, 2, 9, 0, tzinfo=UTC), "bryony-eu", "europe-west1", 27)
    api, sign = desk.where("bryony-orders", "00177-lab"), desk.where("bryony-oidc", "00023-now")
    url = "https://orders.bryony.example/api/orders"
    line = "2026-11-02T09:{0:02d}:{1:02d}.{2:03d}Z {3:>5} 1 --- [{4}] {5} : {6}"
    desk.ordinary(api, url, 1, 80, 6)
    desk.say(sign, 90, line.format(1, 30, 1, "INFO", "keys-1", "e.b.oidc.SigningKeys ", "signing key 'oct-26' retired and removed, 'nov-26' is the only key now"))
    for n in range(10):
        t = 100 + n * 22
        user = ("u-51", "u-77", "u-12")[n % 3]
        desk.hit(api, t, url, 401, 0.02, remote_ip=f"203.0.113.{30 + n % 3}")
        desk.say(api, t + 0.01, line.format(int(t) // 60, int(t) % 60, 40, "DEBUG", f"exec-{n % 9}", "o.s.s.o.s.r.a.JwtAuthenticationProvider ",
                                            f"Failed to authenticate since the JWT was invalid: Signed JWT rejected: Another algorithm expected, or no matching key(s) found (kid=oct-26, sub={user}, iat=2026-11-02T0{n % 3 + 6}:41:07Z)"))
        desk.say(sign, t + 6, line.format(int(t + 6) // 60, int(t + 6) % 60, 9, "INFO", f"exec-{n % 7}", "e.b.oidc.Tokens      ", f"token issued sub=u-{200 + n} kid=nov-26"))
        desk.hit(api, t + 9, url, 200, 0.03, remote_ip=f"203.0.113.{130 + n}")
    why = (f"The issuer removed oct-26 while tokens of it were in use ({desk.line('retired and removed')}); only tokens of that kid, issued hours before, are "
           f"refused ({desk.line('no matching key')}), those of nov-26 pass.")
    desk.freeze("bryony-orders-monday", "bryony-orders", "production",
                expected("key_rotated_without_overlap", why, ["stale_jwks", "signing_key_mismatch", "clock_skew"], pair="stale_jwks"), {})


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
        desk.say(new, t + 10, f'time=2026-04-01T06:{minute:02d}:{second:02d}.210Z level=ERROR msg="verify token" err="failed to fetch keys: Get \\"http://10.40.0.12:9000/keys\\": dial tcp 10.40.0.12:9000: i/o timeout"')
        desk.hit(new, t, url, 503, 10.0, user_agent="Dart/3.9 (dart:io)")
        desk.hit(new, t + 3, "https://hub.teasel.example/about", 200, 0.01)
    connector = {"run.googleapis.com/vpc-access-connector": "teasel-private", "run.googleapis.com/vpc-access-egress": "private-ranges-only"}
    revisions = [Revision("teasel-hub", "00066-orb", datetime(2026, 3, 20, 8, 0, tzinfo=UTC), {"KEYS_URL": "http://10.40.0.12:9000/keys"}, annotations=connector),
                 Revision("teasel-hub", "00067-ale", desk.at(88), {"KEYS_URL": "http://10.40.0.12:9000/keys"})]
    why = (f"Each verification ends in a dial time-out to the key set's address ({desk.line('i/o timeout')}) since 00067-ale; the address is the same, "
           "the way to it is not: that revision has no VPC connector (revisions.json).")
    desk.freeze("teasel-hub-april-first", "teasel-hub", "production",
                expected("auth_service_unreachable", why, ["wrong_auth_service_url", "database_unreachable", "pool_exhausted", "user_token_rejected"], pair="pool_exhausted"),
                {"revisions.json": [second_form(x, desk.project, desk.location) for x in revisions],
                 "commits.json": [commit(datetime(2026, 4, 1, 5, 50, tzinfo=UTC), "Finn Dahl", "Generate the service file", "deploy/hub.yaml")]})


def express_guard() -> None:
    """Express with its guard before cors: the page cannot even ask."""
    desk = Desk(datetime(2026, 11, 10, 11, 0, tzinfo=UTC), "vetch-app", "us-west2", 29)
    app = desk.where("vetch-bff", "00301-tug")
    page, url = "https://vetch.example", "https://bff.vetch.example/api/me"
    for n in range(16):
        t = 4 + n * 11
        desk.hit(app, t, url, 401, 0.01, method="OPTIONS", remote_ip=f"203.0.113.{50 + n}")
        desk.say(app, t + 0.01, f'{{"level":30,"time":{int(desk.start.timestamp() + t) * 1000 + n},"req":{{"method":"OPTIONS","url":"/api/me","origin":"{page}"}},"res":{{"statusCode":401}},"msg":"request completed"}}')
        if n % 3 == 0:
            desk.hit(app, t + 4, url, 200, 0.03, user_agent="vetch-ios/7.2")
            desk.say(app, t + 4.03, f'{{"level":30,"time":{int(desk.start.timestamp() + t + 4) * 1000 + n},"req":{{"method":"GET","url":"/api/me"}},"res":{{"statusCode":200}},"msg":"request completed"}}')
    probes = [looked(desk.at(190), "preflight with an allowed origin", "OPTIONS " + url, '{"error":"token required"}', ok=False, status=401,
                     content_type="application/json; charset=utf-8", www_authenticate="Bearer"),
              looked(desk.at(191), "call with a token and the origin", "GET " + url, '{"id":"u-1"}', ok=True, access_control_allow_origin=page, vary="Origin")]
    why = (f"Preflights get 401 ({desk.line('OPTIONS')}) and no Access-Control header (probes.json#/0), while a call with a token gets the header for the same "
           "origin (#/1): the guard stands before CORS. Apps without preflight are well.")
    desk.freeze("vetch-bff-mobile-is-fine", "vetch-bff", "production",
                expected("middleware_order", why, ["origin_blocked", "caller_without_credential", "user_token_rejected"]), {"probes.json": probes})
