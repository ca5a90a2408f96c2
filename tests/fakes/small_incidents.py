"""Small incidents as somebody else would bundle them, and what is found in them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from fakes.evidence_bundles import written
from fakes.scenes import NOON
from netra_ops.diagnosis.answering.answer import Diagnosis
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of

OLD, NEW = "orders-00011-abc", "orders-00012-def"
_NOW = int((NOON + timedelta(days=1)).timestamp()) * 1_000_000_000


def moment(seconds: float) -> str:
    """Write a moment, so many seconds from noon."""
    return (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class Incident:
    """What the log of a service tells, entry by entry; a second is a second from noon."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, dict[str, Any]]] = []

    def asked(
        self,
        second: float,
        status: int,
        path: str = "/orders",
        *,
        method: str = "GET",
        took: float = 0.01,
        service: str = "orders",
        revision: str = NEW,
        instance: str | None = "one",
        text: str | None = None,
    ) -> None:
        """Add a request, and what the program said of it."""
        request = {
            "requestMethod": method,
            "requestUrl": f"https://{service}.example{path}",
            "status": status,
            "latency": f"{took}s",
            "remoteIp": f"203.0.113.{len(self._entries) % 250}",
        }
        self._add(second, "requests", service, revision, instance, httpRequest=request)
        if text is not None:
            self.said(second + took, text, service=service, revision=revision, instance=instance)

    def said(
        self,
        second: float,
        text: str | dict[str, Any],
        *,
        severity: str = "WARNING",
        service: str = "orders",
        revision: str = NEW,
        instance: str | None = "one",
    ) -> None:
        """Add a line of a program, or what it writes as an object."""
        form = "textPayload" if isinstance(text, str) else "jsonPayload"
        self._add(second, "stderr", service, revision, instance, severity=severity, **{form: text})

    def invoker_removed(self, second: float, service: str = "orders") -> None:
        """Add an audit entry by which a caller may not invoke a service any more."""
        delta = {"action": "REMOVE", "role": "roles/run.invoker", "member": "serviceAccount:a@b"}
        payload = {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "run.googleapis.com",
            "methodName": "google.cloud.run.v2.Services.SetIamPolicy",
            "resourceName": f"projects/p/locations/here/services/{service}",
            "serviceData": {"policyDelta": {"bindingDeltas": [delta]}},
        }
        entry = {
            "insertId": f"id{len(self._entries)}",
            "timestamp": moment(second),
            "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
            "protoPayload": payload,
        }
        self._entries.append((second, entry))

    def served(self, first: float, last: float, times: int = 8, **more: Any) -> None:
        """Add requests that were answered well."""
        for number in range(times):
            self.asked(first + (last - first) * number / times, 200, **more)

    def refused(
        self, first: float, last: float, status: int = 401, times: int = 14, **more: Any
    ) -> None:
        """Add requests that were not."""
        for number in range(times):
            self.asked(first + (last - first) * number / times, status, **more)

    def found(self, directory: Path, **documents: Any) -> Diagnosis:
        """Write the bundle, with other documents by their names, and diagnose it."""
        lines = [json.dumps(entry) for _, entry in sorted(self._entries, key=lambda one: one[0])]
        bundle = written(directory / "bundle", logs="\n".join(lines) + "\n", **documents)
        return diagnosed(scene_of(bundle, _NOW))

    def _add(
        self,
        second: float,
        log: str,
        service: str,
        revision: str,
        instance: str | None,
        **members: Any,
    ) -> None:
        entry = {
            "insertId": f"id{len(self._entries)}",
            "timestamp": moment(second),
            "logName": f"projects/p/logs/run.googleapis.com%2F{log}",
            "resource": {
                "type": "cloud_run_revision",
                "labels": {"service_name": service, "revision_name": revision},
            },
            **members,
        }
        if instance is not None:
            entry["labels"] = {"instanceId": instance}
        self._entries.append((second, entry))


def released(*names: str, **environments: dict[str, Any]) -> dict[str, Any]:
    """Give two revisions of a service, and that the traffic went from one to the other."""
    return {
        "revisions": [
            _revision(OLD, -86_400, environments.get("old", {})),
            _revision(NEW, 110, environments.get("new", {})),
            *(_revision(name, -90_000, environments.get("peer", {})) for name in names),
        ],
        "traffic": [
            {"time": moment(-86_000), "revision": OLD, "percent": 100},
            {"time": moment(115), "revision": NEW, "percent": 100},
        ],
    }


def waiting(created: float, percent: int | None = None) -> dict[str, Any]:
    """Give a newest revision that is ready since then and has no traffic."""
    given = [{"time": moment(-86_000), "revision": OLD, "percent": 100}]
    if percent is not None:
        given.append({"time": moment(created + 5), "revision": NEW, "percent": percent})
    return {
        "revisions": [_revision(OLD, -86_400, {}), _revision(NEW, created, {})],
        "traffic": given,
    }


def _revision(name: str, second: float, environment: dict[str, Any]) -> dict[str, Any]:
    service = name.rsplit("-", 2)[0]
    return {
        "name": f"projects/p/locations/l/services/{service}/revisions/{name}",
        "service": f"projects/p/locations/l/services/{service}",
        "createTime": moment(second),
        "containers": [
            {
                "image": f"image of {name}",
                "env": [_variable(one, value) for one, value in environment.items()],
            }
        ],
        "conditions": [{"type": "Ready", "state": "CONDITION_SUCCEEDED"}],
    }


def _variable(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, tuple):
        secret, version = value
        return {
            "name": name,
            "valueSource": {"secretKeyRef": {"secret": secret, "version": version}},
        }
    return {"name": name, "value": value}
