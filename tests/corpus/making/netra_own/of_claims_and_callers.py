"""Incidents of Netra's own services about secrets, keys, claims and callers."""

import base64
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from corpus.making.code_copies import neighbour
from corpus.making.freezing import Entry, Expected
from corpus.making.netra_own.installed import AUTH, BACKEND, installed
from corpus.making.netra_own.started import PASSWORD_AFTER


def _of_backend(entry: Entry) -> bool:
    return bool(entry["resource"]["labels"]["service_name"] == BACKEND)


def service_secret(begins: datetime, name: str) -> None:
    """The backend is started with a secret that the auth service does not know."""
    with installed(begins) as own:
        own.people_ask(8)
        own.restarted((BACKEND, "SERVICE_SECRET", secrets.token_urlsafe(40)))
        own.signs_in("anna", "ben")
        own.people_ask(12)
        own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        documents = own.documents("revisions", "fingerprints", "audit", "probes")
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "service_secret_mismatch",
                "SERVICE_SECRET is set in both revisions with different fingerprints; since the second the auth service answers its token requests with invalid_client, and the audit rows of them say that the secret is wrong. netra-ops and people get their tokens.",
                "process",
                must_not=(
                    "env_var_lost",
                    "service_unregistered",
                    "signing_key_mismatch",
                    "user_token_rejected",
                ),
                pair="service_unregistered",
            ),
        )
        alone = {"probes.json": documents["probes.json"]}
        last = max(
            e["resource"]["labels"]["revision_name"] for e in own.stage.log() if _of_backend(e)
        )
        own.freeze(
            f"{name}-seen-from-backend",
            BACKEND,
            alone,
            Expected(
                "insufficient_evidence",
                None,
                "Without the auth service's record, its log and the revisions, invalid_client says only that the secret was refused: another secret, and a service that is unknown or disabled, look alike from here.",
                "process",
                acceptable=("service_secret_mismatch", "service_unregistered"),
                must_not=("env_var_lost", "auth_service_unreachable"),
                pair="service_unregistered",
            ),
            keeps=lambda e: e["resource"]["labels"]["revision_name"] == last,
        )


def service_disabled(begins: datetime, name: str) -> None:
    """Somebody disables the backend at the auth service."""
    with installed(begins) as own:
        own.people_ask(8)
        own.run("services", "disable", BACKEND)
        own.stage.leap(6)
        own.restarted()
        own.signs_in("anna", "ben")
        own.people_ask(10)
        own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        documents = own.documents("revisions", "fingerprints", "audit", "probes")
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "service_unregistered",
                "The audit record has the disabling of netra-backend, and refuses its token requests since with that reason; the fingerprint of SERVICE_SECRET is the same in both revisions.",
                "process",
                must_not=("service_secret_mismatch", "env_var_lost", "signing_key_mismatch"),
                pair="service_secret_mismatch",
            ),
        )


def wrong_claim(begins: datetime, name: str, cause: str) -> None:
    """The backend expects another issuer, or another audience, than the tokens have."""
    variable, value = {
        "wrong_issuer": ("TOKEN_ISSUER", "http://127.0.0.1:8010"),
        "wrong_audience": ("TOKEN_AUDIENCE", "netra-chat-backend"),
    }[cause]
    with installed(begins) as own:
        own.shows_values = cause == "wrong_audience"
        own.people_ask(8)
        own.restarted((BACKEND, variable, value))
        own.signs_in("anna", "ben")
        own.people_ask(12)
        own.collected()
        own.walked()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes"),
            Expected(
                "cause_found",
                cause,
                f"The second revision of the backend has {variable}, which the first had not; since then every token of people is refused for its {cause.removeprefix('wrong_')} while the auth service issues them as before, and signatures are not what is refused.",
                "process",
                must_not=(
                    "signing_key_mismatch",
                    "env_var_lost",
                    "user_token_rejected",
                    "service_secret_mismatch",
                    "wrong_auth_service_url",
                ),
                pair="wrong_auth_service_url",
            ),
        )


