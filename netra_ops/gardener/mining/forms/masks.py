"""What the words of a line are: constants, or variables of a kind that their form shows.

Works on keys, in which every run of digits is one `0`, so that lines with one key cannot differ.
"""

import re
from dataclasses import dataclass
from typing import Final

from netra_ops.gardener.mining.forms.keys import ANY, HEX, UUID

WORD: Final = "word"
"""The kind of what is constant until other lines show something else."""

_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_CLOCK: Final = r"0:0(?::0)?(?:[.,]0)?"
_ZONE: Final = r"(?:\s?(?:Z|UTC|GMT|[+-]0(?::0)?)(?![\w:]))?"
_DATE: Final = r"(?:0-0-0|0/0/0|0\.0\.0(?=[ T]0:0))"
_END: Final = r"(?![\w])"
_START: Final = r"(?<![\w])"
_TOP_LEVEL: Final = (
    "com|org|net|edu|gov|mil|int|io|dev|app|info|biz|cloud|local|localdomain|lan|internal|arpa"
    "|svc|cn|de|uk|fr|jp|ru|us|eu|nl|in|br|ca|au|it|es|ch|se|no|tw|kr|hk"
)
_HOST: Final = (
    rf"(?:[A-Za-z0{HEX}](?:[\w{HEX}-]*[\w{HEX}])?\.)+(?:{_TOP_LEVEL})(?![\w.-]*\w)(?::0)?"
    rf"(?:/[\w.~%{HEX}{UUID}/-]+)?"
)
_QUERY: Final = r"(?:\?[^\s\"'<>]*)?"
_IP: Final = r"-?0\.0\.0\.0(?:/0)?(?::0)?"
_IP6: Final = rf"(?:(?:[0{HEX}a-fA-F]{{1,4}})?:){{4,}}(?:[0{HEX}a-fA-F]{{1,4}}|:)|::0?"
_UNIT: Final = (
    r"(?:ns|us|µs|ms|msecs?|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?"
    r"|d|days?)"
)
_SIZE: Final = r"(?:[KMGTP]i?B|[kKMGTP]b|[Bb]ytes?|B|[KMGT])"
_NUMBER: Final = r"[-+]?0(?:[.,]0)*(?:[eE][-+]?0)?"

_TIME: Final = (
    rf"{_START}(?:{_DAY},?\s+)?(?:{_DATE}(?:[T :_-]{_CLOCK}{_ZONE})?"
    rf"|0-0-0-0\.0\.0(?:\.0)?"
    rf"|{_MONTH}\s+0,?(?:\s+0)?(?:\s+{_CLOCK})?(?:\s+[A-Z]{{3,4}})?(?:\s+0)?{_END}"
    rf"|0[ /-]{_MONTH}[ /-]0(?:[ :]{_CLOCK}{_ZONE})?|{_CLOCK}{_ZONE}(?![\w:])){_END}"
)
_NAME: Final = rf"[\w.@%+~{HEX}{UUID}-]"

# The order is the order of trial at each place: the more particular form first.
_KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("url", r"[A-Za-z][A-Za-z0+.-]*://[^\s\"'<>()\[\]{}|,;]+"),
    ("email", rf"{_START}[\w.+{HEX}-]+@[\w{HEX}-]+(?:\.[\w{HEX}-]+)+{_END}"),
    ("uuid", UUID),
    ("time", _TIME),
    ("mac", rf"{_START}(?:[0{HEX}]|[a-fA-F]{{2}})(?::(?:[0{HEX}]|[a-fA-F]{{2}})){{5}}{_END}"),
    ("ip", rf"(?:{_START}[\w.{HEX}-]+)?/?{_START}{_IP}(?![\w.]*\w)"),
    ("ip", rf"(?<![\w:])(?:{_IP6})(?![\w:])"),
    ("host", rf"{_START}{_HOST}"),
    ("path", rf"(?:{_START}[A-Za-z]:\\|\\\\)[^\s\"'<>|,;()\[\]]+"),
    ("path", rf"(?<![\w/.)>])~?/+(?:[\w.@%+~{HEX}{UUID}:*$-]+/*)+{_QUERY}"),
    ("path", rf"{_START}{_NAME}+(?:/+{_NAME}+)+(?:\.\w+|(?<=0)){_QUERY}{_END}"),
    ("path", rf"{_START}{_NAME}+(?:/+{_NAME}+){{2,}}/?{_QUERY}{_END}"),
    ("duration", rf"{_START}{_NUMBER}\s?{_UNIT}{_END}"),
    ("size", rf"{_START}{_NUMBER}\s?{_SIZE}(?:/s)?{_END}"),
    ("hex", rf"{HEX}(?![\w-])"),
    ("num", rf"(?:{_START}|(?<=\b[xX])){_NUMBER}%?(?![\w])"),
    ("any", rf"{ANY}"),
)
_BREAKS: Final = r"\s=:,;()\[\]{}|\"'<>"
_WORD: Final = rf"\.{{3,}}|[^{_BREAKS}](?:(?!\.{{3}})[^{_BREAKS}]|(?<=[a-z])'(?=[a-z]))*"

_SCAN: Final = re.compile(
    "|".join(f"(?P<k{number}>{form})" for number, (_, form) in enumerate(_KINDS))
    + rf"|(?P<word>{_WORD})"
)
_NAMES: Final = {f"k{number}": kind for number, (kind, _) in enumerate(_KINDS)}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a line: what stands before it, itself, and of which kind it is."""

    lead: str
    text: str
    kind: str


def tokens_of(key: str) -> tuple[Token, ...]:
    """Return the words of a line's key; the last has an empty text and leads the line's end."""
    found: list[Token] = []
    end = 0
    for match in _SCAN.finditer(key):
        group = match.lastgroup or "word"
        kind = _NAMES.get(group, WORD)
        text = match.group()
        found.append(Token(key[end : match.start()], text, kind))
        end = match.end()
    found.append(Token(key[end:], "", WORD))
    return tuple(found)
