"""Reads configurations from files, each recognised by what it holds, never by its name."""

import re
from pathlib import PurePath
from typing import Final

from netra_ops.candidates.candidate import Candidate
from netra_ops.candidates.file_text import BYTE_ORDER_MARK, beside, read_text, shown_path
from netra_ops.candidates.forms.cloud_run import is_cloud_run, read_cloud_run
from netra_ops.candidates.forms.env_file import read_env_file
from netra_ops.candidates.forms.knative import is_knative, read_knative
from netra_ops.candidates.forms.local_state import is_local_state, recorded_services
from netra_ops.candidates.trees.json_tree import read_json
from netra_ops.candidates.trees.node import Mapping, Node, TreeInvalid
from netra_ops.candidates.trees.yaml_tree import read_yaml
from netra_ops.findings import UsageRefused

_ASSIGNMENT: Final = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=")
_KNOWN: Final = (
    "Known are env files (NAME=value), Cloud Run services as `gcloud run services describe "
    "--format export` or the REST interface v2 gives them, and a local platform's state.json."
)
_ENV_SUFFIX: Final = ".env"


def read_candidates(path: str) -> tuple[Candidate, ...]:
    """Read every configuration that a file holds or names; at least one.

    Raises:
        UsageRefused: The file cannot be read, is not recognised, or sets no variable at all.
    """
    # A service takes the mark for a part of its env file's first line; elsewhere it is none.
    marked, file = read_text(path, keep_mark=True), shown_path(path)
    text = marked.removeprefix(BYTE_ORDER_MARK)
    if _is_env_file(text):
        candidates: tuple[Candidate, ...] = (read_env_file(marked, file, _named_by(path)),)
    else:
        try:
            documents = documents_of(text)
            candidates = tuple(
                candidate for document in documents for candidate in _read(document, path)
            )
        except TreeInvalid as error:
            raise UsageRefused(f"{file}:{error.line} {error.says}.") from None
        if not documents:
            raise UsageRefused(f"{file} holds nothing, so there is nothing to check.")
    for candidate in candidates:
        if not candidate.settings and not candidate.faults:
            raise UsageRefused(f"{candidate.place} sets no variable, so there is nothing to check.")
    return candidates


def documents_of(text: str) -> tuple[Node, ...]:
    """Read a text as JSON where it begins like that, else as YAML.

    Raises:
        TreeInvalid: It is neither.
    """
    return (read_json(text),) if text.lstrip().startswith(("{", "[")) else read_yaml(text)


def _is_env_file(text: str) -> bool:
    """Tell by the first line that says something."""
    lines = (line for line in text.split("\n") if line.strip() and not line.startswith("#"))
    return _ASSIGNMENT.match(next(lines, "")) is not None


def _named_by(path: str) -> str | None:
    """Give the service after which an env file is named, as those of the local platform are."""
    name = PurePath(path).name
    return name.removesuffix(_ENV_SUFFIX) if name.endswith(_ENV_SUFFIX) else None


def _read(document: Node, path: str) -> tuple[Candidate, ...]:
    file = shown_path(path)
    if isinstance(document, Mapping):
        if is_knative(document):
            return (read_knative(document, file),)
        if is_cloud_run(document):
            return (read_cloud_run(document, file),)
        if is_local_state(document):
            return tuple(_recorded(path, name) for name in recorded_services(document))
    raise UsageRefused(f"{file}:{document.line} is no configuration that is known. {_KNOWN}")


def _recorded(path: str, service: str) -> Candidate:
    file = beside(path, "env", f"{service}{_ENV_SUFFIX}")
    return read_env_file(read_text(file, keep_mark=True), shown_path(file), service)
