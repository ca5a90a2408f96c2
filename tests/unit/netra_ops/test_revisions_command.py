"""`netra revisions`: what people and programs are told of the ledger."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fakes.ledger_records import (
    FINGERPRINT,
    SERVICE,
    deploy,
    ended,
    finding,
    judged,
    overridden,
    promoted,
    proving,
    rolled_back,
    traffic,
)
from fakes.netra_command import Run
from netra.clock import SystemClock
from netra_ops.cli.deployment import revisions as command
from netra_ops.findings import Outcome, Verdict
from netra_ops.ledger.ledger_file import RECORDS, Ledger
from netra_ops.ledger.records import Actor, Ending, Judgement, Promotion, Record, Setting, Stage
from netra_ops.platform.local.state_directory import StateDirectory

HOSTILE = "\x1b[2J\x9b31m\u202eevil\r\nforged\x07"


def record(state: StateDirectory, *records: Record) -> Path:
    """Record something in the state's ledger, and give the file."""
    ledger = Ledger(state.ledger_folder, SystemClock())
    for each in records:
        ledger.append(each)
    return state.ledger_folder / RECORDS


def test_an_empty_ledger_says_so(run: Run) -> None:
    """Before the first deployment there is nothing to see, which is no error."""
    done = run("revisions")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Nothing recorded yet: ")
    document = json.loads(run("revisions", "--json").out)
    assert (document["records"], document["entries"], document["now"]["serving"]) == (0, [], {})


def test_a_service_without_records_is_told_with_those_that_have_some(
    state: StateDirectory, run: Run
) -> None:
    """A mistyped name is not taken for a service that never changed."""
    record(state, *proving("r1"))

    done = run("revisions", "netra-auth")

    assert done.code == 0
    assert "Nothing recorded yet: the ledger knows netra-backend, and not netra-auth." in done.out


def test_people_see_who_serves_what_happened_who_did_it_and_why(
    state: StateDirectory, run: Run
) -> None:
    """Every kind of record has its line, and failed and waived outcomes are among them."""
    record(
        state,
        *proving("r1"),
        deploy("r2", "rol_2"),
        judged("r2", Verdict.FAIL, waived="waived by ana until then because", rollout="rol_2"),
        overridden("r2", Stage.PROBES),
        traffic("rol_2", r1=90, r2=10),
        judged("r2", Verdict.UNKNOWN, Stage.TRAFFIC, rollout="rol_2"),
        rolled_back("r2", "r1", "rol_2"),
        traffic("rol_2", r1=100),
        ended("r2", Ending.ROLLED_BACK, "rol_2"),
        deploy("r3", "rol_3"),
    )

    done = run("revisions")
    seen = " ".join(done.out.split())

    assert (done.code, done.err) == (0, "")
    assert "netra-backend: 100 % r1 serves; last proven: r1." in seen
    for what in (
        "deploy of r1",
        "probes of r1: PASS",
        "promotion of r1",
        "override of probes for r2",
        "traffic: 90 % r1, 10 % r2",
        "traffic of r2: UNKNOWN",
        "rollback from r2 to r1",
        "end of the rollout of r2: rolled_back",
        "ana@example.com (netra deploy on build-7): the monthly release",
    ):
        assert what in seen
    assert "probes of r2: PASS, 1 waived" in seen
    assert "FAIL golden_path: it is FAIL (waived by ana until then because)" in seen
    assert "UNKNOWN golden_path: it is UNKNOWN" in seen
    assert "netra-backend: the rollout of r3 (rol_3) has no end; begun" in seen


def test_what_is_told_can_be_copied(state: StateDirectory, run: Run, tmp_path: Path) -> None:
    """No line ends in blanks, and no name of a folder writes on a terminal."""
    record(state, *proving("r1"))

    done = run("revisions", "--export", str(tmp_path / HOSTILE.replace("\n", "")))

    assert done.code == 0
    assert all(line == line.rstrip() for line in done.out.splitlines())
    assert done.err.replace("\n", "").isprintable()


def test_programs_get_one_document(state: StateDirectory, run: Run) -> None:
    """Serving, proven, served, unfinished, and the records as they are."""
    record(state, *proving("r1"), deploy("r2", "rol_2"), traffic("rol_2", r1=50, r2=50))

    document = json.loads(run("revisions", SERVICE, "--json", "--limit", "2").out)

    now = document["now"]
    assert now["serving"] == {SERVICE: {"r1": 50, "r2": 50}}
    assert now["last_proven"] == {SERVICE: "r1"}
    assert [left["revision"] for left in now["unfinished_rollouts"]] == ["r2"]
    assert [(s["revision"], s["percent"]) for s in document["served"]] == [
        ("r1", 100),
        ("r1", 50),
        ("r2", 50),
    ]
    assert [entry["kind"] for entry in document["entries"]] == ["deploy", "traffic"]
    assert document["entries"][0]["settings"]["SERVICE_ID"]["fingerprint"] == FINGERPRINT
    assert (document["records"], document["complaint"]) == (6, None)
    assert len(document["head"]) == 64


def test_older_records_are_counted_where_they_are_not_shown(
    state: StateDirectory, run: Run
) -> None:
    """Nobody takes the last ones for all."""
    record(state, *proving("r1"))

    done = run("revisions", "--limit", "1")

    assert "promotion of r1" in done.out
    assert "probes" not in done.out
    assert "3 older records: --limit 4 shows all." in done.out


