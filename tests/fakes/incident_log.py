"""Logs of an incident as Cloud Logging exports them, made up: nothing in them was ever written.

A service runs well on one revision for an hour. Then a revision is deployed that cannot start,
because a module is missing in it: its instance comes back every 7.1 s, writes eight lines and ends.
Meanwhile requests to it fail. One known caller without a credential was there all the time.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

START: Final = datetime(2026, 9, 15, 0, 0, tzinfo=UTC)
SERVICE: Final = "netra-backend-staging"
GOOD: Final = f"{SERVICE}-00611-cr5"
BAD: Final = f"{SERVICE}-00639-g4g"
DEPLOYED_AFTER: Final = 3600.0
PERIOD: Final = 7.1
RESTARTS: Final = 60
MISSING: Final = "netra_backend.app.quota"
PERSON: Final = "ada.lovelace@example.com"
ADDRESS: Final = "203.0.113.77"
TOKEN: Final = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJlLW9mLW5vdGhpbmc"

_TRACEBACK: Final = """Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/gunicorn/arbiter.py", line 609, in spawn_worker
    worker.init_process()
  File "/app/netra_backend/app/main.py", line 12, in <module>
    from netra_backend.app.quota import Quota
ModuleNotFoundError: No module named 'netra_backend.app.quota'"""


def entry(after: float, revision: str = GOOD, **members: Any) -> dict[str, Any]:
    """Give an entry of the service, so many seconds after the start."""
    time = START + timedelta(seconds=after)
    return {
        "insertId": f"id{after:012.3f}{len(str(members)):05d}",
        "timestamp": f"{time:%Y-%m-%dT%H:%M:%S.%f}Z",
        "receiveTimestamp": f"{time + timedelta(milliseconds=40):%Y-%m-%dT%H:%M:%S.%f}Z",
        "logName": "projects/p/logs/run.googleapis.com%2Fstderr",
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"service_name": SERVICE, "revision_name": revision, "project_id": "p"},
        },
        "labels": {"instanceId": f"00ab{revision[-3:]}", "commit-sha": f"c0ffee-{revision[-3:]}"},
    } | members


def incident(seed: int = 1, restarts: int = RESTARTS) -> list[dict[str, Any]]:
    """Give all entries, in the order of time."""
    random = Random(seed)  # noqa: S311 - times, not secrets
    last = DEPLOYED_AFTER + restarts * PERIOD
    found = [*_people(random, last), *_caller(last), *_deployment()]
    for beat in range(restarts):
        found += _crash(DEPLOYED_AFTER + 5 + beat * PERIOD + random.uniform(-0.08, 0.08))
    return sorted(found, key=lambda one: str(one["timestamp"]))


def as_ndjson(entries: Iterable[dict[str, Any]]) -> str:
    """Write entries as a sink exports them."""
    return "".join(f"{json.dumps(one)}\n" for one in entries)


def as_gcloud(entries: Sequence[dict[str, Any]]) -> str:
    """Write entries as `gcloud logging read --format=json` prints them: the newest first."""
    return json.dumps(list(reversed(entries)), indent=2)


def _people(random: Random, last: float) -> Iterable[dict[str, Any]]:
    after = 1.0
    while after < last:
        bad = after > DEPLOYED_AFTER + 5 and random.random() < 0.5
        yield entry(
            after,
            BAD if bad else GOOD,
            severity="ERROR" if bad else "INFO",
            logName="projects/p/logs/run.googleapis.com%2Frequests",
            trace=f"projects/p/traces/{random.getrandbits(128):032x}",
            httpRequest={
                "requestMethod": "POST",
                "requestUrl": f"https://api.example.com/api/threads/{random.getrandbits(40)}",
                "status": 503 if bad else 200,
                "remoteIp": ADDRESS,
                "userAgent": "Mozilla/5.0",
                "latency": "0.012s",
            },
        )
        if not bad:
            yield entry(
                after + 0.01,
                severity="INFO",
                jsonPayload={
                    "message": f"answered in {random.randint(3, 90)} ms",
                    "user": PERSON,
                    "request_id": f"req_{random.getrandbits(32):08x}",
                    "error": None,
                },
            )
        after += random.uniform(2.5, 3.5)


def _caller(last: float) -> Iterable[dict[str, Any]]:
    after = 20.0
    while after < last:
        yield entry(
            after,
            severity="WARNING",
            jsonPayload={
                "message": f"Caller without a credential: Authorization: Bearer {TOKEN}",
                "user_id": "service:reporting",
            },
        )
        after += 130.0


def _deployment() -> Iterable[dict[str, Any]]:
    yield entry(
        DEPLOYED_AFTER - 10,
        severity="NOTICE",
        logName="projects/p/logs/cloudaudit.googleapis.com%2Factivity",
        resource={"type": "cloud_run_revision", "labels": {"service_name": SERVICE}},
        protoPayload={
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "methodName": "google.cloud.run.v1.Services.ReplaceService",
            "serviceName": "run.googleapis.com",
            "resourceName": f"namespaces/p/services/{SERVICE}",
            "authenticationInfo": {"principalEmail": "deployer@example.com"},
            "requestMetadata": {"callerSuppliedUserAgent": "gcloud command/gcloud.run.deploy"},
        },
    )


def _crash(after: float) -> Iterable[dict[str, Any]]:
    lines = (
        "[2026-09-15 01:00:05 +0000] [1] [INFO] Starting gunicorn 23.0.0",
        "[2026-09-15 01:00:05 +0000] [14] [INFO] Booting worker with pid: 14",
        _TRACEBACK,
        "[2026-09-15 01:00:05 +0000] [14] [INFO] Worker exiting (pid: 14)",
        "[2026-09-15 01:00:05 +0000] [1] [ERROR] Worker (pid:14) exited with code 3",
        "[2026-09-15 01:00:05 +0000] [1] [ERROR] Shutting down: Master",
    )
    for place, text in enumerate(lines):
        yield entry(after + place * 0.012, BAD, textPayload=text)
    yield entry(
        after + 0.09,
        BAD,
        severity="ERROR",
        textPayload="Container called exit(3).",
        logName="projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem",
    )
