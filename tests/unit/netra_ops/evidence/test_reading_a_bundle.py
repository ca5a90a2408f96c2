"""Reading a bundle from a directory, whatever somebody put there."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fakes.evidence_bundles import knative_service, secret, written
from netra_ops.evidence.bundle import BundleUnreadable, read_bundle
from netra_ops.evidence.files import LARGEST, LONGEST_LINE

NUMBERED = "web-00012-abc"
COMMITS = [{"sha": str(number), "time": "2026-01-01T12:00:00Z"} for number in range(3)]


def test_a_whole_bundle(tmp_path: Path) -> None:
    """Every kind of record is there, with its place, and nothing is wrong with it."""
    directory = written(
        tmp_path / "bundle",
        bundle={"service": "web", "window": {"start": "2026-01-01T12:00:00Z"}},
        revisions=[knative_service(NUMBERED, secret("A", "a", "1"))],
        traffic=[{"time": "2026-01-01T12:00:00Z", "revision": NUMBERED, "percent": 100}],
        fingerprints={"web": {"A": {"raw": "sha256:ab"}}},
        commits=COMMITS,
        probes=[{"time": "2026-01-01T12:00:00Z", "name": "me", "ok": True, "got": {"status": 200}}],
        audit='{"time":"2026-01-01T12:00:00Z","event":"login"}\n',
    )

    bundle = read_bundle(directory, hash_logs=True)

    assert bundle.problems == ()
    assert bundle.altered == frozenset()
    assert bundle.manifest.service == "web"
    assert bundle.logs == directory / "logs.ndjson"
    assert len(bundle.present) == 8
    assert bundle.revisions[0].variables[0].secret == "a"
    assert bundle.traffic[0].service == "web"
    assert bundle.fingerprints["web", "A"].raw == "ab"
    assert [one.where for one in bundle.commits] == [f"commits.json#/{n}" for n in range(3)]
    assert bundle.probes[0].ok is True
    assert bundle.audit[0].where == "audit.ndjson:1"


def test_a_bundle_of_logs_alone(tmp_path: Path) -> None:
    """Everything but the log is optional, and what is not there is no problem."""
    bundle = read_bundle(written(tmp_path / "bundle", hashed=False))

    assert bundle.present == {"bundle.json", "logs.ndjson"}
    assert bundle.problems == ()


def test_an_altered_file_is_told_and_read(tmp_path: Path) -> None:
    """What is not what it was is named, and so is what is missing or has no hash."""
    directory = written(tmp_path / "bundle", commits=COMMITS, traffic=[])
    (directory / "commits.json").write_text("[]")
    (directory / "traffic.json").unlink()
    (directory / "probes.json").write_text("[]")
    (directory / "logs.ndjson").write_bytes(b"{}\n")

    assert read_bundle(directory).altered == {"commits.json", "traffic.json"}
    bundle = read_bundle(directory, hash_logs=True)
    assert bundle.altered == {"commits.json", "traffic.json", "logs.ndjson"}
    assert {(one.file, one.what) for one in bundle.problems} == {
        ("probes.json", "has no hash in bundle.json"),
        ("commits.json", "was altered: its hash is in bundle.json"),
        ("traffic.json", "is missing: its hash is in bundle.json"),
        ("logs.ndjson", "was altered: its hash is in bundle.json"),
    }


@pytest.mark.parametrize(
    ("content", "places"),
    [
        ('{"sha":"a","time":1767268800}\nbroken\n{"sha":"b"}\n', ["commits.json:1", None]),
        ('[{"sha":"a","time":1767268800},{"sha":"b"},{"sha', ["commits.json#/0", None]),
        ("\ufeff" + json.dumps(COMMITS), ["commits.json#/0"]),
        ("- sha: a\n  time: 2026-01-01T12:00:00Z\n", ["commits.json#/0"]),
        ("sha: a\n---\nsha: b\n", ["commits.json#/0", None]),
        (json.dumps({"items": COMMITS, "kind": "List"}), ["commits.json#/items/0"]),
        (json.dumps(COMMITS[0]), ["commits.json"]),
    ],
    ids=["lines", "broken off", "marked", "yaml", "two documents", "kind List", "one"],
)
def test_the_ways_a_document_is_written(
    tmp_path: Path, content: str, places: list[str | None]
) -> None:
    """JSON, JSON by lines, YAML and the whole part of a broken list are read."""
    bundle = read_bundle(written(tmp_path / "bundle", commits=content))

    found = {one.where for one in bundle.commits}
    assert len(found) >= len(places)
    assert {place for place in places if place} <= found


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"[" * 100_000, b"{" * 100_000, b'{"a":' * 100_000, b"a: &b [*b]", b"]"],
)
def test_what_is_no_document(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be read is told, and the rest of the bundle is read."""
    directory = written(tmp_path / "bundle", revisions=content, probes=content, commits=COMMITS)

    bundle = read_bundle(directory)

    assert (bundle.revisions, bundle.probes, len(bundle.commits)) == ((), (), 3)
    assert {one.file for one in bundle.problems} == {"revisions.json", "probes.json"}


