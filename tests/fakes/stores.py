"""Taking a backend's store away and giving it back."""

import shutil
from pathlib import Path


def move_store(source: Path, target: Path) -> None:
    """Move a store's files to another directory."""
    target.mkdir(exist_ok=True)
    for file in source.glob("netra-backend.db*"):
        shutil.move(file, target / file.name)
