"""Reads a Cloud Run service in its form v1, as `gcloud run services describe --format export`."""

from typing import Final

from netra_ops.candidates.candidate import Candidate, Deployment, Form, Place, Reference
from netra_ops.candidates.forms.containers import SECRET, serving_container, settings_of
from netra_ops.candidates.forms.platform_words import (
    ALIASES,
    AUDIENCES,
    INGRESS,
    INVOKER_OFF,
    aliases_in,
    audiences_in,
)
from netra_ops.candidates.trees.node import Mapping, Node

_KINDS: Final = ("Service", "Revision", "Configuration")


def is_knative(document: Node) -> bool:
    """Tell whether a document is a service or a revision of this form."""
    return (
        isinstance(document, Mapping)
        and (document.text("apiVersion") or "").startswith("serving.knative.dev/")
        and document.text("kind") in _KINDS
    )


def read_knative(document: Mapping, file: str) -> Candidate:
    """Read a service or a revision.

    Raises:
        TreeInvalid: It has no container whose configuration this could be.
    """
    is_revision = document.text("kind") == "Revision"
    template = document if is_revision else document.mapping("spec", "template")
    spec = template.mapping("spec")
    aliases = aliases_in(template.text("metadata", "annotations", ALIASES))
    project = document.text("metadata", "namespace") or ""

    def reference_of(source: Mapping) -> Reference | None:
        secret = source.at("secretKeyRef")
        if not isinstance(secret, Mapping):
            return None
        name = secret.text("name") or ""
        return Reference(SECRET, aliases.get(name, name), secret.text("key"), project)

    container = serving_container(spec)
    settings, faults = settings_of(container, file, "valueFrom", reference_of)
    return Candidate(
        _service_name(document, is_revision=is_revision),
        Form.KNATIVE,
        Place(file, document.line),
        settings,
        faults,
        None if is_revision else _deployment(document, spec),
    )


def _service_name(document: Mapping, *, is_revision: bool) -> str | None:
    if is_revision:
        return document.text("metadata", "labels", "serving.knative.dev/service")
    return document.text("metadata", "name")


def _deployment(document: Mapping, spec: Mapping) -> Deployment:
    notes = document.mapping("metadata", "annotations")
    disabled = notes.text(INVOKER_OFF) or ""
    return Deployment(
        ingress=notes.text(INGRESS) or "all",
        service_account=spec.text("serviceAccountName") or "the project's default",
        audiences=audiences_in(notes.text(AUDIENCES)),
        invoker="anyone" if disabled.lower() == "true" else "whoever IAM lets",
    )
