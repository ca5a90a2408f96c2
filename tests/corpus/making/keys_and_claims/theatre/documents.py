"""Writes the documents of a bundle besides its logs: revisions, traffic, fingerprints, commits."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from corpus.making.freezing import Salt, hex_id, iso

_NOT: Final = {
    "type": "Ready",
    "status": "False",
    "reason": "HealthCheckContainerError",
    "message": (
        "The user-provided container failed to start and listen on the port defined provided "
        "by the "
        "PORT=8080 environment variable within the allocated timeout."
    ),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A variable that refers to a version of a secret; `value` is what it resolves to."""

    secret: str
    version: str
    value: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A variable set to a value that nobody may see: it is shown as a fingerprint."""

    value: str


Setting = str | Kept | Hidden
Env = Mapping[str, Setting]


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision as it was deployed."""

    service: str
    name: str
    created: datetime
    env: Env
    tag: str = "1.0.0"
    annotations: Mapping[str, str] = field(default_factory=dict)
    by: str = "deployer@ci.example"
    comes_up: bool = True


def values(env: Env) -> dict[str, str]:
    """Give what a process of such a configuration finds in its environment."""
    return {name: s if isinstance(s, str) else s.value for name, s in env.items()}


def secret_values(env: Env) -> list[str]:
    """Give the values that must not be seen."""
    return [s.value for s in env.values() if not isinstance(s, str)]


def revisions(
    made: Iterable[Revision],
    salt: Salt,
    public: Callable[[str], str],
    form: Literal["v1", "v2"] = "v1",
) -> list[dict[str, Any]]:
    """Give revisions as the platform's API of either version does."""
    return [(_v1 if form == "v1" else _v2)(revision, salt, public) for revision in made]


def _shown(setting: str | Hidden, salt: Salt, public: Callable[[str], str]) -> str:
    return public(setting) if isinstance(setting, str) else salt.plain(setting.value)


def _image(revision: Revision) -> str:
    digest = hashlib.sha256(f"{revision.service}{revision.tag}".encode()).hexdigest()
    return f"europe-docker.pkg.dev/apps/{revision.service}/{revision.service}@sha256:{digest}"


def _v1(revision: Revision, salt: Salt, public: Callable[[str], str]) -> dict[str, Any]:
    env = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": s.secret, "key": s.version}}}
        if isinstance(s, Kept)
        else {"name": name, "value": _shown(s, salt, public)}
        for name, s in revision.env.items()
    ]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": revision.name,
            "creationTimestamp": iso(revision.created),
            "labels": {
                "serving.knative.dev/service": revision.service,
                "app.kubernetes.io/version": revision.tag,
            },
            "annotations": {
                "serving.knative.dev/creator": revision.by,
                "run.googleapis.com/client-name": "gcloud",
                **revision.annotations,
            },
        },
        "spec": {
            "containerConcurrency": 80,
            "timeoutSeconds": 300,
            "containers": [
                {"image": _image(revision), "ports": [{"containerPort": 8080}], "env": env}
            ],
        },
        "status": {
            "conditions": [{"type": "Ready", "status": "True"} if revision.comes_up else _NOT]
        },
    }


def _v2(revision: Revision, salt: Salt, public: Callable[[str], str]) -> dict[str, Any]:
    env = [
        {
            "name": name,
            "valueSource": {"secretKeyRef": {"secret": s.secret, "version": s.version}},
        }
        if isinstance(s, Kept)
        else {"name": name, "value": _shown(s, salt, public)}
        for name, s in revision.env.items()
    ]
    parent = f"projects/apps/locations/any/services/{revision.service}"
    return {
        "name": f"{parent}/revisions/{revision.name}",
        "uid": hex_id(32),
        "createTime": iso(revision.created),
        "service": revision.service,
        "labels": {"version": revision.tag},
        "annotations": dict(revision.annotations),
        "creator": revision.by,
        "containers": [
            {"name": "app-1", "image": _image(revision), "env": env, "ports": [{"name": "http1"}]}
        ],
        "conditions": [
            {"type": "Ready", "state": "CONDITION_SUCCEEDED"}
            if revision.comes_up
            else {"type": "Ready", "state": "CONDITION_FAILED", "message": _NOT["message"]}
        ],
        "maxInstanceRequestConcurrency": 80,
    }


def fingerprints(
    services: Mapping[str, Env], salt: Salt, only: Sequence[str] = ()
) -> dict[str, dict[str, dict[str, str]]]:
    """Give the fingerprints of services' variables, of all or of those named."""
    return {
        service: {
            name: salt.of(value) for name, value in values(env).items() if not only or name in only
        }
        for service, env in services.items()
    }


def traffic(*changes: tuple[datetime, str, int]) -> list[dict[str, Any]]:
    """Give the changes of traffic, each with its time, its revision and its percentage."""
    return [{"time": iso(time), "revision": name, "percent": p} for time, name, p in changes]


def commit(
    time: datetime, author: str, subject: str, files: Sequence[str], diffstat: str = ""
) -> dict[str, Any]:
    """Give one commit."""
    made = {
        "sha": hex_id(40),
        "time": iso(time),
        "author": author,
        "subject": subject,
        "files": list(files),
    }
    return made | ({"diffstat": diffstat} if diffstat else {})


def probe(
    time: datetime,
    name: str,
    target: str,
    expect: str,
    status: int | None,
    *,
    ok: bool,
    body: str = "",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give one probe with what it expected and what it got."""
    got: dict[str, Any] = {"status": status, "close_code": None}
    if headers:
        got["headers"] = dict(headers)
    if body:
        got["body_excerpt"] = body[:300]
    return {
        "time": iso(time),
        "name": name,
        "target": target,
        "expect": expect,
        "got": got,
        "ok": ok,
    }
