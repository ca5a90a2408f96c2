"""Incidents of Java services, after what Spring, Hikari and Google's library print."""

from datetime import UTC, datetime

from corpus.making.network.platform import Revision, first_forms
from corpus.making.platform_texts.desk import AUTOSCALING, Desk, expected


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
        desk.say(
            app,
            t,
            line.format(
                minute,
                second,
                118,
                "WARN",
                n % 9 + 1,
                "o.h.engine.jdbc.spi.SqlExceptionHelper  ",
                "SQL Error: 0, SQLState: null",
            ),
            line.format(
                minute,
                second,
                118,
                "ERROR",
                n % 9 + 1,
                "o.h.engine.jdbc.spi.SqlExceptionHelper  ",
                f"HikariPool-1 - Connection is not available, request timed out after {30000 + n % 5}ms (total=10, active=10, idle=0, waiting={14 + n})",
            ),
            line.format(
                minute,
                second,
                121,
                "ERROR",
                n % 9 + 1,
                "c.e.payroll.security.UserLookup         ",
                "org.springframework.security.authentication.InternalAuthenticationServiceException: Unable to acquire JDBC Connection",
            ),
        )
        desk.hit(app, t - 30, url, 401, 30.01 + n / 1000, remote_ip=f"203.0.113.{n + 20}")
        desk.hit(
            app,
            t - 20,
            "https://payroll.elder.example/actuator/health/liveness",
            200,
            0.01,
            user_agent="GoogleHC/1.0",
        )
        if n % 3 == 0:
            desk.hit(
                app,
                t - 41,
                "https://payroll.elder.example/api/export/year",
                200,
                55.2,
                remote_ip="203.0.113.9",
            )
    why = (
        f"401 after 30 s each, and Hikari says that all ten connections are active with others waiting ({desk.line('HikariPool-1')}); "
        "yearly exports hold them for almost a minute; liveness answers at once."
    )
    desk.freeze(
        "elder-payroll-last-friday",
        "elder-payroll",
        "production",
        expected(
            "pool_exhausted",
            why,
            ["auth_service_unreachable", "database_unreachable", "user_token_rejected"],
            pair="auth_service_unreachable",
        ),
        {
            "revisions.json": first_forms(
                [
                    Revision(
                        "elder-payroll",
                        "00093-hod",
                        datetime(2026, 5, 12, 9, 0, tzinfo=UTC),
                        {"SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE": "10"},
                    )
                ]
            )
        },
    )


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
        desk.say(
            app,
            t,
            line.format(
                minute,
                second,
                7,
                "WARN",
                "HikariPool-1 connection adder",
                "com.zaxxer.hikari.pool.HikariPool         ",
                'HikariPool-1 - Pool is empty, failed to create/setup connection (org.postgresql.util.PSQLException: FATAL: password authentication failed for user "leave_rw")'
                if n > 4
                else 'HikariPool-1 - Error thrown while acquiring connection from data source org.postgresql.util.PSQLException: FATAL: password authentication failed for user "leave_rw"',
            ),
        )
    desk.told(late, 300, AUTOSCALING)
    for n in range(5):
        t = 312 + n * 20
        desk.say(
            late,
            t,
            line.format(
                int(t) // 60,
                int(t) % 60,
                31,
                "ERROR",
                f"nio-8080-exec-{n + 1}",
                "o.h.engine.jdbc.spi.SqlExceptionHelper  ",
                'FATAL: password authentication failed for user "leave_rw"',
            ),
        )
        desk.hit(late, t - 1, url, 401, 1.1, remote_ip=f"203.0.113.{n + 90}")
    why = (
        f"New connections are refused for their password ({desk.line('password authentication failed')}) while the older instance serves over the ones it has; "
        "the instance started later fails altogether; nothing was deployed."
    )
    desk.freeze(
        "elder-leave-two-o-clock",
        "elder-leave",
        "production",
        expected(
            "database_credentials_rotated",
            why,
            [
                "pool_exhausted",
                "database_unreachable",
                "user_token_rejected",
                "latest_secret_split",
            ],
        ),
        {},
    )


def spring_old_keys() -> None:
    """A Spring resource server and tokens of a key that is published no more."""
    desk = Desk(datetime(2026, 11, 2, 9, 0, tzinfo=UTC), "bryony-eu", "europe-west1", 27)
    api, sign = desk.where("bryony-orders", "00177-lab"), desk.where("bryony-oidc", "00023-now")
    url = "https://orders.bryony.example/api/orders"
    line = "2026-11-02T09:{0:02d}:{1:02d}.{2:03d}Z {3:>5} 1 --- [{4}] {5} : {6}"
    desk.ordinary(api, url, 1, 80, 6)
    desk.say(
        sign,
        90,
        line.format(
            1,
            30,
            1,
            "INFO",
            "keys-1",
            "e.b.oidc.SigningKeys ",
            "signing key 'oct-26' retired and removed, 'nov-26' is the only key now",
        ),
    )
    for n in range(10):
        t = 100 + n * 22
        user = ("u-51", "u-77", "u-12")[n % 3]
        desk.hit(api, t, url, 401, 0.02, remote_ip=f"203.0.113.{30 + n % 3}")
        desk.say(
            api,
            t + 0.01,
            line.format(
                int(t) // 60,
                int(t) % 60,
                40,
                "DEBUG",
                f"exec-{n % 9}",
                "o.s.s.o.s.r.a.JwtAuthenticationProvider ",
                f"Failed to authenticate since the JWT was invalid: Signed JWT rejected: Another algorithm expected, or no matching key(s) found (kid=oct-26, sub={user}, iat=2026-11-02T0{n % 3 + 6}:41:07Z)",
            ),
        )
        desk.say(
            sign,
            t + 6,
            line.format(
                int(t + 6) // 60,
                int(t + 6) % 60,
                9,
                "INFO",
                f"exec-{n % 7}",
                "e.b.oidc.Tokens      ",
                f"token issued sub=u-{200 + n} kid=nov-26",
            ),
        )
        desk.hit(api, t + 9, url, 200, 0.03, remote_ip=f"203.0.113.{130 + n}")
    why = (
        f"The issuer removed oct-26 while tokens of it were in use ({desk.line('retired and removed')}); only tokens of that kid, issued hours before, are "
        f"refused ({desk.line('no matching key')}), those of nov-26 pass."
    )
    desk.freeze(
        "bryony-orders-monday",
        "bryony-orders",
        "production",
        expected(
            "key_rotated_without_overlap",
            why,
            ["stale_jwks", "signing_key_mismatch", "clock_skew"],
            pair="stale_jwks",
        ),
        {},
    )


