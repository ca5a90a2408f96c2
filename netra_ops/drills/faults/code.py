"""Faults of code: a copy of what is run, with a text of it changed, for `netra deploy --code`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import netra
from netra_ops.drills.drill import Ground
from netra_ops.findings import Failed

_ROOT: Final = Path(netra.__file__).resolve().parent.parent
_PACKAGES: Final = ("netra", "netra_backend")

Options = Callable[[Ground], tuple[str, ...]]


def edited(module: str, old: str, new: str) -> Options:
    """Replace a text of a module; it must be there once."""

    def options(ground: Ground) -> tuple[str, ...]:
        folder = copied(ground.scratch / "code")
        file = folder / module
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise Failed(f"{module} is not as this drill knows it; the drill is out of date.")
        file.write_text(text.replace(old, new), encoding="utf-8")
        return ("--code", str(folder))

    return options


def lacking(module: str) -> Options:
    """Leave a module out."""

    def options(ground: Ground) -> tuple[str, ...]:
        folder = copied(ground.scratch / "code")
        (folder / module).unlink()
        return ("--code", str(folder))

    return options


def copied(folder: Path) -> Path:
    """Copy the code of the backend."""
    for package in _PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(_ROOT / package, folder / package, ignore=ignored)
    return folder
