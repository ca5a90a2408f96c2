"""Turn whatever a caller logs into JSON values of bounded size, and those into one line.

What must be hidden in them is decided in `netra.telemetry.redaction`.
"""

import datetime as dt
import decimal
import enum
import ipaddress
import json
import math
import pathlib
import uuid
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

import msgspec

from netra.principal import Anonymous, ServiceIdentity, ServicePrincipal, UserPrincipal
from netra.secret import Secret
from netra.telemetry.redaction import REDACTED, Redactor

MAX_TEXT: Final = 16_384
"""The longest text of one value in a line; Cloud Logging takes 256 KiB for a whole entry."""

MAX_LINE: Final = 200_000
_MAX_ITEMS: Final = 200
_SHORT: Final = 256
_TELLING: Final = frozenset({"kty", "loc", "input"})
"""Members that say of the ones beside them what they are: see `Redactor.value`."""
_MAX_DEPTH: Final = 8
_MAX_SAFE_INTEGER: Final = 2**63

# Types whose `str` is their value and can hold no more than it.
_SPOKEN: Final = (
    Anonymous,
    ServiceIdentity,
    ServicePrincipal,
    UserPrincipal,
    dt.timedelta,
    decimal.Decimal,
    ipaddress.IPv4Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Address,
    ipaddress.IPv6Network,
    pathlib.PurePath,
    uuid.UUID,
)


def plain(value: object, shorten: Callable[[str], str], depth: int = 0) -> Any:
    """Turn a value into JSON types; what has no JSON form becomes its type's name, never its repr.

    Args:
        value: Anything.
        shorten: Makes a text short enough to be worked on.
        depth: How many containers this value is in.
    """
    kind = type(value)
    if value is None or kind is bool or (kind is str and _is_short(value)):
        return value
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, str):
        return shorten(valid(str.__str__(value)))
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if isinstance(value, Mapping | list | tuple | AbstractSet):
        return _plain_container(value, shorten, depth)
    return _named(value, shorten)


def _plain_container(value: Any, shorten: Callable[[str], str], depth: int) -> Any:
    if depth >= _MAX_DEPTH:
        return "[nested too deeply]"
    if isinstance(value, Mapping):
        return _plain_mapping(value, shorten, depth)
    return _plain_items(value, shorten, depth)


def _named(value: object, shorten: Callable[[str], str]) -> str:
    if isinstance(value, Secret):
        return REDACTED
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, BaseException):
        return shorten(valid(f"{type(value).__name__}: {text_of(value)}"))
    if isinstance(value, _SPOKEN):
        return shorten(valid(text_of(value)))
    if isinstance(value, type):
        return f"<class {value.__name__}>"
    return f"<{type(value).__name__}>"


def _number(value: float | None) -> float | str | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        number = int(value)
        if abs(number) < _MAX_SAFE_INTEGER:
            return number
        return f"[integer of {number.bit_length()} bits]"
    return float(value) if math.isfinite(value) else repr(float(value))


