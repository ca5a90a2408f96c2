"""What a platform knows of a service: revisions in both forms, traffic, secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from corpus.making.freezing import hex_id


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision; in `secrets` each variable has `secret` or `secret:version`."""

    service: str
    name: str
    created: datetime
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    account: str = "app-runtime@acme-prod.iam.gserviceaccount.com"
    timeout: int = 300
    annotations: Mapping[str, str] = field(default_factory=dict)
    ready: tuple[str, str, str] = ("True", "", "")
    creator: str = "ci-deployer@acme-prod.iam.gserviceaccount.com"

    @property
    def full(self) -> str:
        """Give the revision's whole name."""
        return f"{self.service}-{self.name}"

    def image_name(self) -> str:
        """Give the image, one at random where none was said."""
        return self.image or (
            f"europe-docker.pkg.dev/acme/{self.service}/{self.service}@sha256:{hex_id(64)}"
        )


def knative(revision: Revision) -> dict[str, Any]:
    """Give a revision in the v1 (Knative) form."""
    env: list[dict[str, Any]] = [{"name": k, "value": v} for k, v in revision.env.items()]
    for variable, reference in revision.secrets.items():
        name, _, version = reference.partition(":")
        key = {"key": version or "latest", "name": name}
        env.append({"name": variable, "valueFrom": {"secretKeyRef": key}})
    status, reason, message = revision.ready
    condition: dict[str, str] = {
        "lastTransitionTime": revision.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "status": status,
        "type": "Ready",
    }
    if reason:
        condition |= {"reason": reason, "message": message}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "annotations": {"serving.knative.dev/creator": revision.creator}
            | dict(revision.annotations),
            "creationTimestamp": revision.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "labels": {"serving.knative.dev/service": revision.service},
            "name": revision.full,
        },
        "spec": {
            "containerConcurrency": 80,
            "containers": [
                {
                    "env": env,
                    "image": revision.image_name(),
                    "name": f"{revision.service}-1",
                    "ports": [{"containerPort": 8080, "name": "http1"}],
                }
            ],
            "serviceAccountName": revision.account,
            "timeoutSeconds": revision.timeout,
        },
        "status": {"conditions": [condition]},
    }


def second_form(revision: Revision, project: str, location: str) -> dict[str, Any]:
    """Give a revision in the v2 form."""
    env: list[dict[str, Any]] = [{"name": k, "value": v} for k, v in revision.env.items()]
    for variable, reference in revision.secrets.items():
        name, _, version = reference.partition(":")
        source = {"secretKeyRef": {"secret": name, "version": version or "latest"}}
        env.append({"name": variable, "valueSource": source})
    status, reason, message = revision.ready
    states = {"True": "CONDITION_SUCCEEDED", "False": "CONDITION_FAILED"}
    condition = {
        "type": "Ready",
        "state": states[status],
        "lastTransitionTime": revision.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if reason:
        condition |= {"reason": reason, "message": message}
    parent = f"projects/{project}/locations/{location}/services/{revision.service}"
    return {
        "name": f"{parent}/revisions/{revision.full}",
        "service": revision.service,
        "createTime": revision.created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "creator": revision.creator,
        "serviceAccount": revision.account,
        "timeout": f"{revision.timeout}s",
        "maxInstanceRequestConcurrency": 80,
        "annotations": dict(revision.annotations),
        "containers": [
            {
                "name": f"{revision.service}-1",
                "image": revision.image_name(),
                "env": env,
                "ports": [{"name": "http1", "containerPort": 8080}],
            }
        ],
        "conditions": [condition],
    }


def traffic(*steps: tuple[datetime, str, int]) -> list[dict[str, Any]]:
    """Give the steps of `traffic.json`."""
    return [
        {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "revision": revision, "percent": percent}
        for time, revision, percent in steps
    ]


def first_forms(revisions: Sequence[Revision]) -> list[dict[str, Any]]:
    """Give revisions in the v1 form."""
    return [knative(revision) for revision in revisions]
