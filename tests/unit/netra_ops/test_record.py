"""What the local platform remembers."""

from pathlib import Path

import pytest

from netra_ops.findings import Failed
from netra_ops.platform.local import record
from netra_ops.platform.local.record import ProcessMark, Record, ServiceRecord
from netra_ops.platform.local.state_directory import created

SERVICE = ServiceRecord(8001, "netra-auth-00001-abc", "f" * 64, ProcessMark(7, "boot:1"))


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
    ],
)
def test_a_damaged_record_is_told_with_what_to_do(tmp_path: Path, content: str, says: str) -> None:
    """Nobody guesses which processes were meant."""
    directory = created(tmp_path)
    directory.record_file.write_text(content, "utf-8")

    with pytest.raises(Failed, match=says):
        record.load(directory)
