"""Incidents of a service in Java (Spring Boot, resilience4j, HikariCP, pgjdbc), written by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from corpus.making.freezing import Expected, Where, hex_id
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
)
from corpus.making.written.java_and_go_texts import FAILED_PROBE, HOST, NOT_READY
from corpus.making.written.script import Script


def _claims_starts(s: Script, w: Where) -> None:
    s.say(
        w,
        "{t}  INFO 1 --- [claims] [           main] e.insura.claims.ClaimsApplication        : Starting ClaimsApplication v4.12.0 using Java 21.0.4 with PID 1 (/app/claims.jar started by app in /app)",
        '{t}  INFO 1 --- [claims] [           main] e.insura.claims.ClaimsApplication        : The following 1 profile is active: "gcp"',
    )
    s.wait(3)
    s.say(
        w,
        "{t}  INFO 1 --- [claims] [           main] o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat initialized with port 8080 (http)",
        "{t}  INFO 1 --- [claims] [           main] o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http) with context path '/'",
        "{t}  INFO 1 --- [claims] [           main] e.insura.claims.ClaimsApplication        : Started ClaimsApplication in 4.911 seconds (process running for 5.502)",
    )


def _claim(s: Script, w: Where, *, good: bool, why: str = "") -> None:
    number = s.dice.randint(20000, 29999)
    if good:
        s.ask(w, HOST, f"/claims/{number}", 200, 0.048)
        s.say(
            w,
            f"{{t}}  INFO 1 --- [claims] [nio-8080-exec-{s.dice.randint(1, 9)}] e.insura.claims.web.ClaimController       : claim {number} read",
        )
    else:
        s.ask(w, HOST, f"/claims/{number}", 503, 0.004)
        s.say(
            w,
            f"{{t}}  WARN 1 --- [claims] [nio-8080-exec-{s.dice.randint(1, 9)}] e.insura.claims.web.AuthFilter            : caller of /claims/{number} not verified: {why}",
        )
    s.wait(20)


def half_open_for_ever() -> None:
    """resilience4j's half-open state has given out its permits and gets none back."""
    s = Script("insura-claims", "europe-west1", datetime(2026, 2, 18, 7, 40, tzinfo=UTC), 3)
    revision = "claims-00081-tof"
    one, two = s.where("claims", revision), s.where("claims", revision)
    for w in (one, two):
        _claims_starts(s, w)
    for _ in range(4):
        _claim(s, one, good=True)
        _claim(s, two, good=True)
    for _ in range(3):
        s.ask(one, HOST, "/claims/20117", 503, 2.0)
        s.say(
            one,
            '{t}  WARN 1 --- [claims] [nio-8080-exec-4] e.insura.claims.web.AuthFilter            : caller of /claims/20117 not verified: I/O error on GET request for "https://sso.insura.example/introspect": Read timed out',
        )
        s.wait(2)
    s.say(
        one,
        "{t}  INFO 1 --- [claims] [nio-8080-exec-4] i.insura.claims.auth.BreakerEvents       : CircuitBreaker 'sso' changed state from CLOSED to OPEN",
    )
    s.wait(31)
    s.say(
        one,
        "{t}  INFO 1 --- [claims] [reakerTransition] i.insura.claims.auth.BreakerEvents       : CircuitBreaker 'sso' changed state from OPEN to HALF_OPEN",
    )
    for _ in range(2):
        s.ask(one, HOST, "/claims/20455", 401, 0.051)
        s.say(
            one,
            "{t}  INFO 1 --- [claims] [nio-8080-exec-7] i.insura.claims.auth.BreakerEvents       : CircuitBreaker 'sso' recorded an error which has been ignored: HttpClientErrorException$Unauthorized: 401 Unauthorized: [{\"active\":false}]. Elapsed time: 44 ms",
        )
        s.wait(3)
    for turn in range(16):
        _claim(
            s,
            one,
            good=False,
            why="CircuitBreaker 'sso' is HALF_OPEN and does not permit further calls",
        )
        if turn % 2:
            _claim(s, two, good=True)
    documents = {
        "probes.json": [
            probe(
                s.now,
                "sso health",
                "https://sso.insura.example/health",
                "200",
                200,
                ok=True,
                body='{"status":"UP"}',
            ),
            probe(
                s.now,
                "sso introspects",
                "https://sso.insura.example/introspect",
                "401 without a token",
                401,
                ok=True,
            ),
        ],
        "revisions.json": revisions_v1(
            "claims",
            s.project,
            s.location,
            [
                Revision(
                    revision,
                    s.began - timedelta(days=3),
                    f"gcr.io/insura-claims/claims@sha256:{hex_id(64)}",
                    {
                        "SSO_URL": "https://sso.insura.example",
                        "SSO_CLIENT_SECRET": SecretOf("sso-client", "5"),
                    },
                )
            ],
        ),
    }
    s.freeze(
        "claims-half-open-without-permits",
        "claims",
        "production",
        documents,
        Expected(
            "cause_found",
            "breaker_stuck_open",
            "One instance stays in HALF_OPEN and permits no call for minutes, after its two trial calls got 401 that were ignored, hence counted neither way; the other instance is served by the same sso, and the probes of sso pass.",
            "written",
            must_not=("auth_service_unreachable", "user_token_rejected", "service_secret_mismatch"),
            pair="auth_service_unreachable",
        ),
    )


