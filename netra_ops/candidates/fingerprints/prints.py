"""Tells equal values apart from others, and nearly equal ones, without showing any. Pure.

A fingerprint is an HMAC: whoever has no key cannot try values against it. Where its key is kept is
known in `netra_ops.candidates.fingerprints.ledger_key`.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netra.secret import Secret

_PURPOSE: Final = b"netra configuration value\0"
_KEY_PURPOSE: Final = b"netra configuration key\0"
_DISTINCTIVE: Final = 8
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_QUOTES: Final = "\"'`"

EXACT: Final = "exact"
NEARLY: Final = {
    "without_line_break": "with a line break at its end",
    "stripped": "with white space around it",
    "unquoted": "in quotation marks",
    "decoded": "encoded as base64",
    "decoded_stripped": "with a line break at its end, encoded as base64",
    "unescaped": "with `\\n` written out in place of line breaks",
    "unescaped_stripped": "with `\\n` written out at its end or inside",
}
"""How a value is nearly another one: what was taken off it, and what it therefore is."""


@dataclass(frozen=True, slots=True)
class Prints:
    """The fingerprints of one value.

    Attributes:
        exact: Of the value as it is.
        nearly: By the words of `NEARLY`, of what it is without something, where that differs.
        distinctive: Whether the value is long enough that two services hardly share it by chance.
    """

    exact: str
    nearly: Mapping[str, str]
    distinctive: bool


class Fingerprints:
    """Makes fingerprints under one key, of at least 256 bits."""

    def __init__(self, key: Secret) -> None:
        self._key = key.reveal().encode()
        self.key_id = hmac.digest(self._key, _KEY_PURPOSE, hashlib.sha256).hex()[:16]

    def of(self, value: Secret) -> Prints:
        """Give the fingerprints of a value and of what it is nearly."""
        text = value.reveal()
        return Prints(
            self._one(text),
            {name: self._one(variant) for name, variant in variants(value).items()},
            len(text) >= _DISTINCTIVE,
        )

    def _one(self, text: str) -> str:
        data = _PURPOSE + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, data, hashlib.sha256).hex()


def variants(value: Secret) -> dict[str, str]:
    """Give what a value is nearly, by the words of `NEARLY`; nothing where that is itself."""
    text = value.reveal()
    bare = text.strip()
    decoded = _decoded(bare)
    unescaped = text.replace("\\r", "\r").replace("\\n", "\n")
    found = {
        "without_line_break": text.rstrip("\r\n"),
        "stripped": bare,
        "unquoted": bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] in _QUOTES else text,
        "decoded": text if decoded is None else decoded,
        "decoded_stripped": text if decoded is None else decoded.strip(),
        "unescaped": unescaped,
        "unescaped_stripped": unescaped.strip(),
    }
    return {name: variant for name, variant in found.items() if variant not in ("", text)}


def likeness(one: Prints, other: Prints) -> str | None:
    """Say how `other` is nearly the same value as `one`; None where it is another, or the same."""
    if one.exact == other.exact:
        return None
    for name, words in NEARLY.items():
        if other.nearly.get(name) == one.exact:
            return f"the same value {words}"
        if one.nearly.get(name) == other.exact:
            return f"the same value, where the other is {words}"
    for name, words in NEARLY.items():
        if name in one.nearly and one.nearly[name] in other.nearly.values():
            return f"the same value written otherwise, where the other is {words}"
    return None


def rekeyed(prints: Prints, again: Fingerprints) -> Prints:
    """Give fingerprints of fingerprints, which nothing made under the first key can be matched to.

    What was equal stays equal, and what was nearly equal nearly equal.
    """
    return Prints(
        again.of(Secret(prints.exact)).exact,
        {name: again.of(Secret(one)).exact for name, one in prints.nearly.items()},
        prints.distinctive,
    )


def _decoded(text: str) -> str | None:
    """Give the text that base64 of either alphabet stands for, or None."""
    joined = "".join(text.split())
    if not _BASE64.fullmatch(joined):
        return None
    try:
        standard = joined.rstrip("=").translate(str.maketrans("-_", "+/"))
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
