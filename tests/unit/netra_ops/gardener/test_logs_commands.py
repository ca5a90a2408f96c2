"""`netra logs cluster` and `netra logs garden`: what people and programs are told of a log."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fakes import github_server, incident_log
from fakes.netra_command import Run, stateless_runner
from netra.isolated_environment import IsolatedEnvironment, replaced_environment


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """What runs a command."""
    return stateless_runner(capsys, monkeypatch)


@pytest.fixture(scope="module")
def incident() -> list[dict[str, Any]]:
    """The entries of an incident."""
    return incident_log.incident()


@pytest.fixture
def log(tmp_path: Path, incident: list[dict[str, Any]]) -> Path:
    """A file with them."""
    file = tmp_path / "incident.ndjson"
    file.write_text(incident_log.as_ndjson(incident))
    return file


def gardened(run: Run, tmp_path: Path, *more: str) -> dict[str, Any]:
    """Garden, and give the worklog."""
    done = run(
        "logs", "garden", *more, "--out", str(tmp_path / "out"), "--tracker", str(tmp_path / "i")
    )
    assert done.code == 0, done.err
    worklog: dict[str, Any] = json.loads((tmp_path / "out" / "worklog.json").read_text())
    return worklog


def named(worklog: dict[str, Any], name: str) -> dict[str, Any]:
    """Give the one cluster of this name."""
    (found,) = [one for one in worklog["clusters"] if one["name"] == name]
    return dict(found)


def as_a_whole(cluster: dict[str, Any]) -> dict[str, Any]:
    """Give what is said of a cluster, without which of its entries are shown."""
    rest = {name: said for name, said in cluster.items() if name not in {"shown", "related"}}
    return rest | {name: cluster[name]["distinct"] for name in ("requests", "traces")}


def test_the_cause_comes_first(run: Run, tmp_path: Path, log: Path) -> None:
    """The module that is missing is named, with its rhythm, its revision and the last good one."""
    worklog = gardened(run, tmp_path, str(log))

    first = worklog["clusters"][0]
    assert first["name"] == "module-missing"
    assert incident_log.MISSING in first["template"]
    assert (first["priority"], first["nature"], first["count"]) == ("P0", "regression", 60)
    assert first["rhythm"].startswith("every 7.1 s ± 0.")
    assert first["rhythm"].endswith(", 60 bursts")
    assert first["onset"]["revision"] == incident_log.BAD
    assert first["onset"]["last_good"] == incident_log.GOOD


def test_consequences_are_told_as_such(run: Run, tmp_path: Path, log: Path) -> None:
    """What comes after the missing module each time follows it, in the order in which it comes."""
    worklog = gardened(run, tmp_path, str(log))

    lead = named(worklog, "module-missing")["id"]
    for name in ("worker-exited", "container-exited"):
        assert named(worklog, name)["follows"] == lead
    names = worklog["sequences"][0]["names"]
    assert names.index("module-missing") < names.index("worker-exited")
    assert names.index("worker-exited") < names.index("container-exited")
    filed = [one["title"] for one in worklog["issues"] if one["action"] == "would create"]
    assert filed[0] == "GCP-regression-P0-module-missing"
    assert not [title for title in filed if "exited" in title]


def test_what_was_there_before_is_no_regression(run: Run, tmp_path: Path, log: Path) -> None:
    """The caller without a credential was there all the time, and no revision is blamed for it."""
    worklog = gardened(run, tmp_path, str(log))

    (caller,) = [one for one in worklog["clusters"] if one["severity"] == "WARNING"]
    assert (caller["nature"], caller["onset"]["revision"]) == ("new", None)
    assert caller["principals"]["top"] == [{"name": "service:reporting", "count": caller["count"]}]


def test_one_failed_start_among_good_ones_is_not_urgent(
    run: Run, tmp_path: Path, incident: list[dict[str, Any]]
) -> None:
    """An instance that ended once, on a revision that ran on, keeps no service from starting."""
    file = tmp_path / "one.ndjson"
    good = [one for one in incident if incident_log.GOOD in json.dumps(one)]
    ended = incident_log.entry(600, severity="ERROR", textPayload="Container called exit(1).")
    file.write_text(incident_log.as_ndjson([*good, ended]))

    worklog = gardened(run, tmp_path, str(file))

    assert named(worklog, "container-exited")["priority"] == "P2"


def test_deployments_are_told(run: Run, tmp_path: Path, log: Path) -> None:
    """The audit entry says who deployed and when, and a build's label differs."""
    worklog = gardened(run, tmp_path, str(log))

    (told,) = [one for one in worklog["deployments"] if one["by"] == "audit log"]
    assert told["says"].startswith("ReplaceService")
    assert told["service"] == incident_log.SERVICE
    changes = {one["name"]: (one["before"], one["after"]) for one in worklog["label_changes"]}
    assert changes["commit-sha"] == ("c0ffee-cr5", "c0ffee-g4g")