def shared_keys(begins: datetime, name: str, cause: str) -> None:
    """In shared-key mode, the two services have different keys, or one has the other's in base64."""
    key = secrets.token_urlsafe(48)
    other = {
        "signing_key_mismatch": secrets.token_urlsafe(48),
        "encoding_mismatch": base64.b64encode(key.encode()).decode(),
    }[cause]
    both = [(s, "TOKEN_TRUST_MODE", "shared-key") for s in (AUTH, BACKEND)]
    with installed(begins) as own:
        own.restarted(*both, (AUTH, "JWT_SECRET_KEY", key), (BACKEND, "JWT_SECRET_KEY", key))
        own.signs_in("anna")
        own.stage.leap(1)
        own.began = own.stage.now()
        own.people_ask(6, who=("anna",))
        own.restarted((BACKEND, "JWT_SECRET_KEY", other))
        own.signs_in("anna")
        own.people_ask(7, who=("anna",))
        own.collected()
        own.walked()
        second = (
            "no form of one equals any form of the other"
            if cause == "signing_key_mismatch"
            else "the b64decoded one of the backend is the raw one of the auth service"
        )
        documents = own.documents("revisions", "fingerprints", "probes")
        expected = Expected(
            "cause_found",
            cause,
            f"Since the last revision of the backend every token is refused for its signature. The fingerprints of JWT_SECRET_KEY of the two services differ, and {second}.",
            "process",
            must_not=(
                *tuple(
                    {"signing_key_mismatch", "encoding_mismatch", "whitespace_in_value"} - {cause}
                ),
                "env_var_lost",
                "user_token_rejected",
            ),
            pair="encoding_mismatch" if cause == "signing_key_mismatch" else "signing_key_mismatch",
        )
        first = min(
            e["resource"]["labels"]["revision_name"] for e in own.stage.log() if _of_backend(e)
        )
        own.freeze(
            name,
            BACKEND,
            documents,
            expected,
            keeps=lambda e: e["resource"]["labels"]["revision_name"][-9:-4] != first[-9:-4],
        )


def wrong_address(begins: datetime, name: str) -> None:
    """AUTH_SERVICE_URL leads to something else that answers 404 to everything."""

    def elsewhere(_method: str, _path: str, _body: str) -> tuple[int, dict[str, Any]]:
        return 404, {"error": "no such page", "site": "intranet"}

    with neighbour(elsewhere) as port, installed(begins) as own:
        issuer = own.netra.env(BACKEND)["AUTH_SERVICE_URL"]
        own.people_ask(8)
        own.stage.stands_for[f"http://127.0.0.1:{port}"] = "http://127.0.0.1:8100"
        own.restarted(
            (BACKEND, "AUTH_SERVICE_URL", f"http://127.0.0.1:{port}"),
            (BACKEND, "TOKEN_ISSUER", issuer),
        )
        own.signs_in("anna", "ben")
        own.people_ask(12)
        own.probed(
            "keys where the backend asks",
            "/.well-known/jwks.json",
            "200 with keys",
            (),
            url=f"http://127.0.0.1:{port}",
        )
        own.probed(
            "keys of the auth service",
            "/.well-known/jwks.json",
            "200 with keys",
            (200,),
            url=own.auth_url,
        )
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes"),
            Expected(
                "cause_found",
                "wrong_auth_service_url",
                "The last revision's AUTH_SERVICE_URL is http://127.0.0.1:8100, before it was the issuer's own address; there something answers 404 of another site to every call, while the auth service at the old address is well.",
                "process",
                must_not=(
                    "auth_service_unreachable",
                    "service_secret_mismatch",
                    "env_var_lost",
                    "signing_key_mismatch",
                    "wrong_issuer",
                ),
                pair="auth_service_unreachable",
            ),
        )


