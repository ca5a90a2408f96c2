"""Configurations of both services as they are written for a deployment."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from fakes.environments import (
    auth_environment,
    backend_environment,
    service_registry,
    strong_secret,
)
from netra.contract.reference import CONTRACTS, as_markdown

AUTH = "netra-auth"
BACKEND = "netra-backend"
SHARED_KEY = "shared-key"
_PART = 8


def pair(**overrides: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Give configurations of the auth service and of the backend, in production, with one key.

    What is overridden is so in both. Every value that can be is random.
    """
    mark = f"x{secrets.token_hex(6)}"
    key = strong_secret()
    both: dict[str, str | None] = {
        "ENVIRONMENT": "production",
        "TOKEN_TRUST_MODE": SHARED_KEY,
        "JWT_SECRET_KEY": key,
        "HOST": None,
        "PORT": None,
        "REVISION": None,
        **overrides,
    }
    backend = backend_environment(
        **both, DATABASE_URL=_database(), AUTH_SERVICE_URL=f"https://{mark}.example"
    )
    registered = {BACKEND: backend["SERVICE_SECRET"], "netra-ops": strong_secret()}
    auth = auth_environment(
        **both,
        DATABASE_URL=_database(),
        ISSUER_URL=f"https://{mark}.example",
        SERVICE_REGISTRY=service_registry(registered),
    )
    return auth, backend


def env_file(folder: Path, values: Mapping[str, str], name: str) -> str:
    """Write an env file, and give its path."""
    return _written(folder / name, "".join(f"{n}={v}\n" for n, v in values.items()))


def knative(
    values: Mapping[str, str],
    referred: Mapping[str, tuple[str, str]] | None = None,
    service: str = BACKEND,
    **annotations: str,
) -> dict[str, Any]:
    """Give a Cloud Run service of form v1 that refers to some variables by secret and version.

    It listens where the platform reaches it, unless `values` say otherwise.
    """
    env = _reachable(values)
    for name, (secret, version) in (referred or {}).items():
        env.append({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": version}}})
    notes = {f"run.googleapis.com/{n.replace('_', '-')}": v for n, v in annotations.items()}
    container = {"image": "example/image", "ports": [{"containerPort": 8080}], "env": env}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": service, "annotations": notes},
        "spec": {
            "template": {
                "metadata": {"name": f"{service}-00011-den"},
                "spec": {"serviceAccountName": "runner@example", "containers": [container]},
            },
            "traffic": [{"percent": 100, "latestRevision": True}],
        },
    }


def cloud_run(
    values: Mapping[str, str],
    referred: Mapping[str, tuple[str, str]] | None = None,
    service: str = BACKEND,
    **members: Any,
) -> dict[str, Any]:
    """Give a Cloud Run service of form v2, as `knative` does."""
    env = _reachable(values)
    for name, (secret, version) in (referred or {}).items():
        source = {"secretKeyRef": {"secret": secret, "version": version}}
        env.append({"name": name, "valueSource": source})
    return {
        "name": f"projects/p/locations/l/services/{service}",
        "generation": "7",
        "ingress": "INGRESS_TRAFFIC_ALL",
        "template": {
            "serviceAccount": "runner@example",
            "containers": [{"image": "example/image", "env": env}],
        },
        **members,
    }


def _reachable(values: Mapping[str, str]) -> list[dict[str, Any]]:
    given = {"HOST": "0.0.0.0", **values}  # noqa: S104 - nothing is bound
    return [{"name": name, "value": value} for name, value in given.items()]


def yaml_file(folder: Path, document: Any, name: str = "service.yaml") -> str:
    """Write a document in YAML, and give its path."""
    return _written(folder / name, yaml.safe_dump(document, sort_keys=False))


def json_file(folder: Path, document: Any, name: str = "service.json") -> str:
    """Write a document in JSON, and give its path."""
    return _written(folder / name, json.dumps(document, indent=2))


def parted(
    values: Mapping[str, str], names: Iterable[str]
) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Part a configuration into plain values and references to one secret for each name."""
    chosen = [name for name in names if name in values]
    plain = {name: value for name, value in values.items() if name not in chosen}
    return plain, {name: (name.lower().replace("_", "-"), "3") for name in chosen}


def shown_parts(values: Iterable[str], *outputs: str) -> list[str]:
    """List the parts of 8 characters of some values that are found in what was put out.

    What says nothing of these values does not count: what stands in the documentation, such as a
    scheme, services' names, and what every configuration has, such as the members of a registry.
    """
    others = (value for one in pair() for value in one.values())
    public = "\n".join((as_markdown(CONTRACTS), f'"{AUTH}" "{BACKEND}"', *others))
    whole = "\n".join(outputs)
    return [
        part for value in values for part in _parts(value) if part in whole and part not in public
    ]


def _parts(value: str) -> Iterator[str]:
    for start in range(len(value) - _PART + 1):
        yield value[start : start + _PART]


def _database() -> str:
    return (
        f"postgresql+asyncpg://u{secrets.token_hex(6)}:{secrets.token_urlsafe(24)}"
        f"@h{secrets.token_hex(6)}.example/d{secrets.token_hex(6)}"
    )


def _written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)