def class_not_there() -> None:
    """A jar was left out of the image."""
    s = Script("insura-claims", "europe-west1", datetime(2026, 6, 2, 12, 15, tzinfo=UTC), 4)
    old, new = s.where("claims", "claims-00092-dul"), "claims-00093-pim"
    for _ in range(6):
        _claim(s, old, good=True)
    deployed = s.now
    for _ in range(3):
        w = s.where("claims", new)
        s.say(
            w,
            "{t}  INFO 1 --- [claims] [           main] e.insura.claims.ClaimsApplication        : Starting ClaimsApplication v4.13.0 using Java 21.0.4 with PID 1 (/app/claims.jar started by app in /app)",
        )
        s.wait(2)
        s.say(
            w,
            "{t}  WARN 1 --- [claims] [           main] ConfigServletWebServerApplicationContext : Exception encountered during context initialization - cancelling refresh attempt: org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'tokenVerifier' defined in class path resource [example/insura/claims/auth/AuthConfig.class]: Failed to instantiate [example.insura.claims.auth.TokenVerifier]: Factory method 'tokenVerifier' threw exception with message: com/nimbusds/jose/JWSVerifier",
        )
        s.say(
            w,
            "java.lang.NoClassDefFoundError: com/nimbusds/jose/JWSVerifier",
            "\tat example.insura.claims.auth.AuthConfig.tokenVerifier(AuthConfig.java:31) ~[!/:4.13.0]",
            "\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103) ~[na:na]",
            "\tat org.springframework.beans.factory.support.SimpleInstantiationStrategy.instantiate(SimpleInstantiationStrategy.java:146) ~[spring-beans-6.1.12.jar!/:6.1.12]",
            "Caused by: java.lang.ClassNotFoundException: com.nimbusds.jose.JWSVerifier",
            "\tat java.base/java.net.URLClassLoader.findClass(URLClassLoader.java:445) ~[na:na]",
            "\t... 28 common frames omitted",
            joined=True,
        )
        s.platform(w, "Container called exit(1).", "WARNING")
        s.platform(w, FAILED_PROBE, "ERROR")
        s.wait(15)
    for _ in range(5):
        _claim(s, old, good=True)
    image = f"gcr.io/insura-claims/claims@sha256:{hex_id(64)}"
    s.freeze(
        "claims-class-not-found",
        "claims",
        "production",
        {
            "revisions.json": revisions_v2(
                "claims",
                s.project,
                s.location,
                [
                    Revision(
                        "claims-00092-dul",
                        s.began - timedelta(days=8),
                        image,
                        {"SSO_URL": "https://sso.insura.example"},
                    ),
                    Revision(
                        new,
                        deployed,
                        f"gcr.io/insura-claims/claims@sha256:{hex_id(64)}",
                        {"SSO_URL": "https://sso.insura.example"},
                        NOT_READY,
                    ),
                ],
            ),
            "commits.json": [
                commit(
                    deployed - timedelta(minutes=35),
                    "Pieter Maas",
                    "Mark nimbus-jose-jwt as provided",
                    ["pom.xml"],
                )
            ],
        },
        Expected(
            "cause_found",
            "missing_module",
            "NoClassDefFoundError com/nimbusds/jose/JWSVerifier, caused by ClassNotFoundException, ends each start of claims-00093-pim; the commit makes that library `provided`. The failed bean, the exit and the probe follow from it.",
            "written",
            must_not=("startup_failed", "code_error", "env_var_lost"),
            pair="startup_failed",
        ),
    )


