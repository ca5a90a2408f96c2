"""The private directory of one installation."""

import os
import stat
import threading
from pathlib import Path

import pytest

from fakes.timing import UNIT
from netra_ops.findings import UsageRefused
from netra_ops.platform.local.state_directory import created, opened, write_whole


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    """Whatever the umask says, nobody else may enter or read."""
    before = os.umask(0)
    try:
        directory = created(tmp_path / "deep" / "state")
        write_whole(directory.env_file("netra-auth"), "A=b\n")
    finally:
        os.umask(before)

    assert _mode(directory.root) == 0o700
    assert {_mode(path) for path in directory.root.iterdir() if path.is_dir()} == {0o700}
    assert {_mode(path) for path in directory.root.rglob("*") if path.is_file()} == {0o600}


def test_an_empty_directory_is_taken_and_made_private(tmp_path: Path) -> None:
    """A directory a person made for it is used, without alarm: there was nothing to read."""
    tmp_path.chmod(0o755)

    directory = created(tmp_path)

    assert _mode(tmp_path) == 0o700
    assert directory.mended == ()


def test_a_directory_with_something_else_in_it_is_refused_untouched(tmp_path: Path) -> None:
    """`--state .` in a project does not lock its owner's colleagues out of it."""
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageRefused, match="not a Netra state directory"):
        created(tmp_path)
    with pytest.raises(UsageRefused, match="not a Netra state directory"):
        opened(tmp_path)
    assert _mode(tmp_path) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    """A state directory is a directory."""
    (tmp_path / "state").write_text("", encoding="utf-8")

    with pytest.raises(UsageRefused, match="not a directory"):
        created(tmp_path / "state")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    """Its owner could read every secret or put others in their place."""
    created(tmp_path)
    os.chown(tmp_path, 12345, -1)

    with pytest.raises(UsageRefused, match="belongs to another user"):
        created(tmp_path)
    with pytest.raises(UsageRefused, match="belongs to another user"):
        opened(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_inside_is_refused(tmp_path: Path) -> None:
    """An env file that someone else may rewrite is not a configuration."""
    directory = created(tmp_path)
    write_whole(directory.env_file("netra-auth"), "A=b\n")
    os.chown(directory.env_file("netra-auth"), 12345, -1)

    with pytest.raises(UsageRefused, match=r"netra-auth\.env belongs to another user"):
        opened(tmp_path)


def test_loosened_rights_are_mended_and_told(tmp_path: Path) -> None:
    """An editor that wrote the file anew under a lax umask does not leave secrets open."""
    directory = created(tmp_path)
    file = directory.env_file("netra-auth")
    write_whole(file, "A=b\n")
    file.chmod(0o644)
    directory.root.chmod(0o755)

    again = opened(tmp_path)

    assert again is not None
    assert len(again.mended) == 2
    assert str(file) in again.mended[1]
    assert (_mode(file), _mode(directory.root)) == (0o600, 0o700)
    assert created(tmp_path).mended == ()


def test_what_was_never_started_is_not_opened(tmp_path: Path) -> None:
    """Looking makes nothing."""
    assert opened(tmp_path / "nowhere") is None
    assert opened(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_content_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle of writing loses nothing."""
    file = tmp_path / "state.json"
    write_whole(file, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, "new")

    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_content_is_written_as_given(tmp_path: Path) -> None:
    """Line ends are not translated."""
    write_whole(tmp_path / "file", "a\r\nb\n")

    assert (tmp_path / "file").read_bytes() == b"a\r\nb\n"


def test_the_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    """A second command waits until the first is done."""
    directory = created(tmp_path)
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with directory.locked():
            order.append("second")

    thread = threading.Thread(target=second)
    with directory.locked():
        thread.start()
        waiting.wait(UNIT)
        order.append("first")
    thread.join(5 * UNIT)

    assert order == ["first", "second"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_link_inside_is_refused(tmp_path: Path) -> None:
    """A link that someone else planted would go on steering what it stands for."""
    directory = created(tmp_path / "state")
    (tmp_path / "elsewhere").write_text("A=b\n", encoding="utf-8")
    directory.env_file("netra-auth").symlink_to(tmp_path / "elsewhere")
    os.chown(directory.env_file("netra-auth"), 12345, -1, follow_symlinks=False)

    with pytest.raises(UsageRefused, match=r"netra-auth\.env belongs to another user"):
        opened(tmp_path / "state")
