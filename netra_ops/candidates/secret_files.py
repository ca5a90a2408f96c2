"""Gives a configuration the values of secrets it refers to, from files made for that."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Setting
from netra_ops.candidates.file_text import read_text
from netra_ops.candidates.forms.containers import SECRET
from netra_ops.findings import UsageRefused, printable

_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


def with_secrets(candidate: Candidate, directory: Path) -> Candidate:
    """Give a candidate the values that `directory` holds as `SECRET/VERSION`, taken as they are.

    What has no file there stays unseen.

    Raises:
        UsageRefused: There is no such directory, or a file in it cannot be read.
    """
    named = printable(str(directory))
    try:
        is_directory = directory.is_dir()
    except OSError as error:
        raise UsageRefused(f"{named} cannot be read: {(error.strerror or '').lower()}.") from None
    if not is_directory:
        raise UsageRefused(f"{named} is not a directory.")

    def seen(setting: Setting) -> Setting:
        reference = setting.reference
        if reference is None or reference.store != SECRET or reference.version is None:
            return setting
        parts = (reference.secret, reference.version)
        if not all(_PART.fullmatch(part) for part in parts):
            return setting
        path = directory.joinpath(*parts)
        if _is_absent(path):
            return setting
        return replace(setting, value=Secret(read_text(str(path), keep_mark=True)))

    return replace(candidate, settings=tuple(seen(setting) for setting in candidate.settings))


def _is_absent(path: Path) -> bool:
    """Tell whether there is nothing to read; what there is may still be unreadable."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False
