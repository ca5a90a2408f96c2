"""Reads what is to be changed from a command line. What it says of a mistake holds no value."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from netra.secret import Secret
from netra_ops.candidates.candidate import Reference, shown_name
from netra_ops.cli.console import read_secret
from netra_ops.findings import UsageRefused, printable
from netra_ops.platform.port import Change

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET: Final = re.compile(r"((?:projects/[a-z0-9-]+/secrets/)?[A-Za-z][A-Za-z0-9_-]*)(?::(.+))?")
_VERSION: Final = re.compile(r"latest|[0-9]{1,18}")
_LONGEST_BYTES: Final = 1_048_576
_STDIN: Final = "-"
_STORE: Final = "secret"
_FILE: Final = "file:"


def change_of(
    *,
    values: Iterable[str],
    removed: Iterable[str],
    references: Iterable[str],
    file: Path | None,
    replaces: bool,
    code: Path | None,
) -> Change:
    """Read a change.

    Raises:
        UsageRefused: An option is not of its form, names a variable twice, or its file cannot be
            read.
    """
    if replaces and file is None:
        raise UsageRefused("--replace says that a file is all of it: name the file with --file.")
    if code is not None and not code.is_dir():
        raise UsageRefused(f"{code} is no folder. --code names one that holds code.")
    if file is not None and not file.is_file():
        raise UsageRefused(f"{file} is no file.")
    taken = _taken_away(removed)
    named = _named(values, "--set")
    referred = _named(references, "--secret")
    both = sorted((named.keys() & referred.keys()) | (taken & (named.keys() | referred.keys())))
    if both:
        raise UsageRefused(f"{shown_name(both[0])} is named by two options that contradict.")
    if list(named.values()).count(_STDIN) > 1:
        raise UsageRefused("Standard input can give one value only.")
    return Change(
        values={name: _value(name, text) for name, text in named.items()},
        removed=taken,
        references={name: _reference(text) for name, text in referred.items()},
        file=file,
        replaces=replaces,
        code=code,
    )


def _named(given: Iterable[str], option: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, rest = text.partition("=")
        if not equals or not _NAME.fullmatch(name):
            # What stands there may be a value by mistake.
            raise UsageRefused(f"{option} is given as NAME=..., with the name of a variable.")
        if name in found:
            raise UsageRefused(f"{option} names {shown_name(name)} twice.")
        found[name] = rest
    return found


def _taken_away(given: Iterable[str]) -> frozenset[str]:
    names = list(given)
    if not all(_NAME.fullmatch(name) for name in names):
        raise UsageRefused("--unset is given the name of a variable, and nothing else.")
    return frozenset(names)


def _value(name: str, text: str) -> Secret:
    if text == _STDIN:
        return read_secret(f"the value of {shown_name(name)}")
    if not text.startswith("@"):
        return Secret(text)
    path = Path(text.removeprefix("@"))
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_BYTES + 1)
        if len(content) > _LONGEST_BYTES:
            raise UsageRefused(f"{printable(str(path))} is larger than {_LONGEST_BYTES} bytes.")
        # Editors end a file with a line break, which is no part of what was meant.
        return Secret(content.decode().removesuffix("\n").removesuffix("\r"))
    except OSError as error:
        place = printable(str(path))
        raise UsageRefused(f"{place} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise UsageRefused(f"{printable(str(path))} is no UTF-8 text.") from None


def _reference(text: str) -> Reference:
    if text.startswith(_FILE):
        path = text.removeprefix(_FILE)
        if not path or printable(path) != path:
            raise UsageRefused("--secret is given as NAME=file:PATH, with the path of a file.")
        return Reference("file", str(Path(path).absolute()))
    match = _SECRET.fullmatch(text)
    version = (match[2] or "latest") if match else ""
    if match is None or not _VERSION.fullmatch(version):
        raise UsageRefused(
            "--secret is given as NAME=SECRET:VERSION, the version a number or latest, or as "
            "NAME=file:PATH."
        )
    return Reference(_STORE, match[1], version)
