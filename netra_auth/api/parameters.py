"""Reading forms and query strings strictly: what cannot be read is refused, never repaired."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from netra.errors import ContentTooLarge, RequestInvalid

FORM: Final = "application/x-www-form-urlencoded"
MAX_BYTES: Final = 65_536
MAX_FIELDS: Final = 64
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""C0, DEL and C1."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Names to values; one that came twice has its first value, and its name is in `repeated`.

    A parameter without a value counts as absent (RFC 6749 section 3.1).
    """

    values: Mapping[str, str]
    repeated: frozenset[str]

    def __repr__(self) -> str:
        return f"Parameters({', '.join(sorted(self.values))})"


def parse(raw: bytes) -> Parameters:
    """Read `application/x-www-form-urlencoded` text.

    Raises:
        RequestInvalid: It is not UTF-8 in ASCII percent-encoding, or has too many fields.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise RequestInvalid(detail="The parameters cannot be read as a form.") from error
    values: dict[str, str] = {}
    seen: set[str] = set()
    repeated: set[str] = set()
    for name, value in pairs:
        if name in seen:
            repeated.add(name)
        elif value:
            values[name] = value
        seen.add(name)
    return Parameters(MappingProxyType(values), frozenset(repeated))


def recognised(parameters: Parameters, names: frozenset[str]) -> Parameters:
    """Keep the parameters that mean something here; the others are ignored (RFC 6749 3.1, 3.2).

    Raises:
        RequestInvalid: One that is kept holds a control character, which no OAuth parameter may.
    """
    kept = {name: value for name, value in parameters.values.items() if name in names}
    for value in kept.values():
        if _CONTROL.search(value):
            raise RequestInvalid(detail="A parameter holds a control character.")
    return Parameters(MappingProxyType(kept), parameters.repeated & names)


async def read_form(request: Request) -> Parameters:
    """Read a request's form.

    Raises:
        RequestInvalid: It is not a form, or cannot be read.
        ContentTooLarge: It is longer than any form of ours.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise RequestInvalid(detail=f"The body must be {FORM}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ContentTooLarge
    return parse(bytes(body))
