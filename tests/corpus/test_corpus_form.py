"""The incidents by which the diagnoser is judged are whole: form, halves, hashes, expectations."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from corpus.making.freezing import (
    BUNDLE,
    DOCUMENTS,
    EXPECTED,
    INCIDENTS,
    LOGS,
    MOST_BYTES,
    Expected,
    Line,
    Subject,
    Where,
    freeze,
    half_of,
    output_entries,
)

CAUSES: Final = frozenset(
    {
        "env_var_lost",
        "secret_reference_lost",
        "variable_half_renamed",
        "kind_switched",
        "whitespace_in_value",
        "quotes_in_value",
        "escaped_value",
        "encoding_mismatch",
        "signing_key_mismatch",
        "placeholder_value",
        "random_key_per_process",
        "unresolved_reference",
        "wrong_issuer",
        "wrong_audience",
        "custom_audience_reset",
        "clock_skew",
        "key_rotated_without_overlap",
        "stale_jwks",
        "auth_service_unreachable",
        "wrong_auth_service_url",
        "redirect_drops_authorization",
        "upgrade_stripped",
        "proxy_timeout",
        "subprotocol_not_negotiated",
        "origin_blocked",
        "middleware_order",
        "session_middleware_missing",
        "invoker_missing",
        "secret_accessor_missing",
        "secret_version_unusable",
        "latest_secret_split",
        "database_credentials_rotated",
        "pool_exhausted",
        "identity_made_optional",
        "caller_without_credential",
        "dependency_upgrade",
        "certificate_expired",
        "breaker_stuck_open",
        "workload_key_deleted",
        "traffic_pinned",
        "rollback_target_broken",
        "wrong_revision_answered",
        "stale_fallback_config",
        "secret_not_reloaded",
        "empty_value",
        "service_secret_mismatch",
        "service_unregistered",
        "user_token_rejected",
        "missing_module",
        "startup_failed",
        "database_unreachable",
        "test_traffic",
        "stale_logs",
        "code_error",
    }
)
"""The catalogue of causes; the corpus is judged by it whether or not the diagnoser knows them."""

HARMLESS: Final = frozenset({"test_traffic", "stale_logs", "user_token_rejected"})
"""What may be named where the verdict is that there is no incident."""

MEMBERS: Final = frozenset(Expected("not_an_incident", None, "", "written").document())
VERDICTS: Final = frozenset({"cause_found", "insufficient_evidence", "not_an_incident"})
PAYLOADS: Final = frozenset({"textPayload", "jsonPayload", "protoPayload", "httpRequest"})

FOREIGN: Final = {
    "a token": re.compile(r"eyJ[\w-]{12,}\.[\w-]{8,}"),
    "a private key": re.compile(r"BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\\+n|\s)*[\w+/]{16}"),
    "a key of a provider": re.compile(r"\b(?:sk_live_|ghp_|AIza|AKIA)[\w-]{12}"),
    "a credential in a header": re.compile(
        r"\b(?:Bearer|Basic) (?!\[REDACTED|REDACTED)[\w.+/=-]{24}"
    ),
    "a password in an address": re.compile(
        r"://[\w.-]+:(?!\[?REDACTED|\*\*\*|xxx)[^/@\s:\"{]{4,}@"
    ),
    # In pieces, so that this file does not hold what it looks for.
    "a path of a machine": re.compile(
        "/" + r"tmp/(?!\.gunicorn)[a-z]\w+/|(?<![\w.])/" + r"work/|(?<![\w.])/" + r"root/|\.venv/"
        r"|(?<![\w.])/" + r"home/(?!app|appuser|node)\w|/" + r"Users/|tests/corpus"
    ),
}
_CITED: Final = re.compile(r"logs\.ndjson:(\d+)")


def bundles() -> list[Path]:
    """Give every bundle's folder."""
    return sorted(path.parent for path in INCIDENTS.glob(f"*/*/{EXPECTED}"))


def faults_of_form(folder: Path) -> Iterator[str]:
    """Find what is wrong with a bundle's files: half, names, hashes, size."""
    if folder.parent.name != half_of(folder.name):
        yield f"belongs to {half_of(folder.name)}"
    head = json.loads((folder / BUNDLE).read_text(encoding="utf-8"))
    if head.get("version") != 1:
        yield "version is not 1"
    window = head.get("window", {})
    if not window.get("start", "") < window.get("end", ""):
        yield "its window is empty"
    present = {path.name for path in folder.iterdir()} - {BUNDLE, EXPECTED}
    if LOGS not in present or present - {LOGS, *DOCUMENTS}:
        yield f"its files are {sorted(present)}"
    if head.get("files", {}).keys() != present:
        yield "its files are not those it names"
    for name in present & head.get("files", {}).keys():
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if head["files"][name] != digest:
            yield f"the hash of {name} does not hold"
    if sum((folder / name).stat().st_size for name in present) > MOST_BYTES:
        yield "it is too large"
    for name in present - {LOGS}:
        yield from _unreadable(folder / name)


def _unreadable(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    try:
        for part in text.splitlines() if path.suffix == ".ndjson" else [text]:
            json.loads(part)
    except ValueError:
        yield f"{path.name} is no JSON"


def faults_of_logs(folder: Path) -> Iterator[str]:
    """Find entries that are not as Cloud Logging gives them; lines that are none may be damaged."""
    text = (folder / LOGS).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict) or "logName" not in entry:
            continue
        labels = entry.get("resource", {}).get("labels", {})
        if not entry.get("insertId") or "project_id" not in labels:
            yield f"{LOGS}:{number} has no id or no resource"
        if not PAYLOADS & entry.keys():
            yield f"{LOGS}:{number} says nothing"
        if not _is_time(entry.get("timestamp")):
            yield f"{LOGS}:{number} has no time"


