"""What a bundle says of itself, in `bundle.json`. Pure."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from netra_ops.evidence.records.taking import Part, Problem, Remarks

FILE: Final = "bundle.json"
VERSION: Final = 1
_AS_FRACTION: Final = f"{VERSION}.0"
_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class VersionUnknown(Exception):
    """A bundle is of a version that is not read here; the text says which are."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says of itself.

    Attributes:
        version: Of the bundle's form.
        created: When it was made, nanoseconds; None where that is not said.
        start: When the window it is about begins, nanoseconds; None where it has no such end.
        end: When it ends.
        service: The service it is about, if about one.
        environment: In which environment.
        project: In which project of the platform.
        files: The SHA-256 of each file, by its name, in lower case.
        notes: What could not be had when it was made.
    """

    version: int = VERSION
    created: int | None = None
    start: int | None = None
    end: int | None = None
    service: str | None = None
    environment: str | None = None
    project: str | None = None
    files: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()


def manifest_of(part: Part) -> tuple[Manifest, tuple[Problem, ...]]:
    """Read `bundle.json`.

    Raises:
        VersionUnknown: It says a version that is not read here.
    """
    remarks = Remarks(FILE)
    if not isinstance(part.value, Mapping):
        remarks.add(FILE, "is no object, so it says nothing of the bundle")
    version = part.at("version")
    if version.value is None:
        remarks.add(FILE, f"does not say its version, and is read as {VERSION}")
    elif version.whole() != VERSION and version.text() != _AS_FRACTION:
        raise VersionUnknown(f"is of a version that is not known; version {VERSION} is read")
    window = part.at("window")
    manifest = Manifest(
        created=part.time("created"),
        start=window.first("start", "since").time(),
        end=window.first("end", "until").time(),
        service=part.text("service"),
        environment=part.text("environment"),
        project=part.text("project"),
        files=_files(part.at("files"), remarks),
        notes=part.texts("notes"),
    )
    return manifest, remarks.told()


def is_plain_name(name: str) -> bool:
    """Tell whether a name can only be of a file in the bundle's own directory."""
    return _PLAIN_NAME.fullmatch(name) is not None and ".." not in name


def _files(part: Part, remarks: Remarks) -> dict[str, str]:
    found: dict[str, str] = {}
    if part.value is not None and not isinstance(part.value, Mapping):
        remarks.add(part.where, "is no table of hashes")
    for name, digest in part.members():
        known = _DIGEST.fullmatch(digest.text() or "")
        if not is_plain_name(name):
            remarks.add(part.where, "names something that is no file of the bundle")
        elif known is None:
            remarks.add(digest.where, "is no SHA-256")
        else:
            found[name] = known[1].lower()
    return found
