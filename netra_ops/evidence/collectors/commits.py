"""The commits of the code, as git tells them. Nothing in a repository is run."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from netra_ops.evidence.writing.cleaning import Cleaner
from netra_ops.findings import printable

MOST: Final = 200
"""Commits that are told: the newest up to the end of the window."""
MOST_FILES: Final = 200
"""Files of a commit that are told."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_SECONDS: Final = 30
_BEGIN, _END = "\x1e", "\x1f"
_FORM: Final = f"--format=tformat:{_BEGIN}%H{_END}%cI{_END}%an{_END}%s{_END}"
_SAFELY: Final = (
    # A repository may say in its own configuration what git is to run.
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.pager=cat"),
    *("-c", "log.showSignature=false"),
    *("-c", "core.quotePath=false"),
    "--no-pager",
    "--no-replace-objects",
)
_ENVIRONMENT: Final = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
}
_NUMBERS: Final = 3


class CommitsUnknown(Exception):
    """The commits could not be had; the text says why, as a sentence."""


def is_repository(folder: Path) -> bool:
    """Tell whether a folder is the top of a repository, and does not only lie in one."""
    return (folder / ".git").exists()


def commits_in(folder: Path, until: str | None, cleaner: Cleaner) -> list[dict[str, Any]]:
    """Give the newest commits of a repository, the newest first.

    Args:
        folder: A folder in it.
        until: Only what was committed until then (RFC 3339), if given.
        cleaner: Hides what looks like a secret in what people wrote.

    Raises:
        CommitsUnknown: It is no repository, there is no git, or it did not answer.
    """
    asked = ["log", f"--max-count={MOST}", "--numstat", "--no-ext-diff", "--no-textconv", _FORM]
    text = _said(folder, [*asked, *([f"--until={until}"] if until else [])])
    return [cleaner.texts(one) for one in _parsed(text)]


def _parsed(text: str) -> Iterator[dict[str, Any]]:
    for part in text.split(_BEGIN)[1:]:
        words = part.split(_END)
        if len(words) != len(("sha", "time", "author", "subject", "files")):
            continue
        sha, time, author, subject, rest = words
        changed = [line.split("\t", 2) for line in rest.splitlines() if line.strip()]
        whole = [one for one in changed if len(one) == _NUMBERS]
        yield {
            "sha": sha,
            "time": time,
            "author": author,
            "subject": subject,
            "files": [path for _, _, path in whole[:MOST_FILES]],
            "diffstat": _diffstat(whole),
        }


def _diffstat(changed: list[list[str]]) -> str:
    added, removed = (
        sum(int(one[place]) for one in changed if one[place].isdecimal()) for place in (0, 1)
    )
    return f"{len(changed)} files, +{added} -{removed}"


def _said(folder: Path, arguments: list[str]) -> str:
    named = printable(str(folder))
    with TemporaryFile() as out:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program; a folder, a number and a time
                ["git", *_SAFELY, "-C", str(folder), *arguments],  # noqa: S607 - wherever it is
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise CommitsUnknown("there is no git on this machine") from None
        except subprocess.TimeoutExpired:
            raise CommitsUnknown(f"git did not answer for {named} within {_SECONDS} s") from None
        except OSError as error:
            raise CommitsUnknown(f"git could not be run: {error.strerror}") from None
        if done.returncode != 0:
            raise CommitsUnknown(f"git does not know commits of {named}")
        out.seek(0)
        return out.read(_MOST_BYTES).decode("utf-8", "replace")
