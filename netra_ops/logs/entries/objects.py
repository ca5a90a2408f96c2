"""JSON objects of any shape, by the rules of JSON or the laxer ones of Python."""

import json
import re
from typing import Any, Final

import msgspec

_ANY: Final = msgspec.json.Decoder()
_MOST_DIGITS: Final = 400
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class NotReadable(Exception):
    """A record that is no JSON object; the text says why, and nothing of what it holds."""


def decoded(data: bytes) -> dict[str, Any]:
    """Decode a JSON object.

    Lone surrogates are replaced, and numbers that nothing holds are kept as text.

    Raises:
        NotReadable: It is not JSON, too deep, or no object.
        UnicodeDecodeError: It is not UTF-8.
    """
    found = decoded_any(data)
    if not isinstance(found, dict):
        raise NotReadable("no JSON object")
    return found


def decoded_any(data: bytes) -> Any:
    """Decode JSON of any kind, otherwise as `decoded` does.

    Raises:
        NotReadable: It is not JSON, or too deep.
        UnicodeDecodeError: It is not UTF-8.
    """
    try:
        return _ANY.decode(data)
    except UnicodeDecodeError:
        raise
    except RecursionError:
        raise NotReadable("nested too deeply") from None
    except msgspec.MsgspecError:
        return _decoded_laxly(data)


def _decoded_laxly(data: bytes) -> Any:
    try:
        return _valid(_LAX.decode(data.decode()))
    except json.JSONDecodeError as error:
        raise NotReadable(f"no JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotReadable("nested too deeply") from None


def _number(digits: str) -> Any:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits[:_MOST_DIGITS]


_LAX: Final = json.JSONDecoder(parse_int=_number, parse_constant=str, strict=False)


def valid_text(text: str) -> str:
    """Replace lone surrogates, which no encoding can write."""
    if _SURROGATES.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return valid_text(value)
    if isinstance(value, list):
        return [_valid(item) for item in value]
    if isinstance(value, dict):
        return {valid_text(name): _valid(item) for name, item in value.items()}
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value
