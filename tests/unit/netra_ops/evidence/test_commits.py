"""Commits as git tells them."""

import subprocess
from pathlib import Path

import pytest

from netra_ops.evidence.collectors.commits import (
    MOST,
    CommitsUnknown,
    commits_in,
    is_repository,
)
from netra_ops.evidence.records.commits import commits_of
from netra_ops.evidence.records.taking import parts_of
from netra_ops.evidence.writing.cleaning import Cleaner

TOKEN = "ghp_" + "aB3dE5fG7h" * 4


def git(folder: Path, *arguments: str, stdin: str = "") -> None:
    """Run git there."""
    subprocess.run(  # noqa: S603 - git on a folder of the test's own
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - wherever it is
        input=stdin.encode(),
        check=True,
        capture_output=True,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": "2026-11-05T09:00:00Z",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_COMMITTER_DATE": "2026-11-05T10:00:00Z",
        },
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "app").mkdir()
    (folder / "app" / "späte datei.py").write_text("a\nb\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", f"Use {TOKEN} for\ttabs")
    return folder


def test_commits_are_read_as_judges_read_them(repository: Path) -> None:
    """Author, time, subject and files are there, and no secret that somebody wrote."""
    cleaner = Cleaner(())

    found = commits_of(parts_of(commits_in(repository, None, cleaner), "commits.json"))

    (commit,) = found.records
    assert (commit.author, commit.files) == ("Ada", ("app/späte datei.py",))
    assert commit.time == 1_793_872_800 * 10**9
    assert commit.subject == "Use [redacted] for\ttabs"
    assert commit.diffstat == "1 files, +2 -0"
    assert (found.problems, cleaner.cleaned) == ((), 1)


def test_only_what_was_there_by_then(repository: Path) -> None:
    """A commit after the window did not bring what is in it."""
    assert commits_in(repository, "2026-11-05T09:59:00Z", Cleaner(())) == []


def test_no_more_than_the_newest(repository: Path) -> None:
    """A long history is cut."""
    commit = "commit refs/heads/long\ncommitter Ada <a@example.org> 1793872800 +0000\ndata 1\n.\n"
    stream = commit * (MOST + 5)
    git(repository, "fast-import", "--quiet", stdin=stream)
    git(repository, "symbolic-ref", "HEAD", "refs/heads/long")

    assert len(commits_in(repository, None, Cleaner(()))) == MOST


def test_nothing_in_a_repository_is_run(repository: Path, tmp_path: Path) -> None:
    """What its own configuration and attributes name as programs is not started."""
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o700)
    (repository / ".git" / "info" / "attributes").write_text("* diff=mine\n")
    for name in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.mine.command",
        "diff.mine.textconv",
        "gpg.program",
        "core.sshCommand",
    ):
        git(repository, "config", name, str(program))
    git(repository, "config", "log.showSignature", "true")

    assert len(commits_in(repository, None, Cleaner(()))) == 1
    assert not ran.exists()


def test_what_is_no_repository(tmp_path: Path, repository: Path) -> None:
    """It is told in a sentence; a folder inside of one is not the top of it."""
    with pytest.raises(CommitsUnknown, match="does not know commits"):
        commits_in(tmp_path, None, Cleaner(()))

    assert is_repository(repository)
    assert not is_repository(repository / "app")
