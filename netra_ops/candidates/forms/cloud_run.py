"""Reads a Cloud Run service in its form v2, as its REST interface gives it in JSON."""

from typing import Final

from netra_ops.candidates.candidate import Candidate, Deployment, Form, Place, Reference
from netra_ops.candidates.forms.containers import SECRET, serving_container, settings_of
from netra_ops.candidates.forms.platform_words import INGRESS_OF
from netra_ops.candidates.trees.node import Mapping, Node, Scalar

_SERVICE_PARTS: Final = 6
"""`projects/P/locations/L/services/S`; a revision adds two."""


def is_cloud_run(document: Node) -> bool:
    """Tell whether a document is a service or a revision of this form."""
    if not isinstance(document, Mapping):
        return False
    name = document.text("name") or ""
    is_named = name.startswith("projects/") and "/services/" in name
    return bool(document.mapping("template").sequence("containers").items) or (
        is_named and document.at("containers") is not None
    )


def read_cloud_run(document: Mapping, file: str) -> Candidate:
    """Read a service or a revision.

    Raises:
        TreeInvalid: It has no container whose configuration this could be.
    """
    is_revision = document.at("template") is None
    template = document if is_revision else document.mapping("template")
    parts = (document.text("name") or "").split("/")
    project = parts[1] if parts[0] == "projects" and len(parts) > 1 else ""

    def reference_of(source: Mapping) -> Reference | None:
        secret = source.at("secretKeyRef")
        if not isinstance(secret, Mapping):
            return None
        return Reference(SECRET, secret.text("secret") or "", secret.text("version"), project)

    settings, faults = settings_of(serving_container(template), file, "valueSource", reference_of)
    return Candidate(
        parts[_SERVICE_PARTS - 1] if len(parts) >= _SERVICE_PARTS else parts[-1] or None,
        Form.CLOUD_RUN,
        Place(file, document.line),
        settings,
        faults,
        None if is_revision else _deployment(document, template),
    )


def _deployment(document: Mapping, template: Mapping) -> Deployment:
    ingress = document.text("ingress") or "INGRESS_TRAFFIC_ALL"
    audiences = (
        one.text for one in document.sequence("customAudiences") if isinstance(one, Scalar)
    )
    off = document.at("invokerIamDisabled")
    is_off = isinstance(off, Scalar) and off.is_true
    return Deployment(
        ingress=INGRESS_OF.get(ingress, ingress),
        service_account=template.text("serviceAccount") or "the project's default",
        audiences=tuple(sorted(audiences)),
        invoker="anyone" if is_off else "whoever IAM lets",
    )
