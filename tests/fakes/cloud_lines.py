"""Lines of Cloud Logging as a Cloud Run service leaves them, made one by one, and counted."""

import json
from pathlib import Path
from typing import Any

from netra_ops.diagnosis.signs.tally import Tally
from netra_ops.diagnosis.signs.tallying import tallied
from netra_ops.logs.reading import Reading

BEGIN = 1_760_000_000
"""Seconds since the epoch at which they begin: 2025-10-09T08:53:20Z."""


def moment(seconds: float) -> str:
    """Write a moment, so many seconds after the beginning; within the first 399 of them."""
    minutes, rest = divmod(20 + seconds, 60)
    return f"2025-10-09T08:{53 + int(minutes):02}:{rest:09.6f}Z"


class Lines:
    """Entries of one service, in the order in which they are written."""

    def __init__(self, service: str = "orders", revision: str = "orders-00001-aaa") -> None:
        self._service = service
        self._revision = revision
        self.entries: list[dict[str, Any]] = []

    def add(self, seconds: float, log: str = "stdout", **members: Any) -> int:
        """Add an entry, and give its number."""
        instance = members.pop("instance", "one")
        labels = {
            "service_name": members.pop("service", self._service),
            "revision_name": members.pop("revision", self._revision),
        }
        entry = {
            "insertId": f"id{len(self.entries)}",
            "timestamp": moment(seconds),
            "logName": f"projects/p/logs/run.googleapis.com%2F{log}",
            "resource": {"type": "cloud_run_revision", "labels": labels},
            **members,
        }
        if instance is not None:
            entry["labels"] = {"instanceId": instance}
        self.entries.append(entry)
        return len(self.entries)

    def asked(self, seconds: float, status: int, path: str = "/orders", **members: Any) -> int:
        """Add the platform's entry of a request."""
        request = {
            "requestMethod": members.pop("method", "GET"),
            "requestUrl": f"https://orders.example{path}",
            "status": status,
            "latency": f"{members.pop('latency', 0.05)}s",
            "remoteIp": "203.0.113.7",
            "userAgent": "check/1",
        }
        return self.add(seconds, "requests", httpRequest=request, **members)

    def text(self, seconds: float, text: str, **members: Any) -> int:
        """Add a line of the program's output."""
        return self.add(seconds, textPayload=text, **members)

    def json(self, seconds: float, payload: dict[str, Any], **members: Any) -> int:
        """Add a line that the program wrote in JSON."""
        return self.add(seconds, jsonPayload=payload, **members)

    def written(self, directory: Path) -> Path:
        """Write them as a bundle's log."""
        path = directory / "logs.ndjson"
        path.write_text("".join(json.dumps(entry) + "\n" for entry in self.entries))
        return path

    def tally(self, directory: Path) -> Tally:
        """Count them."""
        reading = Reading(now=(BEGIN + 86_400) * 10**9)
        return tallied([str(self.written(directory))], reading)