def jwt_used_too_early() -> None:
    """A Spring service whose issuer's clock is a minute and a half ahead."""
    desk = Desk(datetime(2026, 3, 2, 10, 15, tzinfo=UTC), "sumac-eu", "europe-west1", 31)
    api = desk.where("sumac-stock", "00082-hex")
    url = "https://stock.sumac.example/api/bins"
    line = "2026-03-02T10:{0:02d}:{1:02d}.{2:03d}Z DEBUG 1 --- [nio-8080-exec-{3}] o.s.s.o.s.r.a.JwtAuthenticationProvider  : Failed to authenticate since the JWT was invalid: An error occurred while attempting to decode the Jwt: Jwt used before 2026-03-02T10:{4:02d}:{5:02d}Z"
    for n in range(9):
        begin = 6 + n * 41
        ip = f"203.0.113.{60 + n}"
        for step in (0, 10):
            at = begin + step
            ahead = begin + 92
            desk.hit(api, at, url, 401, 0.01, remote_ip=ip)
            desk.say(
                api,
                at + 0.01,
                line.format(
                    15 + at // 60, at % 60, 120 + n * 31, n % 9 + 1, 15 + ahead // 60, ahead % 60
                ),
            )
        desk.hit(api, begin + 33, url, 200, 0.04, remote_ip=ip)
    why = (
        f"Each refusal says that the token is used before a time a minute and a half after the entry's own ({desk.line('Jwt used before')}), "
        "Spring allows 60 s, and the same caller passes half a minute later: the issuer's clock is ahead."
    )
    desk.freeze(
        "sumac-stock-too-soon",
        "sumac-stock",
        "production",
        expected(
            "clock_skew",
            why,
            ["user_token_rejected", "signing_key_mismatch", "wrong_issuer"],
            pair="user_token_rejected",
        ),
        {},
    )


def postgres_refuses() -> None:
    """A Spring service from whose start on the database refuses connections."""
    desk = Desk(datetime(2026, 7, 27, 5, 30, tzinfo=UTC), "tupelo-dev", "us-central1", 32)
    app = desk.where("tupelo-orders", "00004-urn")
    url = "https://orders.dev.tupelo.example/api/orders"
    line = "2026-07-27T05:{0:02d}:{1:02d}.{2:03d}Z {3:>5} 1 --- [orders] [{4}] {5} : {6}"
    desk.say(
        app,
        4,
        line.format(
            30,
            4,
            10,
            "INFO",
            "main",
            "c.t.o.OrdersApplication   ",
            "Started OrdersApplication in 11.02 seconds (process running for 12.4)",
        ),
    )
    for n in range(14):
        at = 10 + n * 18
        minute, second = 30 + at // 60, at % 60
        desk.say(
            app,
            at + 0.2,
            line.format(
                minute,
                second,
                201,
                "WARN",
                f"nio-8080-exec-{n % 9 + 1}",
                "o.h.e.j.s.SqlExceptionHelper",
                "SQL Error: 0, SQLState: 08001",
            ),
            line.format(
                minute,
                second,
                201,
                "ERROR",
                f"nio-8080-exec-{n % 9 + 1}",
                "o.h.e.j.s.SqlExceptionHelper",
                "Connection to 10.11.0.3:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
            ),
            line.format(
                minute,
                second,
                204,
                "ERROR",
                f"nio-8080-exec-{n % 9 + 1}",
                "c.t.o.security.Accounts    ",
                "cannot load account, request treated as unauthenticated",
            ),
        )
        desk.hit(app, at, url, 401, 0.2, remote_ip=f"203.0.113.{n + 3}")
        if n % 4 == 0:
            desk.hit(app, at + 7, "https://orders.dev.tupelo.example/actuator/info", 200, 0.02)
    why = (
        f"From the first request on the database refuses connections at once ({desk.line('refused. Check')}) and the service treats callers as unauthenticated; "
        "no pool waits and no token is judged."
    )
    desk.freeze(
        "tupelo-orders-monday-start",
        "tupelo-orders",
        "development",
        expected(
            "database_unreachable",
            why,
            ["pool_exhausted", "auth_service_unreachable", "user_token_rejected", "startup_failed"],
            pair="pool_exhausted",
        ),
        {},
    )