def test_counts_can_be_counted_again(run: Run, tmp_path: Path, log: Path) -> None:
    """Every count of the worklog is that of `entries.csv`; references name entries of theirs."""
    worklog = gardened(run, tmp_path, str(log))

    with (tmp_path / "out" / "entries.csv").open() as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["cluster_id"] for row in rows)
    for cluster in worklog["clusters"]:
        assert counts[cluster["id"]] == cluster["count"]
        source, _, record = cluster["shown"]["reference"].rpartition(":")
        assert {"source": source, "record": record, "cluster_id": cluster["id"]} in rows
    assert sum(counts.values()) == worklog["window"]["entries"]


@pytest.mark.parametrize("form", ["gcloud", "gzip", "directory"])
def test_the_same_log_in_other_forms(
    run: Run, tmp_path: Path, incident: list[dict[str, Any]], log: Path, form: str
) -> None:
    """Newest first as gcloud prints it, packed, or in a directory: the clusters are the same."""
    expected = gardened(run, tmp_path, str(log))
    given = tmp_path / "other"
    if form == "gcloud":
        given.write_text(incident_log.as_gcloud(incident))
    elif form == "gzip":
        given.write_bytes(gzip.compress(incident_log.as_ndjson(incident).encode()))
    else:
        given.mkdir()
        half = len(incident) // 2
        (given / "b").write_text(incident_log.as_ndjson(incident[half:]))
        (given / "a").write_text(incident_log.as_gcloud(incident[:half]))

    worklog = gardened(run, tmp_path, str(given))

    assert [as_a_whole(one) for one in worklog["clusters"]] == [
        as_a_whole(one) for one in expected["clusters"]
    ]


def test_nothing_private_is_written(run: Run, tmp_path: Path, log: Path) -> None:
    """No person's or machine's address and no token is in any file, and people stay apart."""
    done = run(
        "logs", "garden", str(log), "--out", str(tmp_path / "out"),
        "--tracker", str(tmp_path / "issues"), "--memory", str(tmp_path / "memory"), "--apply",
    )  # fmt: skip

    assert done.code == 0
    files = [one for one in tmp_path.rglob("*") if one.is_file() and one != log]
    assert len(files) >= 6
    texts = [done.out, done.err, *(one.read_text() for one in files)]
    for secret in (incident_log.PERSON, incident_log.ADDRESS, incident_log.TOKEN):
        assert not [text for text in texts if secret in text]
    assert not [text for text in texts if incident_log.TOKEN[10:40] in text]


def test_filing_twice_files_once(run: Run, tmp_path: Path, log: Path) -> None:
    """The same evidence again makes no issue and no comment."""
    arguments = ("logs", "garden", str(log), "--tracker", str(tmp_path / "issues"), "--apply")

    assert run(*arguments).code == 0
    before = {one.name: one.read_text() for one in (tmp_path / "issues").glob("*.md")}
    again = run(*arguments)

    assert again.code == 0
    assert {one.name: one.read_text() for one in (tmp_path / "issues").glob("*.md")} == before
    assert len(before) == 2


