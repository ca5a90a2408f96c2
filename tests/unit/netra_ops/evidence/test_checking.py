"""`netra evidence check`: what is wrong with a bundle, and where; never what stands there."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fakes.evidence_bundles import knative_service, secret, written
from fakes.netra_command import Run, stateless_runner

TOKEN = "ghp_" + "aB3dE5fG7h" * 4
PASSWORD = "correct-horse-9-battery"
NUMBERED = "web-00012-abc"


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the check on a bundle."""
    run = stateless_runner(capsys, monkeypatch)
    return lambda *arguments: run("evidence", "check", *arguments)


def whole(directory: Path, **documents: Any) -> Path:
    """Write a bundle that is right but for what is given."""
    given: dict[str, Any] = {
        "revisions": [
            knative_service(
                NUMBERED,
                {"name": "SERVICE_SECRET", "value": "sha256:" + "ab" * 32},
                {"name": "API_TOKEN_TTL", "value": "300"},
                secret("JWT_SECRET_KEY", "jwt-secret", "latest"),
            )
        ],
        "fingerprints": {"web": {"SERVICE_SECRET": {"raw": "sha256:" + "ab" * 32}}},
        "traffic": [{"time": "2026-01-01T12:00:00Z", "revision": NUMBERED, "percent": 100}],
        "commits": [{"sha": "ab" * 20, "time": "2026-01-01T12:00:00Z", "subject": "s"}],
        "probes": [{"time": "2026-01-01T12:00:00Z", "name": "p", "ok": True, "got": {}}],
        "audit": '{"time":"2026-01-01T12:00:00Z","event":"login","token_hash":"'
        + "cd" * 32
        + '"}\n',
    }
    return written(directory, **{**given, **documents})


def places(said: str) -> set[str]:
    """Give the places of the flaws of a JSON answer."""
    return {flaw["where"] for flaw in json.loads(said)["flaws"]}


def test_a_whole_bundle(check: Run, tmp_path: Path) -> None:
    """Fingerprints, hashes and the names of secrets are no secrets."""
    done = check(str(whole(tmp_path / "bundle")))

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("The bundle is whole")


@pytest.mark.parametrize(
    ("file", "document", "place"),
    [
        ("logs", f'{{"textPayload":"ok"}}\n{{"textPayload":"sent {TOKEN}"}}\n',
         "logs.ndjson:2#/textPayload"),
        ("logs", f"plain text with password={PASSWORD}\n", "logs.ndjson:1"),
        ("logs", json.dumps({"jsonPayload": {"password": PASSWORD}}),
         "logs.ndjson:1#/jsonPayload/password"),
        ("revisions", [knative_service(NUMBERED, {"name": "DB_PASSWORD", "value": PASSWORD})],
         "revisions.json#/0/spec/template/spec/containers/1/env/0"),
        ("revisions", [{**knative_service(NUMBERED), "note": f"it is {TOKEN}"}],
         "revisions.json#/0/note"),
        ("fingerprints", {"web": {"A": {"raw": PASSWORD}}}, "fingerprints.json#/web/A/raw"),
        ("commits", [{"sha": "a", "time": "2026-01-01T12:00:00Z", "subject": f"use {TOKEN}"}],
         "commits.json#/0/subject"),
        ("probes", [{"time": "2026-01-01T12:00:00Z", "name": "p", "ok": True,
                     "got": {"headers": {"Authorization": f"Bearer {TOKEN}"}}}],
         "probes.json#/0/got/headers/Authorization"),
        ("audit", json.dumps({"time": "2026-01-01T12:00:00Z", "event": "e", "reason": TOKEN}),
         "audit.ndjson:1#/reason"),
        ("bundle", {"environment": f"token={TOKEN}"}, "bundle.json#/environment"),
    ],
)  # fmt: skip
def test_a_secret_is_told_by_its_place_alone(
    check: Run, tmp_path: Path, file: str, document: Any, place: str
) -> None:
    """Wherever it is, it is found, and no part of it is shown."""
    directory = str(whole(tmp_path / "bundle", **{file: document}))

    done, told = check(directory), check(directory, "--json")

    assert (done.code, told.code) == (1, 1)
    assert f"{place} looks like a secret." in done.out
    assert places(told.out) == {place}
    said = done.out + done.err + told.out + told.err
    assert TOKEN not in said
    assert PASSWORD not in said


def test_what_was_altered_added_or_taken_away(check: Run, tmp_path: Path) -> None:
    """Each is told by name."""
    directory = whole(tmp_path / "bundle")
    (directory / "logs.ndjson").write_text('{"textPayload":"another"}\n')
    (directory / "probes.json").unlink()
    (directory / "notes.md").touch()
    (directory / "evil\x1b[2J").mkdir()

    done = check(str(directory), "--json")

    assert done.code == 1
    document = json.loads(done.out)
    assert document["altered"] == ["logs.ndjson", "probes.json"]
    assert {(flaw["where"], flaw["what"]) for flaw in document["flaws"]} == {
        ("logs.ndjson", "was altered: its hash is in bundle.json"),
        ("probes.json", "is missing: its hash is in bundle.json"),
        ("notes.md", "is no file of a bundle"),
        ("evil?[2J", "is no file of a bundle"),
    }


def test_hashes_of_files_elsewhere_are_not_made(check: Run, tmp_path: Path) -> None:
    """A name that leads out of the directory is refused, whatever its hash."""
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    digest = sha256(b"theirs").hexdigest()
    directory = whole(tmp_path / "bundle", bundle={"files": {"../outside": digest, "/x": digest}})

    done = check(str(directory))

    assert done.code == 1
    assert done.out.count("names something that is no file of the bundle") == 2


def test_a_broken_form(check: Run, tmp_path: Path) -> None:
    """Records that judges leave out make a bundle that is not whole."""
    done = check(str(whole(tmp_path / "bundle", commits=[{"sha": "a"}, 7])), "--json")

    assert done.code == 1
    assert json.loads(done.out)["left_out"] == {"commits.json": 1}
    assert places(done.out) == {"commits.json#/0", "commits.json#/1"}


def test_without_hashes_nobody_can_tell(check: Run, tmp_path: Path) -> None:
    """Nothing to compare is no proof."""
    done = check(str(written(tmp_path / "bundle", hashed=False)))

    assert done.code == 3
    assert "whether it was altered cannot be told" in done.out + done.err


def test_lines_that_are_no_json_are_no_flaw(check: Run, tmp_path: Path) -> None:
    """A log may hold text; how much is said."""
    done = check(str(written(tmp_path / "bundle", logs="plain\n\n{}\n")))

    assert done.code == 0
    assert done.err == "logs.ndjson: 1 lines are no JSON, and are read as text.\n"


def test_documents_that_are_too_deep(check: Run, tmp_path: Path) -> None:
    """What cannot be looked at to its ground is not vouched for."""
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]

    done = check(str(whole(tmp_path / "bundle", logs=json.dumps({"jsonPayload": {"a": deep}}))))

    assert done.code == 1


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda place: place.exists(), 2),
        (lambda place: place.touch(), 2),
        (lambda place: place.mkdir(), 3),
        (lambda place: written(place, bundle={"version": 2}), 3),
    ],
    ids=["nothing", "a file", "an empty directory", "another version"],
)
def test_what_is_no_bundle(check: Run, tmp_path: Path, make: Any, code: int) -> None:
    """A wrong name is told apart from what cannot be read."""
    make(tmp_path / "bundle")

    assert check(str(tmp_path / "bundle")).code == code
