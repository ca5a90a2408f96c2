"""The other records of a bundle, in the forms in which they are written."""

import json
from typing import Any

import pytest

from netra.wire.audit_lines import audit_line
from netra.wire.auth_admin import AuditRecord
from netra_ops.evidence.records.audit import audit_of
from netra_ops.evidence.records.commits import commits_of
from netra_ops.evidence.records.fingerprints import fingerprints_of
from netra_ops.evidence.records.manifest import VersionUnknown, manifest_of
from netra_ops.evidence.records.probes import probes_of
from netra_ops.evidence.records.taking import MOST_TOLD, Part, parts_of
from netra_ops.evidence.records.traffic import traffic_of

NOON = 1_767_268_800 * 10**9
DIGEST = "a" * 64


def test_traffic() -> None:
    """Shares come in the order of time, and a percent may be written as a text."""
    document = [
        {"time": "2026-01-01T12:00:00Z", "revision": "b", "percent": "25%"},
        {"time": "2026-01-01T11:00:00Z", "revision": "a", "percent": 100, "service": "web"},
        {"time": "2026-01-01T12:00:00Z", "split": {"c": 50, "d": 25}},
        {"revision": "e"},
    ]

    found = traffic_of(parts_of(document, "traffic.json"))

    assert [(one.revision, one.percent, one.where) for one in found.records] == [
        ("a", 100, "traffic.json#/1"),
        ("b", 25, "traffic.json#/0"),
        ("c", 50, "traffic.json#/2/split/c"),
        ("d", 25, "traffic.json#/2/split/d"),
    ]
    assert found.records[0].service == "web"
    assert found.left_out == 1


def test_fingerprints_with_what_our_own_export_adds() -> None:
    """Ways have several names, the word before a fingerprint goes, and nothing said is lost."""
    document = {
        "web": {
            "A": {"raw": "sha256:AA", "stripped": "bb", "unescaped": "sha256:cc", "length": 12},
            "B/C": "hmac-sha256:dd",
            "D": 7,
        },
        "x": None,
    }

    found = fingerprints_of(parts_of(document, "fingerprints.json"))

    one, other = found.records
    assert (one.service, one.variable, one.raw, one.stripped) == ("web", "A", "aa", "bb")
    assert (one.unquoted, one.b64decoded) == (None, None)
    assert one.others == {"unescaped": "cc", "length": "12"}
    assert (other.raw, other.where) == ("dd", "fingerprints.json#/web/B~1C")
    assert [problem.where for problem in found.problems] == [
        "fingerprints.json#/web/D",
        "fingerprints.json#/x",
    ]


def test_commits() -> None:
    """Authors, messages and files are read in the forms in which tools write them."""
    document = [
        {
            "sha": "b",
            "time": "2026-01-01T12:00:00Z",
            "author": {"name": "Ada", "email": "ada@example.org"},
            "message": "Subject\n\nBody",
            "files": [{"path": "a.py"}, "b.py", 3],
            "diffstat": {"a.py": 3},
        },
        {"sha": "a", "time": "2026-01-01T11:00:00Z", "author": "Bob", "subject": "Other"},
        {"sha": ""},
    ]

    found = commits_of(parts_of(document, "commits.json"))

    first, second = found.records
    assert (first.sha, first.author, first.subject) == ("a", "Bob", "Other")
    assert (second.author, second.subject, second.body) == ("Ada", "Subject", "Body")
    assert second.files == ("a.py", "b.py", "3")
    assert (second.time, second.diffstat, second.where) == (NOON, '{"a.py":3}', "commits.json#/0")
    assert found.left_out == 1


@pytest.mark.parametrize(
    ("expect", "status"),
    [("401 with WWW-Authenticate", 401), ({"status": 401}, 401), (401, 401), ("2000 rows", None)],
)
def test_what_a_probe_expects(expect: Any, status: int | None) -> None:
    """A status is found in words, in an object and alone, and nowhere else."""
    document = [{"time": "2026-01-01T12:00:00Z", "name": "p", "expect": expect, "ok": True}]

    (probe,) = probes_of(parts_of(document, "probes.json")).records

    assert (probe.expect_status, probe.ok, probe.time) == (status, True, NOON)


