"""Files are followed through growth, renaming, cutting and copying, by the time of the test."""

import gzip
import json
import os
from pathlib import Path

import pytest

from fakes.timing import UNIT, eventually_blocking
from netra_ops.gardener.following import followed as followed_files
from netra_ops.gardener.following import inputs as following
from netra_ops.gardener.following.followed import Terms
from netra_ops.gardener.following.inputs import Inputs
from netra_ops.logs.entries import Entry
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.forms import Form

LONG = "".join(f"INFO line {number} of the log that is followed\n" for number in range(20))


class Following:
    """Inputs that are followed, and what came of them."""

    def __init__(self, *named: Path | str, standard_input: int = 0) -> None:
        self.now = 1000.0
        self.said: list[str] = []
        terms = Terms(Form.AUTO, 1_800_000_000.0, self.now, Duplicates())
        self.inputs = Inputs(map(str, named), terms, 30.0, self.said.append, standard_input)
        self.before = [entry for one in self.inputs.before() for entry in one.entries]

    def look(self, seconds: float = 1.0) -> list[Entry]:
        """Let time go by, and give what came by then."""
        found: list[Entry] = []
        for _ in range(round(seconds / 0.5)):
            self.now += 0.5
            for one in self.inputs.arrived(self.now):
                found += one.entries
        return found

    def messages(self, seconds: float = 2.0) -> list[str]:
        """Give what the entries say that came by then."""
        return [entry.message for entry in self.look(seconds)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with twenty lines."""
    file = tmp_path / "app.log"
    file.write_text(LONG)
    return file


def add(file: Path, text: str) -> None:
    """Add to a file."""
    with file.open("a") as opened:
        opened.write(text)


def test_what_is_there_is_before_and_what_is_added_is_new(log: Path) -> None:
    """The lines at the start are the baseline; each added line comes once, with its place."""
    follow = Following(log)
    assert len(follow.before) == 20

    add(log, "ERROR one\n")
    (entry,) = follow.look(2)
    add(log, "ERROR two\n")

    assert (entry.message, entry.number, entry.offset) == ("one", 21, len(LONG))
    assert follow.messages() == ["two"]


def test_a_line_that_was_half_at_the_start_is_new(log: Path) -> None:
    """What was cut off by the beginning of the following is whole when its end comes."""
    add(log, "ERROR a ha")
    follow = Following(log)

    add(log, "lf line\n")

    assert len(follow.before) == 20
    assert follow.messages() == ["a half line"]


def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning(log: Path) -> None:
    """Rotation by renaming loses nothing, not even what is written to the old file afterwards."""
    follow = Following(log)
    add(log, "ERROR last before\n")
    log.rename(log.with_name("app.log.1"))
    add(log.with_name("app.log.1"), "ERROR late\n")
    log.write_text("ERROR first after\n")

    assert sorted(follow.messages()) == ["first after", "last before", "late"]


def test_a_file_that_is_cut_off_is_read_from_its_beginning(log: Path) -> None:
    """Truncation in place is noticed, also when the file has outgrown its former length."""
    follow = Following(log)
    log.write_text("ERROR shorter\n")
    assert follow.messages() == ["shorter"]

    log.write_text(LONG.replace("INFO", "ERROR") + "ERROR longer\n")
    found = follow.messages()

    assert (len(found), found[-1]) == (21, "longer")


def test_a_file_of_a_directory_is_the_same_under_another_name(log: Path) -> None:
    """In a directory a renamed file is not read again; new ones are found, hidden ones are not."""
    follow = Following(log.parent)
    log.rename(log.with_name("app.log.1"))
    log.write_text("ERROR new file\n")
    (log.parent / ".hidden.log").write_text("ERROR hidden\n")
    (log.parent / "deep").mkdir()
    (log.parent / "deep" / "other.log").write_text("ERROR deep\n")

    assert sorted(follow.messages()) == ["deep", "new file"]
    add(log.with_name("app.log.1"), "ERROR late\n")
    (late,) = follow.look(2)
    assert late.message == "late"


def test_a_copy_of_what_was_read_is_not_read_again(log: Path) -> None:
    """Rotation by copy and truncation shows nothing twice."""
    follow = Following(log.parent)
    log.with_name("app.log.1").write_text(log.read_text())
    log.write_text("")
    assert follow.messages() == []

    add(log, "ERROR after\n")

    assert follow.messages() == ["after"]


def test_a_compressed_copy_is_nothing_new(log: Path) -> None:
    """A rotated log that was compressed is passed over; one that is there at the start counts."""
    with gzip.open(log.with_name("old.gz"), "wt") as packed:
        packed.write("ERROR old\n")
    follow = Following(log.parent)
    log.with_name("older.gz").write_bytes(log.with_name("old.gz").read_bytes())

    assert "old" in [entry.message for entry in follow.before]
    assert follow.messages(5) == []
    assert follow.said == []


def test_of_a_big_file_the_end_is_the_baseline(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound, the baseline begins with the first whole line of the file's end."""
    monkeypatch.setattr(followed_files, "BASELINE_BYTES", 100)
    follow = Following(log)

    add(log, "ERROR new\n")
    (entry,) = follow.look(2)

    assert [one.message for one in follow.before] == [
        "line 18 of the log that is followed",
        "line 19 of the log that is followed",
    ]
    assert entry.offset == len(LONG)


def test_more_files_than_may_be_open_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that were closed, because there are many, are followed on."""
    monkeypatch.setattr(following, "_MOST_OPEN", 3)
    files = [tmp_path / f"{number}.log" for number in range(8)]
    for number, file in enumerate(files):
        file.write_text(f"INFO this is {number}\n")
    follow = Following(tmp_path)

    for _ in range(2):
        for file in files:
            add(file, "ERROR more\n")
        assert follow.messages() == ["more"] * 8
        opened = [
            one for one in Path("/proc/self/fd").iterdir() if tmp_path in one.resolve().parents
        ]
        assert len(opened) <= 3


def test_what_is_away_is_waited_for_and_then_gone(log: Path) -> None:
    """A file that is away for less than the patience is followed on; for longer, it is gone."""
    follow = Following(log)
    log.unlink()
    follow.look(20)
    gone = [follow.inputs.is_gone]
    log.write_text("ERROR back\n")
    assert follow.messages() == ["back"]

    log.unlink()
    follow.look(35)

    gone.append(follow.inputs.is_gone)
    assert gone == [False, True]
    assert follow.said == [f"{log} is gone."]


def test_a_document_is_read_each_time_it_is_whole(tmp_path: Path) -> None:
    """A JSON array that is written into a directory is read once it does not grow any more."""
    follow = Following(tmp_path)
    document = tmp_path / "export.json"
    entries = [{"severity": "ERROR", "textPayload": f"entry {number}"} for number in range(3)]
    text = json.dumps(entries)

    document.write_text(text[:50])
    assert follow.messages(1) == []
    document.write_text(text)
    assert follow.messages(3) == ["entry 0", "entry 1", "entry 2"]
    entries.append({"severity": "ERROR", "textPayload": "entry 3"})
    document.write_text(json.dumps(entries))

    assert follow.messages(3) == ["entry 3"]


def test_what_is_no_text_is_said_and_not_followed(tmp_path: Path) -> None:
    """A file of another encoding is named once."""
    file = tmp_path / "wide.log"
    file.write_text("ERROR wide\n", encoding="utf-16")
    follow = Following(file)

    follow.look(5)

    assert (follow.before, follow.said) == ([], [f"Not followed: {file}: it is no UTF-8 text."])


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (b"ERROR one\nERROR tw", ["one", "tw"]),
        (b"[12:00:01] ERROR one\n", ["one"]),
        (b'{"severity":"ERROR","textPayload":"one"}\n', ["one"]),
        (b'[{"textPayload":"one"},\n{"textPayload":"two"}]', ["one", "two"]),
        (b"", []),
    ],
)
def test_a_pipe_is_followed_to_its_end(text: bytes, messages: list[str]) -> None:
    """Lines and documents come from a pipe; its end ends the following, half lines included."""
    reading, writing = os.pipe()
    follow = Following("-", standard_input=reading)
    found: list[Entry] = []

    def has_ended() -> bool:
        found.extend(follow.look(0.5))
        return follow.inputs.has_ended

    assert os.write(writing, text) == len(text)
    os.close(writing)
    eventually_blocking(has_ended, within=10 * UNIT)
    for one in follow.inputs.ended(follow.now):
        found += one.entries

    os.close(reading)
    assert [entry.message for entry in found] == messages


def test_a_pipe_gives_whole_lines_while_it_is_open() -> None:
    """What was written to a pipe comes before the pipe ends."""
    reading, writing = os.pipe()
    follow = Following("-", standard_input=reading)

    os.write(writing, b"ERROR one\n")
    found = eventually_blocking(lambda: follow.look(0.5), within=10 * UNIT)

    os.close(writing)
    eventually_blocking(lambda: follow.look(0.5) or follow.inputs.has_ended, within=10 * UNIT)
    os.close(reading)
    assert [entry.message for entry in found] == ["one"]
