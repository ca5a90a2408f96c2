"""What the local platform remembers."""

from pathlib import Path

import pytest

from netra_ops.findings import Failed
from netra_ops.platform.local import record
from netra_ops.platform.local.record import ProcessMark, Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import created

FIRST, SECOND = "netra-auth-00001-abc", "netra-auth-00002-def"
RUNNING = RevisionRecord(20_001, "f" * 64, slot=0, process=ProcessMark(7, "boot:1"))
SERVICE = ServiceRecord(8001, {FIRST: RUNNING}, {FIRST: 100})
NOT_WHOLE = (
    '{"services": {"a": {"port": 1, "split": {"r": 99},'
    ' "revisions": {"r": {"port": 1, "fingerprint": "f"}}}}, "format": 2}'
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Nothing is remembered at first; then what was saved last."""
    directory = created(tmp_path)
    assert record.load(directory) == Record()

    known = Record().with_service("netra-auth", SERVICE)
    record.save(directory, known)

    assert record.load(directory) == known
    assert directory.record_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is damaged"),
        ('{"services": {"netra-auth": {"port": "eight"}}}', "is damaged"),
        ('{"services": {}, "format": 99}', "another version"),
        ('{"services": {"a": {"port": 1, "split": {"r": 100}}}, "format": 2}', "is damaged"),
        (NOT_WHOLE, "is damaged"),
    ],
)
def test_a_damaged_record_is_told_with_what_to_do(tmp_path: Path, content: str, says: str) -> None:
    """Nobody guesses which processes were meant."""
    directory = created(tmp_path)
    directory.record_file.write_text(content, "utf-8")

    with pytest.raises(Failed, match=says):
        record.load(directory)


def test_a_record_of_the_first_format_is_read(tmp_path: Path) -> None:
    """Its one revision of a service is the one that serves."""
    directory = created(tmp_path)
    directory.record_file.write_text(
        '{"services": {"netra-auth": {"port": 8001, "revision": "netra-auth-00001-abc",'
        ' "fingerprint": "f", "process": {"pid": 7, "birth": "boot:1"}}}, "format": 1}',
        "utf-8",
    )

    service = record.load(directory).services["netra-auth"]

    assert (service.port, service.revision, service.split) == (8001, FIRST, {FIRST: 100})
    assert service.serving == RevisionRecord(8001, "f", process=ProcessMark(7, "boot:1"))


def test_the_revision_that_serves_most_is_the_one_that_serves() -> None:
    """Of two that serve as much it is the newer; without shares there is none."""
    both = SERVICE.having(SECOND, RUNNING)

    assert both.split_as({FIRST: 75, SECOND: 25}).revision == FIRST
    assert both.split_as({FIRST: 50, SECOND: 50}).revision == SECOND
    assert both.split_as({SECOND: 100}).revision == SECOND
    assert (both.split_as({}).revision, both.split_as({}).serving) == (None, None)
    assert both.without(FIRST).revisions.keys() == {SECOND}