def _is_time(text: Any) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except (TypeError, ValueError):
        return False


def faults_of_expectation(folder: Path) -> Iterator[str]:
    """Find expectations that contradict themselves, or name what does not exist."""
    expected = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    if expected.keys() != MEMBERS:
        yield f"its members are {sorted(expected)}"
        return
    verdict, cause = expected["verdict"], expected["cause"]
    acceptable, must_not = set(expected["acceptable"]), set(expected["must_not"])
    named = acceptable | must_not | ({cause} if cause else set())
    if expected["pair"]:
        named.add(expected["pair"])
    if unknown := named - CAUSES:
        yield f"no such cause: {sorted(unknown)}"
    if verdict not in VERDICTS or expected["origin"] not in {"process", "written"}:
        yield "no such verdict or origin"
    if (verdict == "cause_found") != (cause is not None) and cause not in HARMLESS:
        yield "verdict and cause contradict each other"
    if must_not & (acceptable | {cause}):
        yield "what may be named must not be"
    if len(expected["why"].split()) < 8:
        yield "it does not say why"
    lines = len((folder / LOGS).read_bytes().splitlines())
    for cited in _CITED.findall(expected["why"]):
        if not 1 <= int(cited) <= lines:
            yield f"there is no {LOGS}:{cited}"


def foreign_matter(folder: Path) -> Iterator[str]:
    """Find what must not be in a bundle: secrets, and where it was made."""
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8", errors="replace")
        for what, pattern in FOREIGN.items():
            if found := pattern.search(text):
                yield f"{what} in {path.name}, at {found.start()}"


RULES: Final = (faults_of_form, faults_of_logs, faults_of_expectation, foreign_matter)


def faults(folder: Path) -> list[str]:
    """Give everything that is wrong with a bundle."""
    return [fault for rule in RULES for fault in rule(folder)]


def test_the_corpus_has_two_halves() -> None:
    """There are bundles to tune by and bundles that nobody looked at."""
    assert {folder.parent.name for folder in bundles()} == {"tuning", "untouched"}


@pytest.mark.parametrize("folder", bundles(), ids=lambda folder: folder.name)
def test_every_bundle_is_whole(folder: Path) -> None:
    """A bundle has the form, is in its half, matches its hashes, and holds nothing foreign."""
    assert faults(folder) == []


def test_no_two_bundles_have_one_name() -> None:
    """A name stands for one bundle."""
    names = [folder.name for folder in bundles()]

    assert len(names) == len(set(names))


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Give a bundle without a fault."""
    start = datetime(2025, 3, 4, 5, 6, tzinfo=UTC)
    end = start.replace(hour=7)
    lines = [Line(start, "GET /api 401"), Line(start, '{"severity": "ERROR", "message": "no"}')]
    where = Where("some-project", "europe-west1", "api", "api-00001-abc")
    why = "Nothing in logs.ndjson:1 tells one cause from another, and there is nothing else."
    expected = Expected("insufficient_evidence", None, why, "written", must_not=("stale_jwks",))
    subject = Subject("api", "staging", start, end)
    return freeze(
        "sound", subject, output_entries(lines, where), {"commits.json": []}, expected, tmp_path
    )


def test_a_sound_bundle_has_no_fault(sound: Path) -> None:
    """What the makers freeze passes."""
    assert faults(sound) == []


def test_a_changed_file_is_found(sound: Path) -> None:
    """A bundle is judged as it was frozen."""
    (sound / LOGS).write_text("{}\n", encoding="utf-8")

    assert "the hash of logs.ndjson does not hold" in faults(sound)


def test_a_file_too_many_is_found(sound: Path) -> None:
    """Only what a bundle names and may hold is in its folder."""
    (sound / "notes.txt").write_text("it was the key", encoding="utf-8")

    assert any("its files are" in fault for fault in faults(sound))


def test_a_bundle_in_the_wrong_half_is_found(sound: Path) -> None:
    """The name alone decides."""
    other = "tuning" if sound.parent.name == "untouched" else "untouched"
    (sound.parent.parent / other).mkdir()
    moved = sound.rename(sound.parent.parent / other / sound.name)

    assert f"belongs to {half_of('sound')}" in faults(moved)


@pytest.mark.parametrize(
    ("member", "value", "fault"),
    [
        ("cause", "no_such_thing", "no such cause"),
        ("cause", "stale_jwks", "contradict"),
        ("verdict", "cause_found", "contradict"),
        ("acceptable", ["stale_jwks"], "must not be"),
        ("why", "See logs.ndjson:99 for all that there is to know here.", "there is no"),
        ("why", "It is so.", "why"),
    ],
)
def test_a_wrong_expectation_is_found(sound: Path, member: str, value: Any, fault: str) -> None:
    """An expectation that contradicts itself or points at nothing is found."""
    expected = json.loads((sound / EXPECTED).read_text(encoding="utf-8")) | {member: value}
    (sound / EXPECTED).write_text(json.dumps(expected), encoding="utf-8")

    assert any(fault in found for found in faults(sound))


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh",
        "Authorization: Bearer abcdefghijklmnopqrstuvwxyz",
        "postgresql://api:hunter22@db:5432/api",
        "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG",
        'File "/' + 'work/main/app.py", line 3',
        'File "/' + 'tmp/maker/main/app.py", line 3',
    ],
)
def test_foreign_matter_is_found(sound: Path, text: str) -> None:
    """A secret and a path of the maker's machine are found in any file."""
    (sound / "commits.json").write_text(json.dumps([text]), encoding="utf-8")

    assert any("commits.json, at" in fault for fault in faults(sound))
