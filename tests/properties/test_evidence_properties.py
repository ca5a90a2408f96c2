"""Whatever stands in a bundle, reading it ends, and says what it left out."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.evidence_bundles import written
from netra_ops.evidence.bundle import read_bundle
from netra_ops.evidence.records.audit import audit_of
from netra_ops.evidence.records.commits import commits_of
from netra_ops.evidence.records.fingerprints import fingerprints_of
from netra_ops.evidence.records.manifest import VersionUnknown, manifest_of
from netra_ops.evidence.records.probes import probes_of
from netra_ops.evidence.records.revisions.reading import configured_of
from netra_ops.evidence.records.taking import Part, parts_of
from netra_ops.evidence.records.traffic import traffic_of

# fmt: off
_KNOWN: Final = (
    "metadata", "spec", "template", "containers", "env", "name", "value", "valueFrom",
    "secretKeyRef", "key", "version", "secret", "valueSource", "labels", "annotations", "status",
    "conditions", "type", "traffic", "percent", "revisionName", "time", "sha", "author", "files",
    "got", "expect", "headers", "event", "action", "jsonPayload", "kind", "items",
    "latestRevision", "createTime", "trafficStatuses", "terminalCondition", "service", "split",
    "revision", "ports", "command", "window", "start", "a/b~c", "run.googleapis.com/secrets",
    "run.googleapis.com/custom-audiences", "creationTimestamp",
)
# fmt: on
_NAMES: Final = st.sampled_from(_KNOWN)
_SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**4000)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["2026-01-01T00:00:00Z", "web-00001-abc", "projects/p/services/web/revisions/", "List"]
    )
)
JSON: Final = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_NAMES | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=40,
)


@pytest.mark.parametrize(
    "take",
    [configured_of, traffic_of, fingerprints_of, commits_of, probes_of, audit_of],
    ids=lambda take: take.__name__,
)
@given(document=JSON)
def test_no_document_is_an_error(take: Callable[[Any], Any], document: Any) -> None:
    """Each part is a record or is left out and told with its place."""
    parts = parts_of(document, "file.json")

    found = take(parts)

    assert found.left_out <= len(parts)
    assert len(found.problems) >= min(found.left_out, 1)
    assert all(one.where.startswith("file.json") and one.what for one in found.problems)


@given(document=JSON)
def test_no_manifest_is_an_error(document: Any) -> None:
    """It is read, or its version is not known."""
    try:
        found, _ = manifest_of(Part(document, "bundle.json"))
    except VersionUnknown:
        return
    assert not any("/" in name for name in found.files)


@given(content=st.binary(max_size=200) | st.text('[]{}":,-&*!|>#\n az09\\u', max_size=60))
def test_no_bytes_are_an_error(content: bytes | str) -> None:
    """A bundle of which every file holds anything is still read."""
    data = content.encode() if isinstance(content, str) else content
    with TemporaryDirectory() as made:
        directory = written(
            Path(made) / "bundle",
            revisions=data,
            traffic=data,
            fingerprints=data,
            commits=data,
            probes=data,
            audit=data,
        )

        bundle = read_bundle(directory)

    assert bundle.altered == frozenset()
    assert len(bundle.present) == 8
