"""`netra audit`: what is listed, what an export holds, and whether a record is whole."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from fakes.administration import NOW, FakeAdministration
from fakes.installation import NETRA
from fakes.netra_command import Run
from fakes.netra_over_http import FakeNetra
from fakes.timing import UNIT
from netra.wire.auth_admin import AuditRecord
from netra_ops.administration.audit_file import export
from netra_ops.administration.chain_walk import ChainWalk
from netra_ops.findings import UsageRefused
from netra_ops.platform.local.state_directory import StateDirectory


@pytest.fixture(autouse=True)
def record(netra: FakeNetra) -> FakeAdministration:
    """Twelve rows, one a minute."""
    for number in range(12):
        event, actor = ("login", "usr_1") if number % 2 else ("token_issued", "service:netra-ops")
        netra.administration.act(event, NOW + 60 * number, actor=actor)
    return netra.administration


def _exported(run: Run, tmp_path: Path, *options: str) -> tuple[Path, Any]:
    file = tmp_path / "audit.ndjson"
    done = run("audit", "export", "--out", str(file), "--json", *options)
    assert done.code == 0, done.err
    return file, json.loads(done.out)


def _rows(file: Path) -> list[AuditRecord]:
    lines = file.read_bytes().split(b"\n")
    assert lines.pop() == b""
    return [AuditRecord.model_validate_json(line) for line in lines]


def _seqs(rows: list[AuditRecord]) -> list[int | None]:
    return [row.seq for row in rows]


@pytest.mark.parametrize("ignores", [False, True])
def test_what_was_done_is_listed_by_its_members(
    run: Run, record: FakeAdministration, *, ignores: bool
) -> None:
    """Page by page, and exactly what was asked for, whatever the service makes of a filter."""
    record.largest_page, record.ignores_filters = 5, ignores
    record.act("login", NOW + 900, outcome="refused", client_id="netra-cli", subject="usr_9")

    def listed(*options: str) -> list[int]:
        done = run("audit", "list", "--json", *options)
        return [row["seq"] for row in json.loads(done.out)["items"]]

    assert listed() == list(range(1, 14))
    assert listed("--event", "login") == [2, 4, 6, 8, 10, 12, 13]
    assert listed("--event", "login", "--outcome", "refused") == [13]
    assert listed("--actor", "service:netra-ops", "--limit", "2") == [1, 3]
    assert listed("--client", "netra-cli", "--subject", "usr_9") == [13]
    assert listed("--since", "2027-01-15T08:09:00Z", "--until", "2027-01-15T10:11+02:00") == [
        *range(10, 13)
    ]
    assert listed("--since", "2027-01-15 08:10") == [11, 12, 13]
    assert listed("--event", "nothing") == []
    shown = run("audit", "list", "--event", "login").out
    assert "2027-01-15T08:01:00" in shown
    assert run("audit", "list", "--event", "nothing").out == "There is no such row.\n"


def test_an_outcome_that_no_act_has_is_a_wrong_call(run: Run, netra: FakeNetra) -> None:
    """A slip of the hand must not look as if nothing had happened."""
    done = run("audit", "list", "--outcome", "bogus")

    assert done.code == 2
    assert "bogus" in done.err
    assert "refused" in done.err
    assert netra.asked == []


@pytest.mark.parametrize("when", ["yesterday", "7", "2027-13-01", "-7d", "7d ago", "9" * 400])
def test_a_time_that_is_none_is_refused(run: Run, netra: FakeNetra, when: str) -> None:
    """Nothing is guessed."""
    done = run("audit", "list", f"--since={when}")

    assert (done.code, "--since must be a time" in done.err) == (2, True)
    assert netra.asked == []


def test_an_export_is_the_whole_record(
    run: Run, record: FakeAdministration, tmp_path: Path
) -> None:
    """Every row as it came, one a line, in a private file; the answer names both its ends."""
    record.largest_page = 5

    file, said = _exported(run, tmp_path)

    assert _rows(file) == record.audit
    assert file.stat().st_mode & 0o777 == 0o600
    assert (said["lines"], said["follows"]) == (12, None)
    assert said["first_time"] == "2027-01-15T08:00:00.000000Z"
    assert said["last_time"] == "2027-01-15T08:11:00.000000Z"
    assert said["head"] == f"12:{record.audit[-1].chain_hash}"
    assert {path.name for path in tmp_path.iterdir()} == {"audit.ndjson", "state"}


@pytest.mark.parametrize("ignores", [False, True])
def test_an_export_of_a_time_has_no_gap(
    run: Run, record: FakeAdministration, tmp_path: Path, *, ignores: bool
) -> None:
    """Rows of two processes whose clocks differ a little stay one chain; proven from its start."""
    record.act("login", NOW + 690)
    record.act("login", NOW + 760)
    record.act("login", NOW + 719)
    record.act("login", NOW + 721)
    record.act("login", NOW + 7200)
    record.act("login", NOW + 720)
    record.ignores_filters, record.largest_page = ignores, 4

    file, said = _exported(
        run, tmp_path, "--since", "2027-01-15T08:11:20Z", "--until", "2027-01-15T08:12:00Z"
    )

    assert _seqs(_rows(file)) == [13, 14, 15]
    assert said["follows"] == f"12:{record.audit[11].chain_hash}"
    unproven = run("audit", "verify", "--file", str(file))
    assert (unproven.code, "--anchor 12:HASH" in unproven.out) == (3, True)
    assert run("audit", "verify", "--file", str(file), "--anchor", said["follows"]).code == 0
    wrong = f"12:{'0' * 64}"
    assert run("audit", "verify", "--file", str(file), "--anchor", wrong).code == 1


def test_an_export_of_a_quiet_time_is_empty(run: Run, tmp_path: Path) -> None:
    """That nothing happened is evidence too."""
    file, said = _exported(run, tmp_path, "--since", "2027-02-01")

    assert (file.read_bytes(), said["lines"], said["first_time"]) == (b"", 0, None)
    assert run("audit", "verify", "--file", str(file)).code == 3


def test_a_line_of_an_export_holds_nothing_that_writes(
    run: Run, record: FakeAdministration, tmp_path: Path
) -> None:
    """Whatever a caller called itself: one line of ASCII, exact when it is read."""
    record.act("login", actor="evil\r\n\u2028\u202e\x9b[31m\x1b]0;\N{SNOWMAN}")

    file, said = _exported(run, tmp_path)

    assert said["lines"] == len(file.read_text("ascii").splitlines()) == 13
    assert _rows(file)[-1] == record.audit[-1]
    assert run("audit", "verify", "--file", str(file)).code == 0


def test_an_export_never_takes_a_files_place(run: Run, tmp_path: Path) -> None:
    """Evidence that is there stays; nor is it written through a link."""
    file, link = tmp_path / "audit.ndjson", tmp_path / "link"
    file.write_text("earlier", "utf-8")
    link.symlink_to(tmp_path / "elsewhere")

    for path in (file, link, tmp_path / "no" / "folder"):
        done = run("audit", "export", "--out", str(path))
        assert (done.code, done.out) == (2, "")

    assert file.read_text("utf-8") == "earlier"
    assert not (tmp_path / "elsewhere").exists()


def test_a_broken_off_export_leaves_nothing(
    run: Run, netra: FakeNetra, record: FakeAdministration, tmp_path: Path
) -> None:
    """No half file under the name, and none beside it."""
    record.largest_page = 5
    pages = iter((None, None, (503, {"Retry-After": "9"})))

    def fail_at_third(line: str) -> None:
        if line == "GET /admin/audit":
            record.trouble = next(pages)

    netra.on_ask = fail_at_third

    done = run("audit", "export", "--out", str(tmp_path / "audit.ndjson"))

    assert (done.code, done.out) == (3, "")
    assert "9 s" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_an_interrupted_export_leaves_nothing(
    state: StateDirectory, netra: FakeNetra, record: FakeAdministration, tmp_path: Path
) -> None:
    """Ctrl-C ends it cleanly, with the exit code of an interruption."""
    record.largest_page = 5
    pages = iter((False, False, True))
    begun: Queue[subprocess.Popen[str]] = Queue()

    def interrupt_at_third(line: str) -> None:
        if line == "GET /admin/audit" and next(pages):
            process = begun.get()
            process.send_signal(signal.SIGINT)
            process.wait(10 * UNIT)

    netra.on_ask = interrupt_at_third
    command = ["audit", "export", "--out", str(tmp_path / "audit.ndjson")]

    # A shell has its background ignore Ctrl-C, and what is ignored is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(  # noqa: S603 - our own program
        [str(NETRA), *command, "--state", str(state.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        begun.put(process)
        out, err = process.communicate(timeout=10 * UNIT)

    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_two_exports_at_once_do_not_take_each_others_place(
    record: FakeAdministration, tmp_path: Path
) -> None:
    """Who comes second finds the name taken, also when both began with nothing there."""
    file = tmp_path / "audit.ndjson"

    def rows() -> Any:
        yield from record.audit[:3]
        file.write_text("other", "utf-8")

    with pytest.raises(UsageRefused, match="somebody else meanwhile"):
        export(file, rows(), lambda _seq: None, lambda _lines: None)

    assert file.read_text("utf-8") == "other"
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_record_that_is_broken_is_exported_and_said_so(
    run: Run, record: FakeAdministration, tmp_path: Path
) -> None:
    """The evidence is kept as it is: exit code 1."""
    record.audit[6] = record.audit[6].model_copy(update={"actor": "usr_other"})
    file = tmp_path / "audit.ndjson"

    done = run("audit", "export", "--out", str(file))

    assert done.code == 1
    assert "broken at 7" in done.err
    assert _rows(file) == record.audit


def test_a_service_that_turns_in_circles_is_left(run: Run, record: FakeAdministration) -> None:
    """Pages that lead nowhere are no record."""
    record.largest_page = 0

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            FakeAdministration,
            "_list_audit",
            lambda _self, _request: (200, {"items": [], "next_after": 0}),
        )
        done = run("audit", "list")

    assert (done.code, done.out) == (3, "")


def test_a_whole_record_is_whole(run: Run, record: FakeAdministration) -> None:
    """At the service, alone and against what was kept elsewhere."""
    kept = f"9:{record.audit[8].chain_hash}"

    alone = run("audit", "verify")
    assert alone.code == 0
    assert f"head 12:{record.audit[-1].chain_hash}" in alone.out
    assert "--anchor" in alone.err
    anchored = run("audit", "verify", "--anchor", kept, "--json")
    assert (anchored.code, json.loads(anchored.out)["is_whole"]) == (0, True)


@pytest.mark.parametrize(
    "anchor", [f"9:{'0' * 64}", f"13:{'0' * 64}", f"99:{'0' * 64}", f"0:{'1' * 64}"]
)
def test_a_record_written_anew_or_cut_off_is_broken(
    run: Run, record: FakeAdministration, anchor: str
) -> None:
    """Every link may hold, and it is not the record of before."""
    head = f"12:{record.audit[-1].chain_hash}"

    done = run("audit", "verify", "--anchor", head, "--anchor", anchor, "--json")

    document = json.loads(done.out)
    assert (done.code, document["is_whole"]) == (1, False)
    assert document["broken_at"] == min(int(anchor.partition(":")[0]), 13)


def test_a_broken_record_names_where(run: Run, record: FakeAdministration) -> None:
    """The first row whose link does not hold."""
    record.audit[6] = record.audit[6].model_copy(update={"outcome": "refused"})

    done = run("audit", "verify", "--json")

    assert (done.code, json.loads(done.out)["broken_at"]) == (1, 7)


@pytest.mark.parametrize("anchor", ["", "12", "12:abc", f"-1:{'0' * 64}", f"x:{'0' * 64}"])
def test_what_is_no_anchor_is_refused(run: Run, anchor: str) -> None:
    """Rather than nothing being compared."""
    assert run("audit", "verify", f"--anchor={anchor}").code == 2


def test_an_export_is_verified_without_the_service(
    run: Run, record: FakeAdministration, netra: FakeNetra, tmp_path: Path
) -> None:
    """From its beginning to its head, and against an anchor."""
    file, said = _exported(run, tmp_path)
    netra.asked.clear()

    done = run("audit", "verify", "--file", str(file), "--anchor", said["head"], "--json")

    document = json.loads(done.out)
    assert (done.code, document["rows"], document["head_seq"]) == (0, 12, 12)
    assert netra.asked == []
    cut = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join(cut[:10]) + b"\n")
    assert run("audit", "verify", "--file", str(file)).code == 0
    assert run("audit", "verify", "--file", str(file), "--anchor", said["head"]).code == 1
    assert run("audit", "verify", "--file", str(tmp_path / "gone")).code == 2
    assert record.audit


def _changed(**members: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda rows: [*rows[:4], rows[4] | members, *rows[5:]]


TAMPERINGS: dict[str, tuple[Callable[[list[Any]], list[Any]], int]] = {
    "another actor": (_changed(actor="usr_other"), 5),
    "another time": (_changed(recorded_at=NOW), 5),
    "another time for people": (_changed(time="2027-01-15T08:14:00.000000Z"), 5),
    "no time for people": (_changed(time="never"), 5),
    "a time of no zone": (_changed(time="2027-01-15T08:04:00"), 5),
    "another hash": (_changed(chain_hash="0" * 64), 5),
    "no hash": (_changed(chain_hash=None), 5),
    "a member more": (_changed(more=1), 5),
    "a number as text": (_changed(seq="5"), 5),
    "left out": (lambda rows: [*rows[:4], *rows[5:]], 5),
    "twice": (lambda rows: [*rows[:5], *rows[4:]], 5),
    "exchanged": (lambda rows: [*rows[:4], rows[5], rows[4], *rows[6:]], 5),
    "put in": (lambda rows: [*rows[:4], rows[4] | {"audit_id": "aud_x"}, *rows[4:]], 5),
    "no row": (lambda rows: [*rows[:4], [1], *rows[5:]], 5),
    "outside the chain": (_changed(seq=None), 5),
}


@pytest.mark.parametrize("name", sorted(TAMPERINGS))
def test_whatever_is_done_to_an_export_is_found(run: Run, tmp_path: Path, name: str) -> None:
    """Changed, left out, put in, exchanged: broken, and where."""
    tamper, at = TAMPERINGS[name]
    file, _ = _exported(run, tmp_path)
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    file.write_text("".join(json.dumps(row) + "\n" for row in tamper(rows)), "utf-8")

    done = run("audit", "verify", "--file", str(file), "--json")

    assert (done.code, json.loads(done.out)["broken_at"]) == (1, at)


@pytest.mark.parametrize("end", [b'{"seq": 13', b"\xff\xfe\n", b"\n"])
def test_a_file_that_ends_in_no_row_is_broken(run: Run, tmp_path: Path, end: bytes) -> None:
    """It was cut, or is something else."""
    file, _ = _exported(run, tmp_path)
    with file.open("ab") as opened:
        opened.write(end)

    done = run("audit", "verify", "--file", str(file), "--json")

    assert (done.code, json.loads(done.out)["broken_at"]) == (1, 13)


def test_rows_outside_the_chain_are_counted(
    run: Run, record: FakeAdministration, tmp_path: Path
) -> None:
    """They are not broken, and nothing proves them: that is said."""
    loose = record.audit[0].model_copy(update={"seq": None, "chain_hash": None})
    record.audit.insert(0, loose)
    file = tmp_path / "audit.ndjson"
    file.write_text("".join(f"{row.model_dump_json()}\n" for row in record.audit), "utf-8")

    done = run("audit", "verify", "--file", str(file))

    assert (done.code, "1 rows stand outside" in done.out) == (0, True)


def test_an_anchor_that_is_not_among_the_rows_proves_nothing() -> None:
    """Nor does a chain that was not looked at."""
    verdict, report = ChainWalk().judged()

    assert (verdict.value, report.rows) == ("UNKNOWN", 0)
