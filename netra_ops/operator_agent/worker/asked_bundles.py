"""The bundles that operators' questions leave in a state directory: the newest few are kept."""

import re
import shutil
from pathlib import Path
from typing import Final

from netra.clock import Clock, as_iso
from netra.ids import random_token
from netra_ops.evidence.bundle import BundleUnreadable
from netra_ops.evidence.collecting import Wanted, collect_bundle
from netra_ops.evidence.collectors.log_files import Window
from netra_ops.evidence.records import manifest
from netra_ops.platform.local.state_directory import StateDirectory, made_directory

KEPT: Final = 10
"""How many are kept; one more, and the oldest goes."""
_FOLDER: Final = "asked"
_BUNDLE: Final = "bundle"
_NAME: Final = re.compile(r"\d{8}T\d{6}Z-[A-Za-z0-9_-]{8}")
_SECONDS: Final = 60
_NANOSECONDS: Final = 1_000_000_000


def collected(state: StateDirectory, minutes: int, clock: Clock) -> tuple[Path, tuple[str, ...]]:
    """Collect what the disk holds of the last minutes; give the bundle, and what it lacks.

    Nobody is asked: neither the auth service's audit record nor the golden path is in it.

    Raises:
        CouldNotTell: There is no log of that time, or it could not be written.
    """
    now = clock.timestamp()
    start = round((now - minutes * _SECONDS) * _NANOSECONDS)
    folder = made_directory(state.root / _FOLDER)
    place = made_directory(folder / f"{_stamp(now)}-{random_token()[:8]}")
    target = place / _BUNDLE
    wanted = Wanted(state=state, target=target, window=Window(start, None))
    try:
        done = collect_bundle(wanted, clock, ())
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    for old in _places(state)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return target, tuple(done.notes)


def newest(state: StateDirectory) -> Path:
    """Give the bundle that was collected last.

    Raises:
        BundleUnreadable: There is none.
    """
    for place in reversed(_places(state)):
        if (place / _BUNDLE / manifest.FILE).is_file():
            return place / _BUNDLE
    raise BundleUnreadable("Nothing was collected yet. Ask for a diagnosis first.")


def _places(state: StateDirectory) -> list[Path]:
    """Give the directories that are ours, the oldest first; links and other names are not."""
    folder = state.root / _FOLDER
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(
        one for one in found if _NAME.fullmatch(one.name) and one.is_dir() and not one.is_symlink()
    )


def _stamp(now: float) -> str:
    return as_iso(now)[:19].replace("-", "").replace(":", "") + "Z"