def _plain_mapping(
    value: Mapping[Any, Any], shorten: Callable[[str], str], depth: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, (name, item) in enumerate(value.items()):
        if number == _MAX_ITEMS:
            found["truncated"] = f"[{len(value) - number} more members]"
            break
        key = name if type(name) is str and _is_short(name) else _name(name, shorten)
        found[key] = plain(item, shorten, depth + 1)
    return found


def _is_short(text: Any) -> bool:
    """Tell whether a text is plain as it is: most of a log is, and is not looked at twice."""
    return len(text) <= _SHORT and text.isascii()


def _name(name: object, shorten: Callable[[str], str]) -> str:
    known = plain(name, shorten, _MAX_DEPTH)
    return known if isinstance(known, str) else json.dumps(known)


def _plain_items(
    value: list[Any] | tuple[Any, ...] | AbstractSet[Any],
    shorten: Callable[[str], str],
    depth: int,
) -> list[Any]:
    found: list[Any] = []
    for number, item in enumerate(value):
        if number == _MAX_ITEMS:
            found.append(f"[{len(value) - number} more items]")
            break
        found.append(plain(item, shorten, depth + 1))
    if isinstance(value, AbstractSet):
        found.sort(key=str)
    return found


def text_of(value: object) -> str:
    """Give `str(value)`, or say that it has none."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a foreign `__str__` may raise anything; a log line goes out
        return f"[{type(value).__name__} has no text]"


def capped(value: Any, limit: int = MAX_TEXT) -> Any:
    """Cut every text in a JSON value to `limit` characters, saying how many were cut."""
    if isinstance(value, str):
        if len(value) <= limit:
            return value
        return f"{value[:limit]} [truncated {len(value) - limit} characters]"
    if isinstance(value, dict):
        return {
            name if len(name) <= limit else capped(name, limit): item
            if type(item) is str and len(item) <= limit
            else capped(item, limit)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [capped(item, limit) for item in value]
    return value


def fit(
    values: Mapping[str, Any], redactor: Redactor, shorten: Callable[[str], str]
) -> dict[str, Any]:
    """Make the members of an entry plain, redacted and short.

    What almost all of a log is, short texts and numbers under names that hide nothing, is done in
    one pass; the rest goes the long way, with the same result.
    """
    if len(values) > _MAX_ITEMS or not _TELLING.isdisjoint(values):
        whole: dict[str, Any] = capped(redactor.value(plain(values, shorten)))
        return whole
    found: dict[str, Any] = {}
    for name, value in values.items():
        key, is_telling = redactor.member(name)
        kind = type(value)
        if not _is_short(name):
            found |= capped(redactor.value(plain({name: value}, shorten)))
        elif value is None or kind is bool:
            found[key] = value
        elif kind is str and len(value) <= _SHORT and value.isascii() and not is_telling:
            found[key] = redactor.text(value)
        elif kind is int and -_MAX_SAFE_INTEGER < value < _MAX_SAFE_INTEGER:
            found[key] = value
        elif kind is dict and not is_telling and (nested := _at_once(value, redactor)) is not None:
            found[key] = nested
        else:
            found |= capped(redactor.value(plain({name: value}, shorten)))
    return found


def _at_once(values: dict[Any, Any], redactor: Redactor) -> dict[str, Any] | None:
    """Redact members that are plain and short as they are; None if any of them is not."""
    if len(values) > _MAX_ITEMS or not _TELLING.isdisjoint(values):
        return None
    found: dict[str, Any] = {}
    for name, value in values.items():
        if type(name) is not str or not _is_short(name):
            return None
        key, is_telling = redactor.member(name)
        kind = type(value)
        if value is None or kind is bool:
            found[key] = value
        elif kind is str and len(value) <= _SHORT and value.isascii() and not is_telling:
            found[key] = redactor.text(value)
        elif kind is int and -_MAX_SAFE_INTEGER < value < _MAX_SAFE_INTEGER:
            found[key] = value
        else:
            return None
    return found


_FAST_JSON: Final = msgspec.json.Encoder().encode
_AS_JSON: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def as_line(entry: dict[str, Any], essential: tuple[str, ...]) -> str:
    """Write an entry of JSON values as one line of ASCII, at most `MAX_LINE` characters.

    An entry that would be longer keeps its `essential` members, cut short, and says so.
    """
    # Much the faster writer; what it does not escape, beyond ASCII, the other one does.
    line = _FAST_JSON(entry)
    text = line.decode() if line.isascii() else _AS_JSON(entry)
    if len(text) <= MAX_LINE:
        return text
    short = {name: capped(entry[name], MAX_TEXT // 4) for name in essential if name in entry}
    short["truncated"] = f"[an entry of {len(text)} characters; the other members were dropped]"
    return _AS_JSON(short)


def valid(text: str) -> str:
    """Make a text that UTF-8 can write: lone surrogates become visible escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
