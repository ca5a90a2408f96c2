"""Evidence bundles as somebody else would write them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

LOG = b'{"severity":"INFO","textPayload":"hello"}\n'


def secret(name: str, of: str, version: str) -> dict[str, Any]:
    """A variable from a secret, in the older form."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": version}}}


def knative_service(revision: str, *env: dict[str, Any], **status: Any) -> dict[str, Any]:
    """A service's document in the older form, which describes a revision."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "namespace": "123",
            "generation": 7,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {
                "run.googleapis.com/ingress": "internal",
                "run.googleapis.com/custom-audiences": '["https://b.example","https://a.example"]',
                "run.googleapis.com/client-name": "gcloud",
                "kubectl.kubernetes.io/last-applied-configuration": "all of it again",
            },
        },
        "spec": {
            "template": {
                "metadata": {"name": revision, "labels": {"commit-sha": "abc123"}},
                "spec": {
                    "serviceAccountName": "web@p.iam.gserviceaccount.com",
                    "timeoutSeconds": 300,
                    "containerConcurrency": 80,
                    "containers": [
                        {"image": "sidecar"},
                        {
                            "image": "web:1",
                            "ports": [{"containerPort": 8080}],
                            "args": ["--serve"],
                            "env": list(env),
                        },
                    ],
                },
            }
        },
        "status": status,
    }


def run_service(revision: str, *env: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A service's document in the newer form, which describes a revision."""
    path = "projects/p/locations/l/services/web"
    return {
        "name": path,
        "generation": "7",
        "createTime": "2026-01-01T00:00:00Z",
        "updateTime": "2026-01-03T00:00:00Z",
        "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "customAudiences": ["https://b.example", "https://a.example"],
        "client": "gcloud",
        "latestCreatedRevision": f"{path}/revisions/{revision}",
        "template": {
            "labels": {"commit-sha": "abc123"},
            "serviceAccount": "web@p.iam.gserviceaccount.com",
            "timeout": "300s",
            "maxInstanceRequestConcurrency": 80,
            "containers": [
                {"image": "sidecar"},
                {
                    "image": "web:1",
                    "ports": [{"containerPort": 8080}],
                    "args": ["--serve"],
                    "env": list(env),
                },
            ],
        },
        **members,
    }


def written(directory: Path, *, hashed: bool = True, **documents: Any) -> Path:
    """Write a bundle.

    Args:
        directory: Where; it is made.
        hashed: Whether `bundle.json` has the hashes of the other files.
        documents: By the names of files without their ends; bytes and texts as they are, anything
            else as JSON. `bundle` is what `bundle.json` says besides; None writes no such file.
    """
    directory.mkdir(parents=True)
    said = documents.pop("bundle", {})
    documents.setdefault("logs", LOG)
    hashes = {}
    for stem, document in documents.items():
        name = f"{stem}.ndjson" if stem in {"logs", "audit"} else f"{stem}.json"
        data = document if isinstance(document, bytes) else _encoded(document)
        (directory / name).write_bytes(data)
        hashes[name] = sha256(data).hexdigest()
    if said is not None:
        manifest = {"version": 1, **({"files": hashes} if hashed else {}), **said}
        (directory / "bundle.json").write_text(json.dumps(manifest))
    return directory


def _encoded(document: Any) -> bytes:
    return document.encode() if isinstance(document, str) else json.dumps(document).encode()