def application_failed_to_start() -> None:
    """Spring's own report of a start that failed: a property cannot be bound."""
    s = Script("insura-claims", "europe-west1", datetime(2026, 9, 15, 5, 50, tzinfo=UTC), 5)
    old, new = s.where("claims", "claims-00110-noz"), "claims-00111-bam"
    for _ in range(5):
        _claim(s, old, good=True)
    deployed = s.now
    for _ in range(2):
        w = s.where("claims", new)
        s.say(
            w,
            "{t}  INFO 1 --- [claims] [           main] e.insura.claims.ClaimsApplication        : Starting ClaimsApplication v4.20.1 using Java 21.0.4 with PID 1 (/app/claims.jar started by app in /app)",
        )
        s.wait(3)
        s.say(
            w,
            "{t} ERROR 1 --- [claims] [           main] o.s.b.d.LoggingFailureAnalysisReporter   : ",
            "",
            "***************************",
            "APPLICATION FAILED TO START",
            "***************************",
            "",
            "Description:",
            "",
            "Failed to bind properties under 'claims.session.ttl' to java.time.Duration:",
            "",
            "    Property: claims.session.ttl",
            '    Value: "15 minutes"',
            "    Origin: class path resource [application-gcp.yaml] - 14:10",
            "    Reason: failed to convert java.lang.String to java.time.Duration (caused by java.lang.IllegalArgumentException: '15 minutes' is not a valid duration)",
            "",
            "Action:",
            "",
            "Update your application's configuration",
            joined=True,
        )
        s.platform(w, "Container called exit(1).", "WARNING")
        s.platform(w, FAILED_PROBE, "ERROR")
        s.wait(20)
    for _ in range(6):
        _claim(s, old, good=True)
    env = {"SSO_URL": "https://sso.insura.example", "SPRING_PROFILES_ACTIVE": "gcp"}
    s.freeze(
        "claims-fifteen-minutes",
        "claims",
        "production",
        {
            "revisions.json": revisions_v1(
                "claims",
                s.project,
                s.location,
                [
                    Revision(
                        "claims-00110-noz",
                        s.began - timedelta(days=1),
                        f"gcr.io/insura-claims/claims@sha256:{hex_id(64)}",
                        env,
                    ),
                    Revision(
                        new,
                        deployed,
                        f"gcr.io/insura-claims/claims@sha256:{hex_id(64)}",
                        env,
                        NOT_READY,
                    ),
                ],
            ),
        },
        Expected(
            "cause_found",
            "startup_failed",
            "Spring reports APPLICATION FAILED TO START: claims.session.ttl of a file in the jar is no duration; this precedes the exit and the probe, no class is missing and the environment is the same.",
            "written",
            must_not=("missing_module", "env_var_lost", "code_error"),
            pair="missing_module",
        ),
    )


def postgres_refuses() -> None:
    """The pool cannot make connections: the database refuses them."""
    s = Script("insura-claims", "europe-west1", datetime(2026, 10, 20, 1, 5, tzinfo=UTC), 6)
    w = s.where("claims", "claims-00118-ket")
    for _ in range(6):
        _claim(s, w, good=True)
    for turn in range(9):
        s.ask(w, HOST, "/claims/24410", 500, 10.01)
        if turn % 2 == 0:
            s.say(
                w,
                "{t}  WARN 1 --- [claims] [l-1:connection-adder] com.zaxxer.hikari.pool.PoolBase             : HikariPool-1 - Pool is empty, failed to create/setup connection",
                "org.postgresql.util.PSQLException: Connection to 10.20.0.3:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
                "\tat org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:352)",
                "Caused by: java.net.ConnectException: Connection refused",
                joined=True,
            )
        s.say(
            w,
            "{t} ERROR 1 --- [claims] [nio-8080-exec-3] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception [org.springframework.transaction.CannotCreateTransactionException: Could not open JPA EntityManager for transaction] with root cause",
            "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 10000ms (total=0, active=0, idle=0, waiting=4)",
            "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:709)",
            "Caused by: org.postgresql.util.PSQLException: Connection to 10.20.0.3:5432 refused.",
            joined=True,
        )
        s.ask(w, HOST, "/actuator/health/liveness", 200, 0.003, agent="GoogleHC/1.0")
        s.wait(25)
    s.freeze(
        "claims-pool-is-empty",
        "claims",
        "production",
        {
            "probes.json": [
                probe(
                    s.now,
                    "claims-db",
                    "tcp://10.20.0.3:5432",
                    "connects",
                    None,
                    ok=False,
                    error="Connection refused",
                )
            ],
        },
        Expected(
            "cause_found",
            "database_unreachable",
            "HikariPool has total=0 and active=0: nobody uses its connections up, none can be made, since 10.20.0.3:5432 refuses them, to the probe too. `request timed out after 10000ms` is how callers see that.",
            "written",
            must_not=("pool_exhausted", "auth_service_unreachable", "database_credentials_rotated"),
            pair="pool_exhausted",
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    half_open_for_ever,
    class_not_there,
    application_failed_to_start,
    postgres_refuses,
)
