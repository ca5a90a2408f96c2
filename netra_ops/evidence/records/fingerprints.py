"""Fingerprints of values: equal ones are of equal values, and no value follows from one. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from netra_ops.evidence.records.taking import (
    NotTaken,
    Part,
    Remarks,
    Taken,
    must_be_object,
    taken,
)

FILE: Final = "fingerprints.json"
PREFIXES: Final = ("sha256:", "hmac-sha256:")
_NAMED: Final = {
    "raw": ("raw", "exact", "fingerprint"),
    "stripped": ("stripped", "strip"),
    "unquoted": ("unquoted", "unquote"),
    "b64decoded": ("b64decoded", "base64_decoded", "b64", "decoded"),
}


class Prints(msgspec.Struct, frozen=True, kw_only=True):
    """One value's fingerprints, without the word before them; None is one that is not there.

    Attributes:
        where: The evidence reference.
        service: Of which service.
        variable: Of which variable.
        raw: Of the value as it is.
        stripped: Of it without white space around it.
        unquoted: Of it without the same quotation mark on both sides.
        b64decoded: Of what it stands for as base64; there is none if it is no base64.
        others: Whatever else is said of the value, by its name: more fingerprints, a length.
    """

    where: str
    service: str
    variable: str
    raw: str | None = None
    stripped: str | None = None
    unquoted: str | None = None
    b64decoded: str | None = None
    others: Mapping[str, str] = {}


Fingerprints = Mapping[tuple[str, str], Prints]
"""By service and variable."""


def fingerprints_of(parts: Iterable[Part]) -> Taken[Prints]:
    """Take the fingerprints of `fingerprints.json`."""
    return taken(FILE, parts, _read)


def bare(text: str) -> str:
    """Give a fingerprint as it is compared: without the word before it, in lower case."""
    for prefix in PREFIXES:
        if text.startswith(prefix):
            return text.removeprefix(prefix).strip().lower()
    return text.strip().lower()


def is_fingerprint(text: str) -> bool:
    """Tell whether a text stands where a value was."""
    return text.startswith(PREFIXES)


def _read(part: Part, remarks: Remarks) -> Iterator[Prints]:
    must_be_object(part, "table of fingerprints")
    for service, variables in part.members():
        if not isinstance(variables.value, dict):
            remarks.add(variables.where, "is no table of variables")
            continue
        for variable, ways in variables.members():
            try:
                yield _prints(service, variable, ways)
            except NotTaken as error:
                remarks.add(ways.where, str(error))


def _prints(service: str, variable: str, ways: Part) -> Prints:
    if isinstance(ways.value, str):
        return Prints(where=ways.where, service=service, variable=variable, raw=bare(ways.value))
    must_be_object(ways, "set of fingerprints")
    said = {way: ways.first(*names).text() for way, names in _NAMED.items()}
    known = {name for names in _NAMED.values() for name in names}
    others = {name: bare(text) for name, text in ways.mapping().items() if name not in known}
    return Prints(
        where=ways.where,
        service=service,
        variable=variable,
        others=others,
        **{way: bare(text) for way, text in said.items() if text},
    )
