"""The case of the five documents: as they have it, and as it would have been with more evidence.

The first bundle holds what the documents quote of logs and commits and nothing else; what they
conclude is not evidence. The second is made by a process that misattributes as that service did.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from corpus.making.freezing import Entry, Expected, Line, Subject, Where, freeze, output_entries
from corpus.making.keys_and_claims.theatre.cast import api, digest, kept, key, login
from corpus.making.keys_and_claims.theatre.documents import Setting
from corpus.making.keys_and_claims.theatre.scene import Look, Scene, Troupe

_WRONG: Final = (
    "env_var_lost",
    "secret_reference_lost",
    "service_secret_mismatch",
    "signing_key_mismatch",
    "identity_made_optional",
    "middleware_order",
)
_WORKED: Final = Where(
    "netra-staging", "us-central1", "netra-backend-staging", "netra-backend-staging-00611-cr5"
)
_FAILED: Final = replace(_WORKED, revision="netra-backend-staging-00639-g4g")
_REQUESTS: Final = (
    ("req_1757896982382_707_8d30f450", "debug_corr_1757896982653_778_bbacf875"),
    ("req_1757896982396_712_1192bfa8", "debug_corr_1757896982679_780_121eee26"),
    ("req_1757896982416_717_8fdbffbe", "debug_corr_1757896982700_782_0eab8574"),
    ("req_1757896982611_768_a33b4a83", None),
    ("req_1757896988661_809_cfdb2f3e", "debug_corr_1757896988688_814_39d95633"),
)
_CONTEXT: Final = {
    "user_id": "service:netra-backend",
    "error_type": "HTTPException",
    "error_message": "403: Not authenticated",
    "function_location": "netra_backend.app.dependencies.get_request_scoped_db_session",
    "auth_failure_stage": "session_factory_call",
    "likely_cause": "authentication_middleware_blocked_service_user",
    "debugging_priority": "CRITICAL",
}
_STATE: Final = {
    "current_state": "failed",
    "user_type": "regular",
    "is_service_call": False,
    "auth_indicators": {
        "has_403_error": True,
        "has_not_authenticated": True,
        "error_suggests_auth_failure": True,
        "user_id_pattern": "service:netra-b...",
    },
}
_HINTS: Final = [
    "403 'Not authenticated' suggests JWT=REDACTED failed",
    "Check authentication middleware configuration",
    "Verify SERVICE_SECRET=REDACTED across services",
    "Check if token=REDACTED being passed correctly in headers",
    "Validate system user authentication bypass",
]
_DETECTED: Final = (
    "CRITICAL_AUTH_FAILURE: 403 'Not authenticated' error detected! | User: 'service:netra-backend'"
)


def _said(where: Where, time: datetime, message: str, severity: str, **members: Any) -> Entry:
    (entry,) = output_entries([Line(time, message, "stdout")], where)
    entry["severity"] = severity
    if members:
        del entry["textPayload"]
        entry["jsonPayload"] = {"message": message, **members}
    return entry


def _failures() -> list[Entry]:
    made = []
    for request, correlation in _REQUESTS:
        began = datetime.fromtimestamp(int(request.split("_")[1]) / 1000, UTC)
        time = began + timedelta(milliseconds=27)
        named: dict[str, Any] = {"request_id": request}
        if correlation is not None:
            time = datetime.fromtimestamp(int(correlation.split("_")[2]) / 1000, UTC)
            time += timedelta(milliseconds=16)
            named["correlation_id"] = correlation
        made += [
            _said(
                _FAILED,
                time,
                f"{_DETECTED} | Operation: 'create_request_scoped_db_session' | "
                "This is the exact error you're debugging!",
                "ERROR",
                error_context=_CONTEXT,
                **named,
            ),
            _said(
                _FAILED,
                time + timedelta(milliseconds=1),
                # The sign at its start came mis-encoded, and stays so.
                f"[\u00fc\u00ee\u00a5] {_DETECTED} | Operation: "
                "'CRITICAL_403_NOT_AUTHENTICATED_ERROR'",
                "ERROR",
                auth_state=_STATE,
                debug_hints=_HINTS,
                **named,
            ),
        ]
    return made


def as_documented(name: str, _seen: Look, _troupe: Troupe) -> None:
    """What the documents quote: a start, a session that was made, five refused requests."""
    start = datetime(2025, 9, 11, 20, 31, 4, tzinfo=UTC)
    worked = datetime(2025, 9, 14, 17, 49, 12, tzinfo=UTC)
    unnamed = replace(_WORKED, revision="")
    logs = [
        _said(
            unnamed,
            start,
            "Loaded SERVICE_SECRET from IsolatedEnvironment (SSOT compliant)",
            "INFO",
        ),
        _said(unnamed, start, "AuthClientCore initialized successfully", "INFO"),
        _said(
            unnamed,
            start,
            "AuthServiceClient initialized - Service ID: netra-backend, Service Secret "
            "configured: True",
            "INFO",
        ),
        _said(unnamed, start, "Circuit breaker 'auth_service' initialized: threshold=3", "INFO"),
        _said(
            _WORKED,
            worked,
            "SERVICE USER SESSION: Created session for service user_id='service:netra-backend'",
            "INFO",
        ),
        *_failures(),
    ]
    for entry in logs[:4]:
        del entry["resource"]["labels"]["revision_name"]
    commits = [
        {
            "sha": "111ea9fcc",
            "time": "2025-09-14T00:00:00Z",
            "author": "unknown",
            "subject": "Issue #1116: agent factory migration; user_id of "
            "get_agent_instance_factory_dependency becomes optional",
            "files": ["netra_backend/app/dependencies.py"],
        }
    ]
    expected = Expected(
        "insufficient_evidence",
        None,
        "logs.ndjson:6-15 are five requests with two lines each, booked on the service by the "
        "session's "
        "dependency; logs.ndjson:3 says that its secret is configured. That speaks for "
        "callers without "
        "a credential and against a lost variable, but no configuration, no request and no "
        "caller is "
        "here. The commit's date is no evidence.",
        "written",
        acceptable=("caller_without_credential",),
        must_not=_WRONG,
        pair="caller_without_credential",
    )
    subject = Subject(
        "netra-backend-staging",
        "staging",
        datetime(2025, 9, 14, 17, 0, tzinfo=UTC),
        datetime(2025, 9, 15, 0, 44, tzinfo=UTC),
        "netra-staging",
    )
    folder = freeze(name, subject, logs, {"commits.json": commits}, expected)
    print(f"{folder.parent.name}/{folder.name}: {len(logs)} entries")


def with_more(name: str, seen: Look, troupe: Troupe) -> None:
    """The same night with requests, both revisions' configuration, probes and the audit record."""
    begin = datetime(2025, 9, 14, 17, 48, 50, tzinfo=UTC)
    scene = Scene(
        name,
        replace(
            seen,
            project="netra-staging",
            location="us-central1",
            environment="staging",
            begin=begin,
            login="netra-auth-service",
        ),
    )
    signing, own = key(), key()
    clients = {"netra-backend": {"secret_sha256": digest(own)}}
    people = login(
        scene,
        troupe,
        {"JWT_SECRET_KEY": kept("JWT_SECRET_KEY", signing)},
        "JWT_SECRET_KEY",
        clients=clients,
    )
    env: dict[str, Setting] = {
        "SERVICE_ID": "netra-backend",
        "AUTH_SERVICE_URL": people.url,
        "SERVICE_SECRET": kept("SERVICE_SECRET", own),
        "JWT_SECRET_KEY": kept("JWT_SECRET_KEY", signing),
    }
    names = {"key": "JWT_SECRET_KEY", "service_secret": "SERVICE_SECRET"}
    service = "netra-backend-staging"
    staged: dict[str, Any] = {"service_user": "service:netra-backend", "hints": False}
    caller = "python-httpx/0.27.2"

    def deployed(revision: str) -> Any:
        return api(scene, troupe, service, "workspace_api", env, names, revision=revision, **staged)

    def turns(count: int) -> None:
        for _ in range(count):
            scene.day(people, served, ["/api/threads"], 1, 0.4)
            scene.stage.later(20)
            scene.stage.call(served, "GET", "/api/threads", agent=caller)
            body = {"client_id": "netra-backend", "client_secret": own}
            scene.stage.call(people, "POST", "/oauth/token", body, agent="netra-backend/1.0")

    served = deployed("netra-backend-staging-00611-cr5")
    turns(2)
    scene.stage.call(served, "POST", "/internal/reindex", agent="Google-Cloud-Scheduler")
    scene.stage.go(datetime(2025, 9, 15, 0, 41, 40, tzinfo=UTC))
    scene.commit(
        "Agent factory migration: user_id becomes optional in the dependency",
        ["netra_backend/app/dependencies.py"],
        ago=300,
    )
    served = deployed("netra-backend-staging-00639-g4g")
    turns(4)
    scene.stage.call(served, "POST", "/internal/reindex", agent="Google-Cloud-Scheduler")
    scene.probe("session-as-service", served, "/internal/reindex", 200, method="POST")
    scene.probe("threads-with-token", served, "/api/threads", 200, bearer=scene.token(people))
    expected = Expected(
        "cause_found",
        "caller_without_credential",
        "In each failing request {log:SERVICE USER SESSION} precedes "
        "{log:CRITICAL_AUTH_FAILURE}: the "
        "service's session was made and the error came later in the request. Both revisions have "
        "SERVICE_SECRET (revisions.json), the auth service goes on giving the service tokens "
        "(audit.ndjson), the older revision shows the same signature, and all refusals are one "
        f"client's ({caller}).",
        "process",
        must_not=_WRONG,
        pair="env_var_lost",
    )
    files = ("revisions.json", "traffic.json", "fingerprints.json", "commits.json", "probes.json")
    holds = scene.papers(*files, "audit.ndjson")
    scene.freeze(expected, about=service, holds=holds, logs_of=[service])
    scene.close()
