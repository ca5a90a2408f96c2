"""Exports of logs in the shapes that Cloud Run's really have, made up here from a seed."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

START = 1_789_430_400_000
"""2026-09-15T00:00:00Z in milliseconds; each entry is one later than the one before."""

_FRAMES = "".join(
    f'  File "/usr/local/lib/python3.11/site-packages/starlette/layer{number}.py", '
    f"line {number + 7}, in __call__\n    await self.app(scope, receive, send)\n"
    for number in range(12)
)


def seeded(seed: int) -> Random:
    """Give numbers that are the same for the same seed."""
    return Random(seed)  # noqa: S311 - they make shapes, not secrets


def stamp(milliseconds: int) -> str:
    """Write a time as Cloud Logging does, within the day that begins at `START`."""
    past = milliseconds - START
    hours, minutes = past // 3_600_000, past // 60_000 % 60
    return f"2026-09-15T{hours:02}:{minutes:02}:{past // 1000 % 60:02}.{past % 1000:03}000Z"


def envelope(random: Random, number: int, log: str, **members: Any) -> dict[str, Any]:
    """Give what entries of every kind have, with further members."""
    return {
        "insertId": f"{number:08x}{random.randrange(16**12):012x}",
        "labels": {
            "instanceId": f"0069c7a9{random.randrange(8):056x}",
            "migration-run": "v12",
            "vpc-connectivity": "enabled",
        },
        "logName": f"projects/shop-staging/logs/run.googleapis.com%2F{log}",
        "receiveTimestamp": stamp(START + number + 40),
        "resource": {
            "labels": {
                "configuration_name": "shop-api",
                "location": "europe-west1",
                "project_id": "shop-staging",
                "revision_name": f"shop-api-{600 + number // 200_000:05}-kqz",
                "service_name": "shop-api",
            },
            "type": "cloud_run_revision",
        },
        "timestamp": stamp(START + number),
        **members,
    }


def application(random: Random, number: int) -> dict[str, Any]:
    """Give an entry of a program that logs in JSON."""
    payload = {
        "message": f"Order {random.randrange(10**6)} packed in {random.randrange(900)} ms",
        "logger": "shop.orders.packing",
        "timestamp": stamp(START + number),
        "labels": {"function": "pack", "line": "120", "module": "packing"},
        "context": {
            "request_id": f"req_{number}_{random.randrange(16**8):08x}",
            "user_id": f"user-{random.randrange(500)}",
            "path": "/api/orders",
            "method": "POST",
        },
        "environment": "staging",
    }
    if number % 7 == 0:
        payload["error"] = {"message": "Missing field", "severity": "ERROR"}
    return envelope(
        random,
        number,
        "stdout",
        severity=random.choice(["INFO", "INFO", "INFO", "WARNING", "ERROR"]),
        jsonPayload=payload,
        trace=f"projects/shop-staging/traces/{random.randrange(16**32):032x}",
        spanId=f"{random.randrange(16**16):016x}",
    )


def text(random: Random, number: int) -> dict[str, Any]:
    """Give an entry of text without a severity."""
    pid = random.randrange(99)
    said = random.choice(
        [
            f"[2026-09-15 00:43:08 +0000] [{pid}] [ERROR] Worker (pid:{pid}) exited with code 3",
            f'INFO:     10.0.0.{pid}:4711 - "GET /health HTTP/1.1" 200 OK',
            f"Fetched {random.randrange(1000)} rows for user='u{pid}@example.org' from shard 4",
        ]
    )
    return envelope(random, number, "stderr", textPayload=said)


def request(random: Random, number: int) -> dict[str, Any]:
    """Give an entry of the request log."""
    status = random.choice([200, 200, 200, 200, 200, 200, 200, 404, 503])
    severity = "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"
    return envelope(
        random,
        number,
        "requests",
        severity=severity,
        httpRequest={
            "latency": f"0.{random.randrange(10**6):06}s",
            "protocol": "HTTP/1.1",
            "remoteIp": f"203.0.113.{random.randrange(255)}",
            "requestMethod": "GET",
            "requestSize": "812",
            "requestUrl": f"https://shop.example.org/api/orders/{random.randrange(10**6)}?page=2",
            "responseSize": "1290",
            "serverIp": "198.51.100.7",
            "status": status,
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        },
        trace=f"projects/shop-staging/traces/{random.randrange(16**32):032x}",
    )


def traceback(random: Random, number: int) -> dict[str, Any]:
    """Give an entry with a traceback."""
    said = (
        f"Traceback (most recent call last):\n{_FRAMES}"
        '  File "/app/shop/cart.py", line 30, in total\n    return self.prices[key]\n'
        f"KeyError: 'price-{random.randrange(99)}'"
    )
    return envelope(random, number, "stderr", severity="ERROR", textPayload=said)


def audit(random: Random, number: int) -> dict[str, Any]:
    """Give an entry of the audit log."""
    return envelope(
        random,
        number,
        "activity",
        severity="NOTICE",
        protoPayload={
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "methodName": "google.cloud.run.v2.Services.UpdateService",
            "serviceName": "run.googleapis.com",
            "resourceName": "namespaces/shop-staging/services/shop-api",
            "authenticationInfo": {"principalEmail": "dev@example.org"},
            "requestMetadata": {"callerSuppliedUserAgent": "gcloud.run.services.update-traffic"},
        },
    )


def entries(seed: int = 1) -> Iterator[dict[str, Any]]:
    """Give entries of all kinds without end, in the order of their times."""
    random, number = seeded(seed), 0
    kinds, weights = (application, request, text, traceback, audit), (45, 33, 17, 4, 1)
    while True:
        yield random.choices(kinds, weights)[0](random, number)
        number += 1


def line(entry: dict[str, Any]) -> bytes:
    """Write an entry as a line."""
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
