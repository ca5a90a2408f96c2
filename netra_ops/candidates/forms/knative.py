"""Reads a Cloud Run service in its form v1, as `gcloud run services describe --format export`."""

from typing import Final

import msgspec

from netra_ops.candidates.candidate import Candidate, Deployment, Form, Place, Reference
from netra_ops.candidates.forms.containers import SECRET, serving_container, settings_of
from netra_ops.candidates.trees.node import Mapping, Node

_KINDS: Final = ("Service", "Revision", "Configuration")
_AUDIENCES: Final = "run.googleapis.com/custom-audiences"
_INGRESS: Final = "run.googleapis.com/ingress"
_INVOKER_OFF: Final = "run.googleapis.com/invoker-iam-disabled"
_ALIASES: Final = "run.googleapis.com/secrets"


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
    aliases = _aliases(template.text("metadata", "annotations", _ALIASES))
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
    disabled = notes.text(_INVOKER_OFF) or ""
    return Deployment(
        ingress=notes.text(_INGRESS) or "all",
        service_account=spec.text("serviceAccountName") or "the project's default",
        audiences=_audiences(notes.text(_AUDIENCES)),
        invoker="anyone" if disabled.lower() == "true" else "whoever IAM lets",
    )


def _audiences(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    try:
        return tuple(sorted(msgspec.json.decode(text, type=list[str])))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return (text,)


def _aliases(text: str | None) -> dict[str, str]:
    """Read `alias:projects/NUMBER/secrets/NAME,...`, by which other projects' secrets are named."""
    pairs = (entry.strip().partition(":") for entry in (text or "").split(","))
    return {alias: target for alias, colon, target in pairs if colon and target}