def test_damaged_lines_of_the_audit(tmp_path: Path) -> None:
    """They are left out one by one, also those that are longer than any record."""
    good = b'{"time":"2026-01-01T12:00:00Z","event":"login"}\n'
    long = b'{"event":"' + b"x" * (3 * LONGEST_LINE) + b'"}\n'
    directory = written(tmp_path / "bundle", audit=good + b"broken\n\xff\n7\n" + long + good)

    bundle = read_bundle(directory)

    assert [one.where for one in bundle.audit] == ["audit.ndjson:1", "audit.ndjson:6"]
    assert {one.where for one in bundle.problems} == {f"audit.ndjson:{n}" for n in (2, 3, 4, 5)}
    assert bundle.left_out == {"audit.ndjson": 1}


def test_the_audit_as_a_list(tmp_path: Path) -> None:
    """A file that is one list is read as such."""
    audit: list[Any] = [{"time": "2026-01-01T12:00:00Z", "event": "login"}]

    bundle = read_bundle(written(tmp_path / "bundle", audit=audit))

    assert [one.where for one in bundle.audit] == ["audit.ndjson#/0"]


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    """Nothing outside the directory is read, and nothing waits for a writer."""
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps(COMMITS))
    directory = written(tmp_path / "bundle")
    (directory / "commits.json").symlink_to(outside)
    (directory / "probes.json").mkdir()
    os.mkfifo(directory / "audit.ndjson")

    bundle = read_bundle(directory)

    assert (bundle.commits, bundle.probes, bundle.audit) == ((), (), ())
    assert bundle.present == {"bundle.json", "logs.ndjson"}
    assert {(one.file, one.what) for one in bundle.problems} == {
        ("commits.json", "is a link, which is not followed"),
        ("probes.json", "is no regular file"),
        ("audit.ndjson", "is no regular file"),
    }


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """A document beyond its bound is told and not read."""
    directory = written(tmp_path / "bundle", hashed=False, commits=b"")
    with (directory / "commits.json").open("wb") as file:
        file.truncate(LARGEST + 1)

    (problem,) = read_bundle(directory).problems

    assert problem.what == "is larger than 64 MiB, and was not read"


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"\xff", b'{"version":2}', b"[" * 100_000],
    ids=["missing", "empty", "cut off", "no text", "later version", "deep"],
)
def test_no_bundle(tmp_path: Path, content: bytes | None) -> None:
    """Without a `bundle.json` of the known version nothing is read."""
    directory = written(tmp_path / "bundle", bundle=None)
    if content is not None:
        (directory / "bundle.json").write_bytes(content)

    with pytest.raises(BundleUnreadable, match=r"bundle\.json"):
        read_bundle(directory)


def test_no_directory(tmp_path: Path) -> None:
    """What is no directory is no bundle."""
    with pytest.raises(BundleUnreadable, match="is no directory"):
        read_bundle(tmp_path / "nowhere")