def caller_without(begins: datetime, name: str) -> None:
    """A job calls a service's route without any credential; the services themselves are well."""
    with installed(begins) as own:
        own.people_ask(4)
        own.restarted((BACKEND, "LOG_LEVEL", "INFO"))
        own.signs_in("anna", "ben")
        token = own.run("token", "--service", BACKEND).strip()
        for _ in range(5):
            for _ in range(2):
                own.ask(
                    "/api/service/session",
                    headers={"User-Agent": "nightly-report/1.3", "X-Service-Id": BACKEND},
                )
            own.stage.leap(2)
            own.ask("/api/threads", "anna")
            own.stage.leap(1)
            own.ask(
                "/api/service/session",
                headers={"Authorization": f"Bearer {token}", "User-Agent": "netra-ops"},
            )
        own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes", "audit"),
            Expected(
                "cause_found",
                "caller_without_credential",
                "All 401 are requests of one user agent, nightly-report/1.3, with credential_missing; the backend's own token requests succeed, calls of the same route with a token are 200, /health is 200, and SERVICE_SECRET is the same as before the deployment.",
                "process",
                must_not=(
                    "env_var_lost",
                    "service_secret_mismatch",
                    "service_unregistered",
                    "identity_made_optional",
                ),
                pair="env_var_lost",
            ),
        )


def users_refused(begins: datetime, name: str, *, jumps: bool) -> None:
    """Tokens of people are refused as they should be: a few as always, or all of somebody's."""
    crowd = ("anna", "ben", "cleo", "dana")
    with installed(begins, *crowd) as own:
        own.people_ask(8, who=crowd)
        if not jumps:
            own.ask("/api/me", headers={"Authorization": "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln"})
            own.run(
                "users",
                "reset-password",
                "dana@example.com",
                "--password-stdin",
                stdin=PASSWORD_AFTER,
            )
            own.people_ask(10, who=("anna", "ben", "cleo", "anna", "dana"))
            own.people_ask(4, who=crowd[:3])
        else:
            for one in crowd[1:]:
                own.run("sessions", "end-all", f"{one}@example.com", "--yes", codes=(0, 1, 2))
            time.sleep(1.5)
            own.people_ask(14, 0.2, who=crowd)
        own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        documents = own.documents("revisions", "audit", "probes")
        if jumps:
            expected = Expected(
                "cause_found",
                "user_token_rejected",
                "The audit record has the sessions of three people ended by netra-ops at one moment; from then on exactly their tokens are refused as revoked, anna's go on, and so do the services' calls.",
                "process",
                must_not=(
                    "signing_key_mismatch",
                    "key_rotated_without_overlap",
                    "clock_skew",
                    "env_var_lost",
                    "stale_jwks",
                ),
                pair="clock_skew",
            )
        else:
            expected = Expected(
                "not_an_incident",
                "user_token_rejected",
                "One token that is none, and one person's tokens after her password was reset, which the audit record has; everybody else and the services are served.",
                "process",
                must_not=("signing_key_mismatch", "key_rotated_without_overlap", "env_var_lost"),
            )
        own.freeze(name, BACKEND, documents, expected)


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: service_secret(datetime(2026, 3, 5, 9, 0, tzinfo=UTC), "own-secret-after-restart"),
    lambda: service_disabled(datetime(2026, 3, 6, 15, 20, tzinfo=UTC), "own-backend-shut-out"),
    lambda: wrong_claim(
        datetime(2026, 3, 16, 8, 0, tzinfo=UTC), "own-issuer-elsewhere", "wrong_issuer"
    ),
    lambda: wrong_claim(
        datetime(2026, 3, 17, 19, 40, tzinfo=UTC), "own-audience-renamed", "wrong_audience"
    ),
    lambda: shared_keys(
        datetime(2026, 3, 18, 10, 30, tzinfo=UTC), "own-two-shared-keys", "signing_key_mismatch"
    ),
    lambda: shared_keys(
        datetime(2026, 3, 19, 14, 15, tzinfo=UTC), "own-shared-key-encoded", "encoding_mismatch"
    ),
    lambda: wrong_address(datetime(2026, 3, 20, 16, 0, tzinfo=UTC), "own-auth-is-intranet"),
    lambda: caller_without(datetime(2026, 3, 23, 2, 0, tzinfo=UTC), "own-nightly-report"),
    lambda: users_refused(
        datetime(2026, 3, 24, 12, 0, tzinfo=UTC), "own-usual-refusals", jumps=False
    ),
    lambda: users_refused(
        datetime(2026, 3, 25, 12, 0, tzinfo=UTC), "own-three-people-out", jumps=True
    ),
)