def test_filing_at_github(run: Run, log: Path) -> None:
    """Issues are filed at GitHub once, with the token of the environment, which is never shown."""
    environment = IsolatedEnvironment.of({"GITHUB_TOKEN": github_server.TOKEN})
    with replaced_environment(environment), github_server.github() as fake:
        arguments = (
            "logs", "garden", str(log), "--apply", "--github-url", fake.url,
            "--tracker", f"github:{github_server.REPOSITORY}",
        )  # fmt: skip
        planned = run(*[one for one in arguments if one != "--apply"])
        done, again = run(*arguments), run(*arguments)

        assert (planned.code, done.code, again.code) == (0, 0, 0), done.err
        assert "would create: GCP-regression-P0-module-missing" in planned.out
        assert len(fake.open_numbers()) == 2
        assert github_server.TOKEN not in done.out + done.err + again.out + again.err


def test_a_later_run_knows_an_earlier_one(
    run: Run, tmp_path: Path, incident: list[dict[str, Any]]
) -> None:
    """With a memory, what was seen in an earlier log is recurring, under the same id."""
    half = len(incident) // 2
    early, memory = tmp_path / "early", str(tmp_path / "memory")
    early.write_text(incident_log.as_ndjson(incident[:half]))

    first = gardened(run, tmp_path, str(early), "--memory", memory)
    same = gardened(run, tmp_path, str(early), "--memory", memory)
    late = tmp_path / "late"
    late.write_text(incident_log.as_ndjson(incident[half:]))
    second = gardened(run, tmp_path, str(late), "--memory", memory)

    (caller,) = first["clusters"]
    assert [one["nature"] for one in same["clusters"]] == ["new"]
    (again,) = [one for one in second["clusters"] if one["id"] == caller["id"]]
    assert again["nature"] == "recurring"


def test_the_window_is_kept_and_told(run: Run, tmp_path: Path, log: Path) -> None:
    """Entries outside of it are left out and counted; what is covered is read from the rest."""
    worklog = gardened(run, tmp_path, str(log), "--until", "2026-09-15T00:30:00Z")

    window = worklog["window"]
    assert window["last"] < "2026-09-15T00:30:00"
    assert window["outside"] + window["entries"] == len(log.read_text().splitlines())
    assert [one["severity"] for one in worklog["clusters"]] == ["WARNING"]


def test_a_clock_far_ahead_is_not_believed(
    run: Run, tmp_path: Path, incident: list[dict[str, Any]], log: Path
) -> None:
    """One entry of the year 2200 changes neither what is covered nor what goes on."""
    expected = gardened(run, tmp_path, str(log))
    ahead = incident_log.entry(1, severity="INFO", textPayload="out of time")
    ahead |= {"timestamp": "2200-01-01T00:00:00Z"}
    log.write_text(incident_log.as_ndjson([*incident, ahead]))

    worklog = gardened(run, tmp_path, str(log))

    assert worklog["window"]["last"] == expected["window"]["last"]
    assert [one["priority"] for one in worklog["clusters"]] == [
        one["priority"] for one in expected["clusters"]
    ]
    assert worklog["window"]["entries"] == expected["window"]["entries"] + 1


def test_a_window_after_the_log_is_stale(run: Run, log: Path) -> None:
    """Nothing is of the time asked for: that is no answer, and it says what the log has."""
    done = run("logs", "garden", str(log), "--since", "2026-10-01T00:00:00Z")

    assert done.code == 3
    assert "of another time" in done.err


def test_clusters_of_lines(run: Run, tmp_path: Path) -> None:
    """Every line has a row, blank ones too; a value that never varies is shown, not masked."""
    file = tmp_path / "plain.log"
    lines = [f"user u{number} logged in after {number} ms" for number in range(20)]
    lines += ["ModuleNotFoundError: No module named 'quota'"] * 3 + [""]
    file.write_text("\n".join(lines) + "\n")

    done = run("logs", "cluster", str(file), "--assignments", str(tmp_path / "a.csv"))

    assert done.code == 0
    with (tmp_path / "a.csv").open() as found:
        rows = list(csv.DictReader(found))
    assert [int(row["line_no"]) for row in rows] == list(range(1, len(lines) + 1))
    assert len({row["cluster_id"] for row in rows[:20]}) == 1
    assert rows[20]["template"] == "ModuleNotFoundError: No module named 'quota'"
    assert len({row["cluster_id"] for row in rows}) == 3