def test_a_damaged_ledger_is_shown_up_to_the_damage(state: StateDirectory, run: Run) -> None:
    """Exit code 1, with the place and what to do, and nothing is called proven."""
    path = record(state, *proving("r1"), traffic("rol_2", r2=100))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], lines[4].replace(b'"r2"', b'"r9"')]))

    people, programs = run("revisions"), run("revisions", "--json")

    assert (people.code, programs.code) == (1, 1)
    assert f"{path}, line 5 (byte {sum(map(len, lines[:4]))}): " in people.err
    assert "promotion of r1" in people.out
    assert "serves" not in people.out
    assert "last proven" not in people.out
    document = json.loads(programs.out)
    assert document["complaint"] in programs.err
    assert len(document["entries"]) == 4
    assert document["now"] is None


def test_damage_at_the_beginning_is_not_nothing(state: StateDirectory, run: Run) -> None:
    """Where no record can be read, nobody says that there is none."""
    record(state, *proving("r1")).write_bytes(b"garbage\n")

    done = run("revisions")

    assert (done.code, done.out) == (1, "")
    assert "line 1 (byte 0)" in done.err


def test_a_ledger_of_another_version_or_out_of_reach_cannot_be_told(
    state: StateDirectory, run: Run
) -> None:
    """Exit code 3: it is not damaged, and it is not known."""
    record(state, promoted("r1")).unlink()
    (state.ledger_folder / RECORDS).mkdir()

    done = run("revisions")

    assert done.code == 3
    assert "cannot be read" in done.err


def test_a_line_without_its_end_is_told(state: StateDirectory, run: Run) -> None:
    """What a killed writer left is no damage and no record."""
    path = record(state, *proving("r1"))
    path.write_bytes(path.read_bytes() + b'{"hash":"')

    done = run("revisions")

    assert done.code == 0
    assert "The last line has no end (9 bytes)" in done.err
    assert "100 % r1 serves" in done.out


def test_nothing_recorded_writes_on_the_terminal(state: StateDirectory, run: Run) -> None:
    """Control characters and marks of direction are made harmless, wherever they stand."""
    actor = Actor(HOSTILE, HOSTILE)
    said = finding(Verdict.FAIL, reason=HOSTILE)
    common: dict[str, Any] = {
        "service": SERVICE,
        "revision": "r1",
        "actor": actor,
        "reason": HOSTILE,
    }
    record(
        state,
        Promotion(**common, rollout="rol_1"),
        Judgement(
            **common,
            stage=Stage.PROBES,
            verdict=Verdict.FAIL,
            outcomes=(Outcome(said), Outcome(said, HOSTILE)),
        ),
    )

    for done in (run("revisions"), run("revisions", "--json")):
        assert done.out.replace("\n", "").isprintable()
        assert done.err.replace("\n", "").isprintable()
    assert "forged" in run("revisions").out
    assert not any(line.startswith("forged") for line in run("revisions").out.splitlines())


def test_a_narrow_terminal_gets_all_of_it(
    state: StateDirectory, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In eighty columns, or forty, no line is longer, and every word is still there."""
    record(state, *proving("netra-backend-00002-x7k"))

    for width in (80, 40):
        console = Console(width=width, markup=False)
        monkeypatch.setattr(command, "rich_output", lambda made=console: made)

        out = run("revisions", SERVICE, "--limit", "4").out

        timeline = out.split("\n", 1)[1]
        assert max(len(line) for line in timeline.splitlines()) <= width
        assert timeline.count("the monthly release") + timeline.count("the monthly\n") == 4
        assert SERVICE + "  " not in timeline


def test_the_ledger_is_exported_for_a_judge(
    state: StateDirectory, run: Run, tmp_path: Path
) -> None:
    """Private files of an evidence bundle, with fingerprints that fit no other bundle."""
    shared = {"KEY": Setting(fingerprint=FINGERPRINT), "SAME": Setting(fingerprint=FINGERPRINT)}
    record(state, deploy("r1", settings=shared), traffic(r1=100))
    made: list[str] = []
    for name in ("one", "other"):
        folder = tmp_path / "bundles" / name
        done = run("revisions", "--export", str(folder))
        assert done.code == 0
        assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
            "revisions.json": 0o600,
            "traffic.json": 0o600,
            "fingerprints.json": 0o600,
        }
        (revision,) = json.loads((folder / "revisions.json").read_text())
        (line,) = json.loads((folder / "traffic.json").read_text())
        assert (line["revision"], line["percent"]) == ("r1", 100)
        values = {v["value"] for v in revision["spec"]["containers"][0]["env"]}
        held = json.loads((folder / "fingerprints.json").read_text())[SERVICE]
        assert {way for ways in held.values() for way in ways.values()} == values
        assert len(values) == 1
        made += values

    assert len({*made, FINGERPRINT}) == 3


def test_an_export_overwrites_nothing_and_holds_nothing_doubtful(
    state: StateDirectory, run: Run, tmp_path: Path
) -> None:
    """What is there stays, and a damaged ledger is no evidence."""
    path = record(state, *proving("r1"))
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "traffic.json").write_text("somebody's")

    done = run("revisions", "--export", str(folder))

    assert (done.code, done.out) == (2, "")
    assert [path.name for path in folder.iterdir()] == ["traffic.json"]
    assert (folder / "traffic.json").read_text() == "somebody's"
    path.write_bytes(path.read_bytes() + b"x\n")
    assert run("revisions", "--export", str(tmp_path / "more")).code == 1
    assert not (tmp_path / "more").exists()
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("")
    path.unlink()
    assert run("revisions", "--export", str(in_the_way)).code == 2


@pytest.mark.parametrize(
    "arguments", [("Netra Backend",), ("--limit", "0"), ("--limit", "x"), ("a", "b")]
)
def test_what_cannot_be_asked_is_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    """Exit code 2."""
    assert run("revisions", *arguments).code == 2