def test_what_a_probe_got() -> None:
    """Headers of both forms are read, whatever else is said is kept, and so are mere words."""
    document = [
        {
            "name": "socket",
            "target": "wss://web",
            "got": {
                "status": 101,
                "close_code": 1006,
                "headers": {"WWW-Authenticate": "Bearer"},
                "body_excerpt": "<html>",
                "after_s": 30,
            },
            "ok": False,
        },
        {"name": "me", "got": {"headers": [["A", "1"], ["a", "2"]]}, "instance": "i1"},
        {"name": "words", "got": "403, insufficient_scope", "ok": "no"},
        {"got": {}},
    ]

    found = probes_of(parts_of(document, "probes.json"))

    socket, listed, words = (one.got for one in found.records)
    assert socket is not None
    assert (socket.status, socket.close_code, socket.body_excerpt) == (101, 1006, "<html>")
    assert (socket.headers, socket.fields) == ({"www-authenticate": "Bearer"}, {"after_s": 30})
    assert listed is not None
    assert listed.headers == {"a": "1, 2"}
    assert words is not None
    assert (words.status, words.words) == (403, "403, insufficient_scope")
    assert found.records[1].fields == {"instance": "i1"}
    assert [one.ok for one in found.records] == [False, None, None]
    assert found.left_out == 1


def test_audit_records_as_our_own_export_writes_them() -> None:
    """Every member of a line has its place, and the key that the reason names is told apart."""
    record = AuditRecord(
        seq=3,
        audit_id="aud_1",
        time="2026-01-01T12:00:00Z",
        event="client_authentication",
        outcome="refused",
        actor="anonymous",
        client_id="netra-backend",
        subject=None,
        token_hash="ab" * 32,
        reason="unknown service; key k1",
        request_id="req_1",
        address="192.0.2.1",
        recorded_at=1_767_268_800.0,
        chain_hash="cd" * 32,
    )

    part = Part(json.loads(audit_line(record)), "audit.ndjson:1")
    (found,) = audit_of([part]).records

    assert (found.event, found.outcome, found.time) == ("client_authentication", "refused", NOON)
    assert (found.client_id, found.subject, found.actor) == ("netra-backend", None, "anonymous")
    assert (found.reason, found.kid) == ("unknown service; key k1", "k1")
    assert (found.token_hash, found.request_id, found.address) == ("ab" * 32, "req_1", "192.0.2.1")
    assert (found.where, found.fields["seq"], found.fields["audit_id"]) == (
        "audit.ndjson:1",
        3,
        "aud_1",
    )


def test_audit_records_of_others() -> None:
    """Near forms are read: other names, and records inside the entries of a log."""
    rows = [
        {
            "timestamp": "2026-01-01T12:00:00Z",
            "action": "token",
            "service_id": "web",
            "grant_type": "client_credentials",
            "kid": "k2",
            "extra": 1,
        },
        {
            "timestamp": "2026-01-01T12:00:00Z",
            "insertId": "x",
            "jsonPayload": {"event": "login", "sub": "u1", "jti_hash": "ff"},
        },
        {"outcome": "refused"},
    ]

    found = audit_of(parts_of(rows, "audit.ndjson"))

    one, other = found.records
    assert (one.event, one.client_id, one.grant, one.kid) == (
        "token",
        "web",
        "client_credentials",
        "k2",
    )
    assert one.fields == {"extra": 1}
    assert (other.event, other.subject, other.token_hash, other.time) == ("login", "u1", "ff", NOON)
    assert found.left_out == 1


def test_a_manifest() -> None:
    """What it says is read; names that lead elsewhere and hashes that are none are told."""
    document = {
        "version": 1,
        "created": "2026-01-01T12:00:00Z",
        "window": {"start": "2026-01-01T12:00:00Z", "end": None},
        "service": "web",
        "files": {
            "logs.ndjson": f"sha256:{DIGEST}",
            "../outside": DIGEST,
            "traffic.json": "short",
        },
        "notes": ["No audit."],
    }

    found, problems = manifest_of(Part(document, "bundle.json"))

    assert (found.created, found.start, found.end, found.service) == (NOON, NOON, None, "web")
    assert found.files == {"logs.ndjson": DIGEST}
    assert found.notes == ("No audit.",)
    assert {one.what for one in problems} == {
        "names something that is no file of the bundle",
        "is no SHA-256",
    }


@pytest.mark.parametrize("version", [2, "next", {}, True])
def test_an_unknown_version(version: Any) -> None:
    """Another version is refused, and not read as if it were this one."""
    with pytest.raises(VersionUnknown):
        manifest_of(Part({"version": version}, "bundle.json"))


@pytest.mark.parametrize(("version", "problems"), [(1, 0), ("1", 0), (1.0, 0), (None, 1)])
def test_version_1_however_it_is_written(version: Any, problems: int) -> None:
    """A version that is missing is told, and read as the first."""
    assert len(manifest_of(Part({"version": version}, "bundle.json"))[1]) == problems


def test_many_problems_are_summed_up() -> None:
    """What nobody would read to its end is counted."""
    found = commits_of(parts_of([{}] * (MOST_TOLD + 5), "commits.json"))

    assert found.left_out == MOST_TOLD + 5
    assert len(found.problems) == MOST_TOLD + 1
    assert found.problems[-1].what == "has 5 more problems"