def test_clusters_from_standard_input(run: Run) -> None:
    """`-` reads what is piped in."""
    done = run("logs", "cluster", "-", "--json", stdin="a 1\na 2\nb\n")

    document = json.loads(done.out)
    assert (done.code, document["lines"]) == (0, 3)
    assert sorted(one["count"] for one in document["shown"]) == [1, 2]


def test_what_is_damaged_is_told(run: Run, tmp_path: Path, incident: list[dict[str, Any]]) -> None:
    """A damaged record is told with its place, and the rest is read: that is no failure."""
    file = tmp_path / "damaged.ndjson"
    text = incident_log.as_ndjson(incident[:50])
    file.write_text(text + '{"insertId": "x", "textPayload": "brok\n' + text)

    done = run("logs", "cluster", str(file))

    assert done.code == 0
    assert "record 51" in done.err


def test_a_truncated_archive_is_not_all(run: Run, tmp_path: Path, log: Path) -> None:
    """What could be read is told, and that it is not all of it."""
    file = tmp_path / "cut.gz"
    whole = gzip.compress(log.read_bytes())
    file.write_bytes(whole[: len(whole) // 2])

    done = run("logs", "garden", str(file), "--out", str(tmp_path / "out"))

    assert done.code == 3
    assert "breaks off" in (tmp_path / "out" / "worklog.md").read_text()


@pytest.mark.parametrize("command", ["cluster", "garden"])
class TestBadInput:
    """What cannot be read, or holds nothing."""

    def test_nothing_there(self, run: Run, tmp_path: Path, command: str) -> None:
        """An input that is not there is wrong usage."""
        done = run("logs", command, str(tmp_path / "none"))

        assert done.code == 2
        assert "is not there" in done.err

    def test_empty(self, run: Run, tmp_path: Path, command: str) -> None:
        """An empty file says nothing of what happened."""
        (tmp_path / "empty").write_bytes(b"")

        done = run("logs", command, str(tmp_path / "empty"))

        assert done.code == 3
        assert "nothing to read" in done.err

    def test_bytes(self, run: Run, tmp_path: Path, command: str) -> None:
        """Bytes that are no text are read as well as they can be, and nothing fails."""
        (tmp_path / "bytes").write_bytes(bytes(range(256)) * 40 + b"\n" + b"\xff\xfe" * 100)

        done = run("logs", command, str(tmp_path / "bytes"))

        assert done.code in {0, 3}
        assert "Traceback" not in done.err

    def test_one_line_of_ten_megabytes(self, run: Run, tmp_path: Path, command: str) -> None:
        """It is cut, said so, and does not hold the rest up."""
        (tmp_path / "long").write_bytes(b"word " * 2_000_000 + b"\nshort\n")

        done = run("logs", command, str(tmp_path / "long"), "--json")

        assert done.code == 0
        assert len(done.out) < 100_000


@pytest.mark.parametrize("command", ["cluster", "garden"])
def test_a_full_disk_is_told(
    run: Run, log: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A result that standard output does not take is no pass, and nobody sees a traceback."""
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        done = run("logs", command, str(log))
        monkeypatch.undo()
        with suppress(OSError):
            full.flush()

    assert done.code == 3
    assert "cannot be written" in done.err


def test_names_that_no_file_can_have_are_refused(run: Run, tmp_path: Path, log: Path) -> None:
    """A name longer than any is told like one that is not there, or cannot be written."""
    long = str(tmp_path / ("x" * 300))

    for arguments, code in (
        (("cluster", long), 2),
        (("garden", long), 2),
        (("cluster", str(log), "--assignments", long), 2),
        (("garden", str(log), "--evidence", long), 2),
        (("garden", str(log), "--memory", long), 3),
    ):
        done = run("logs", *arguments)
        assert (done.code, "Traceback" in done.err) == (code, False), done.err
        assert "xxx" in done.err


def test_options_are_refused(run: Run, tmp_path: Path, log: Path) -> None:
    """A time that is none, a tracker that is none, an output that is a file: said, and why."""
    taken = tmp_path / "taken"
    taken.write_text("")

    for arguments, says in (
        (("--since", "yesterday"), "--since must be a time"),
        (("--tracker", "github:no repository"), "no repository"),
        (("--out", str(taken)), "cannot be made"),
        (("--memory", str(log)), "cannot be used"),
    ):
        done = run("logs", "garden", str(log), *arguments)
        assert done.code == 2, arguments
        assert says in done.err, done.err


def test_names_of_things_hide_people_and_are_no_markup(run: Run, tmp_path: Path) -> None:
    """Names of files, services, revisions, labels, paths hide people and are no markup."""
    mark = "\x1b[31m\n# H [l](x) $(reboot) <b>"
    file = tmp_path / "of ada@example.com.ndjson"
    file.write_text(incident_log.as_ndjson(_odd_entries(mark)))

    done = run(
        "logs", "garden", str(file), "--out", str(tmp_path / "out"),
        "--tracker", str(tmp_path / "issues"), "--memory", str(tmp_path / "memory"), "--apply",
    )  # fmt: skip

    assert done.code == 0, done.err
    files = [one for one in tmp_path.rglob("*") if one.is_file() and one != file]
    texts = [done.out, done.err, *(one.read_text() for one in files)]
    assert "regression" in done.out
    for found in ("@example.com", "example-com", "\x1b"):
        assert not [text for text in texts if found in text], found
    markdown = (tmp_path / "out" / "worklog.md").read_text()
    assert not [line for line in markdown.splitlines() if line.startswith("# H")]
    commands = [line for line in markdown.splitlines() if "netra rollback " in line]
    assert commands
    assert not [line for line in commands if "$(" in line or "[l]" in line]


def _odd_entries(mark: str) -> Iterator[dict[str, Any]]:
    for second in range(0, 7200, 20):
        bad = second >= 3600
        labels = {
            "service_name": f"svc bob@example.com{mark}",
            "revision_name": f"{'bad' if bad else 'good'}-cid@example.com{mark}",
        }
        more: dict[str, Any] = {"severity": "INFO", "textPayload": "fine"}
        if bad and second % 60 == 0:
            more = {
                "severity": "ERROR of dan@example.com",
                "jsonPayload": {"message": "ERROR broke", "request_id": f"{second}{mark}"},
            }
        elif bad and second % 60 == 20:
            request = {"requestMethod": "GET", "requestUrl": "https://h/users/eve@example.com/x"}
            more = {"severity": "ERROR", "httpRequest": {**request, "status": 500}}
        yield incident_log.entry(
            second,
            resource={"type": "cloud_run_revision", "labels": labels},
            labels={"by fay@example.com": f"gus@example.com {bad}"},
            **more,
        )


def test_no_secret_in_what_clusters_are_made_of(run: Run, tmp_path: Path) -> None:
    """The words by which lines were taken for one show no secret, nor does the memory."""
    secrets = (
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "password: correcthorse",
        "client_secret=GOCSPX-abcdefghijklmnop",
        "xoxb-123456789012-abcdefghijkl",
    )
    file = tmp_path / "secrets.log"
    file.write_text("".join(f"ERROR sent {one} on its way\n" for one in secrets for _ in "123"))

    gardened(run, tmp_path, str(file), "--memory", str(tmp_path / "memory"))
    shown = run("logs", "cluster", str(file), "--explain").out

    files = [one for one in tmp_path.rglob("*") if one.is_file() and one != file]
    for found in ("dXNlcj", "correcthorse", "GOCSPX", "abcdefghijkl"):
        assert not [text for text in (shown, *(one.read_text() for one in files)) if found in text]
