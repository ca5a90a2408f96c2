"""When a local service becomes another revision, and what the revision is called.

A revision is code and configuration: when either differs from what was started last, the number
goes up.
"""

import hashlib
import re
import secrets
from pathlib import Path
from typing import Final

import netra
from netra.isolated_environment import ENV_FILE_VARIABLE, IsolatedEnvironment
from netra_ops.settings import Program

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_SUFFIX_LENGTH: Final = 3
_NUMBER: Final = re.compile(r"-(\d{5,})-[a-z0-9]{3}\Z")
_CODE_ROOT: Final = Path(netra.__file__).resolve().parent.parent


def code_digest(program: Program, code_root: Path = _CODE_ROOT) -> str:
    """Digest a service's code."""
    digest = hashlib.sha256()
    for package in program.packages:
        root = code_root / package
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _add(digest, str(path.relative_to(code_root)).encode())
                _add(digest, path.read_bytes())
    return digest.hexdigest()


def fingerprint(code: str, environment: IsolatedEnvironment) -> str:
    """Digest a service's code, given by its digest, and its configuration.

    Where a configuration was read from is no part of it. The digest is kept beside the
    configuration itself, under the same rights.
    """
    digest = hashlib.sha256(code.encode())
    for name in environment.names():
        if name == ENV_FILE_VARIABLE:
            continue
        _add(digest, name.encode())
        _add(digest, (environment.get(name) or "").encode(errors="surrogatepass"))
    return digest.hexdigest()


def next_name(service: str, previous: str | None) -> str:
    """Name the revision after `previous`, such as `netra-backend-00002-x7k`."""
    match = _NUMBER.search(previous or "")
    number = int(match[1]) + 1 if match else 1
    suffix = "".join(secrets.choice(_LETTERS) for _ in range(_SUFFIX_LENGTH))
    return f"{service}-{number:05}-{suffix}"


def _add(digest: "hashlib._Hash", part: bytes) -> None:
    """Add a part with its length, so that no two lists of parts digest alike."""
    digest.update(len(part).to_bytes(8, "big"))
    digest.update(part)
