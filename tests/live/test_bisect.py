"""The commit where it began, found by git as the runbook says."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

import pytest

from architecture.house import ROOT
from fakes.faulty_code import faulty_code
from fakes.timing import UNIT

pytestmark = [pytest.mark.live, pytest.mark.long]

PACKAGES: Final = ("netra", "netra_auth", "netra_backend", "netra_ops")
RUNBOOK: Final = ROOT / "docs" / "runbooks" / "find_the_commit.md"
MAIN: Final = Path("netra_backend/app/main.py")


def git(repository: Path, *arguments: str) -> str:
    """Run git, and give what it said."""
    done = subprocess.run(  # noqa: S603 - arguments of this test
        [  # noqa: S607 - whichever git there is
            "git",
            "-c",
            "user.name=Somebody",
            "-c",
            "user.email=somebody@example.com",
            *arguments,
        ],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
        timeout=240 * UNIT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(repository: Path, subject: str) -> str:
    """Commit everything, and give the commit."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", subject)
    return git(repository, "rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a repository of this code, with an environment that runs what is checked out."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / ".gitignore").write_text(".venv/\n__pycache__/\n")
    subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "venv", "--without-pip", folder / ".venv"],
        check=True,
        timeout=60 * UNIT,
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / ".venv" / "lib" / version / "site-packages"
    (packages / "checkout.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
    netra = folder / ".venv" / "bin" / "netra"
    netra.write_text(
        f"#!{folder}/.venv/bin/python\n"
        "import sys\nfrom netra_ops.cli.main import main\nsys.exit(main())\n"
    )
    netra.chmod(0o755)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def question() -> str:
    """Give the script that the runbook writes down."""
    return RUNBOOK.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]


def test_git_finds_the_commit_that_made_identity_optional(repository: Path, tmp_path: Path) -> None:
    """Of five commits the third lets anybody in; asked by the runbook's script, git names it."""
    script = tmp_path / "golden_path.sh"
    script.write_text(question())
    good = commit(repository, "Begin")
    (repository / "NOTES").write_text("one\n")
    commit(repository, "Take notes")
    faulty = faulty_code(tmp_path / "faulty", "identity is optional")
    shutil.copy(faulty / MAIN, repository / MAIN)
    culprit = commit(repository, "Make life easier")
    (repository / "NOTES").write_text("two\n")
    commit(repository, "Take more notes")
    (repository / "NOTES").write_text("three\n")
    bad = commit(repository, "Take even more notes")

    git(repository, "bisect", "start", bad, good)
    said = git(repository, "bisect", "run", "sh", str(script))

    assert f"{culprit} is the first bad commit" in said
