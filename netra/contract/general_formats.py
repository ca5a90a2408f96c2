"""Formats that say nothing of Netra, for the contracts of services of any kind. Pure.

The formats of Netra's own variables are in `netra.contract.formats`.
"""

import base64
import binascii
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from netra.contract.flaws import GENERATE, Flaw, ViolationKind, secret_flaw

_PEM: Final = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\n(?P<body>[A-Za-z0-9+/=\n]+)\n-----END (?P=label)-----"
)
_INSIDE_PEM: Final = " \n"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a certain length; without bounds, any."""

    least: int = 1
    most: int | None = None
    inner_whitespace: str = " "

    @property
    def text(self) -> str:
        """Say it in words; of any text nothing is to be said."""
        if self.least <= 1 and self.most is None:
            return ""
        return f"a text of {_length(self.least, self.most)}"

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        return _length_flaw(value, self.least, self.most, f"Write {self.text}.")


@dataclass(frozen=True, slots=True)
class RandomSecret:
    """A secret that cannot be guessed.

    Attributes:
        least: How many characters it has at least.
        most: How many at most, or None.
        bits: How much entropy its characters must show at least. It is estimated from how often
            each one stands in it, which for random text falls short of the truth.
    """

    least: int = 32
    most: int | None = None
    bits: int = 0
    inner_whitespace: str = field(default="", init=False)

    @property
    def text(self) -> str:
        """Say it in words."""
        entropy = f", of {self.bits} bits of entropy at least" if self.bits else ""
        length = _length(self.least, self.most)
        return f"a random secret of {length}, printable ASCII without spaces{entropy}"

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        if flaw := secret_flaw(value) or _length_flaw(value, self.least, self.most, GENERATE):
            return flaw
        if _entropy(value) < self.bits:
            return Flaw(ViolationKind.TOO_SHORT, "has too little entropy to be a secret", GENERATE)
        return None


@dataclass(frozen=True, slots=True)
class Url:
    """A URL of one of some schemes, with a host."""

    schemes: tuple[str, ...] = ("https",)
    inner_whitespace: str = field(default="", init=False)

    @property
    def text(self) -> str:
        """Say it in words."""
        return f"a URL with a host that begins with {' or '.join(f'{s}://' for s in self.schemes)}"

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        try:
            url = urlsplit(value)
            is_good = url.scheme in self.schemes and bool(url.hostname) and url.port != 0
        except ValueError:
            is_good = False
        return None if is_good else _malformed(self.text)


@dataclass(frozen=True, slots=True)
class Pem:
    """One or more PEM blocks (RFC 7468); a line break may follow the last one.

    Attributes:
        labels: What the blocks may be, such as `CERTIFICATE` or `PRIVATE KEY`.
    """

    labels: tuple[str, ...]
    inner_whitespace: str = field(default=_INSIDE_PEM, init=False)

    @property
    def text(self) -> str:
        """Say it in words."""
        return f"PEM of the kind {' or '.join(self.labels)}"

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        if "-----BEGIN" in value and "\\n" in value:
            return Flaw(
                ViolationKind.WHITESPACE,
                "holds backslashes with the letter n where its lines end",
                "Write it with line breaks: escapes are not interpreted here.",
            )
        blocks = list(_PEM.finditer(value))
        left = _PEM.sub("", value).replace("\n", "")
        if not blocks or left or not all(self._is_good(block) for block in blocks):
            return _malformed(self.text)
        return None

    def _is_good(self, block: re.Match[str]) -> bool:
        try:
            decoded = base64.b64decode(block["body"].replace("\n", ""), validate=True)
        except binascii.Error:
            return False
        return bool(decoded) and block["label"] in self.labels


def _length(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} characters"
    return f"{least} characters" if least == most else f"{least} to {most} characters"


def _length_flaw(value: str, least: int, most: int | None, fix: str) -> Flaw | None:
    if len(value) < least:
        return Flaw(ViolationKind.TOO_SHORT, "is too short", fix)
    if most is not None and len(value) > most:
        return Flaw(ViolationKind.MALFORMED, "is too long", fix)
    return None


def _entropy(value: str) -> float:
    """Estimate the entropy of a text in bits, by the frequencies of its characters."""
    counts = Counter(value).values()
    return sum(count * math.log2(len(value) / count) for count in counts)


def _malformed(must_be: str) -> Flaw:
    return Flaw(ViolationKind.MALFORMED, "does not have the declared form", f"Write {must_be}.")
