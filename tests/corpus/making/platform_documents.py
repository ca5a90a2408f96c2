"""Revisions, traffic, commits and probes of a bundle, as platforms and tools export them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from corpus.making.freezing import Salt, hex_id, iso

_LIMITS: Final = {"cpu": "1", "memory": "512Mi"}


@dataclass(frozen=True, slots=True)
class SecretOf:
    """A reference to a version of a secret."""

    secret: str
    version: str = "latest"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a service.

    Attributes:
        env: By name, a plain value or a reference.
        ready: Whether it became ready, or why it did not.
    """

    name: str
    made: datetime
    image: str
    env: Mapping[str, str | SecretOf]
    ready: str | None = None
    reason: str = "HealthCheckContainerError"
    annotations: Mapping[str, str] = field(default_factory=dict)


def plain(salt: Salt, value: str) -> str:
    """Give the value of a plain variable as an export that shows no values has it."""
    return salt.plain(value)


def revisions_v1(
    service: str, project: str, location: str, made: Sequence[Revision]
) -> list[dict[str, Any]]:
    """Give revisions as `gcloud run revisions list --format=json` does."""
    return [
        {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Revision",
            "metadata": {
                "name": one.name,
                "creationTimestamp": iso(one.made),
                "labels": {
                    "cloud.googleapis.com/location": location,
                    "serving.knative.dev/service": service,
                    "serving.knative.dev/configuration": service,
                },
                "annotations": {
                    "autoscaling.knative.dev/maxScale": "10",
                    "run.googleapis.com/client-name": "gcloud",
                    **one.annotations,
                },
            },
            "spec": {
                "containerConcurrency": 80,
                "timeoutSeconds": 300,
                "serviceAccountName": f"{service}@{project}.iam.gserviceaccount.com",
                "containers": [
                    {
                        "image": one.image,
                        "ports": [{"containerPort": 8080, "name": "http1"}],
                        "env": [_v1(name, value) for name, value in one.env.items()],
                        "resources": {"limits": dict(_LIMITS)},
                    }
                ],
            },
            "status": {"conditions": _conditions_v1(one), "observedGeneration": 1},
        }
        for one in made
    ]


def revisions_v2(
    service: str, project: str, location: str, made: Sequence[Revision]
) -> list[dict[str, Any]]:
    """Give revisions as the Admin API's second version does."""
    parent = f"projects/{project}/locations/{location}/services/{service}"
    return [
        {
            "name": f"{parent}/revisions/{one.name}",
            "createTime": iso(one.made),
            "service": parent,
            "scaling": {"maxInstanceCount": 10},
            "containers": [
                {
                    "image": one.image,
                    "env": [_v2(project, name, value) for name, value in one.env.items()],
                    "resources": {"limits": dict(_LIMITS)},
                    "ports": [{"name": "http1", "containerPort": 8080}],
                }
            ],
            "conditions": _conditions_v2(one),
            "annotations": dict(one.annotations),
        }
        for one in made
    ]


def service_v1(
    service: str, project: str, latest: Revision, traffic: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Give a service as `gcloud run services describe --format=json` does.

    Args:
        service: Its name.
        project: Its project.
        latest: The revision that was made last, which its template is of.
        traffic: As `spec.traffic` has it: `revisionName` or `latestRevision`, `percent`, `tag`.
    """
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": service, "namespace": project},
        "spec": {
            "template": {
                "metadata": {"name": latest.name},
                "spec": {
                    "containers": [
                        {
                            "image": latest.image,
                            "env": [_v1(name, value) for name, value in latest.env.items()],
                        }
                    ]
                },
            },
            "traffic": [dict(one) for one in traffic],
        },
        "status": {
            "latestCreatedRevisionName": latest.name,
            "latestReadyRevisionName": latest.name,
            "traffic": [
                {"revisionName": latest.name, **one}
                | (
                    {"url": f"https://{one['tag']}---{service}-k7c2nq5xla-ew.a.run.app"}
                    if "tag" in one
                    else {}
                )
                for one in traffic
            ],
        },
    }


def _v1(name: str, value: str | SecretOf) -> dict[str, Any]:
    if isinstance(value, str):
        return {"name": name, "value": value}
    reference = {"key": value.version, "name": value.secret}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def _v2(project: str, name: str, value: str | SecretOf) -> dict[str, Any]:
    if isinstance(value, str):
        return {"name": name, "value": value}
    reference = {"secret": f"projects/{project}/secrets/{value.secret}", "version": value.version}
    return {"name": name, "valueSource": {"secretKeyRef": reference}}


def _conditions_v1(one: Revision) -> list[dict[str, Any]]:
    condition: dict[str, Any] = {"type": "Ready", "status": "True"}
    if one.ready is not None:
        condition |= {"status": "False", "reason": one.reason, "message": one.ready}
    return [condition | {"lastTransitionTime": iso(one.made)}]


def _conditions_v2(one: Revision) -> list[dict[str, Any]]:
    condition: dict[str, Any] = {"type": "Ready", "state": "CONDITION_SUCCEEDED"}
    if one.ready is not None:
        condition |= {
            "state": "CONDITION_FAILED",
            "message": one.ready,
            "revisionReason": "HEALTH_CHECK_CONTAINER_ERROR",
        }
    return [condition | {"lastTransitionTime": iso(one.made)}]


def shift(time: datetime, revision: str, percent: int) -> dict[str, Any]:
    """Give one change of traffic."""
    return {"time": iso(time), "revision": revision, "percent": percent}


def commit(
    time: datetime,
    author: str,
    subject: str,
    files: Sequence[str],
    diffstat: str | None = None,
) -> dict[str, Any]:
    """Give one commit."""
    made: dict[str, Any] = {
        "sha": hex_id(40),
        "time": iso(time),
        "author": author,
        "subject": subject,
        "files": list(files),
    }
    return made if diffstat is None else made | {"diffstat": diffstat}


def probe(
    time: datetime,
    name: str,
    target: str,
    expect: str,
    status: int | None,
    *,
    ok: bool,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    error: str | None = None,
    kind: Literal["status", "close_code"] = "status",
) -> dict[str, Any]:
    """Give one probe and what it got; `error` where nothing answered."""
    got: dict[str, Any] = {kind: status}
    if headers is not None:
        got["headers"] = dict(headers)
    if body is not None:
        got["body_excerpt"] = body[:240]
    if error is not None:
        got["error"] = error
    return {
        "time": iso(time),
        "name": name,
        "target": target,
        "expect": expect,
        "got": got,
        "ok": ok,
    }
