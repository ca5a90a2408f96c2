"""Text of a person's within Markdown: shown as it is, whatever it holds. Pure."""

import re
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&])")
_NUMBERED: Final = re.compile(r"^([0-9]+)([.)])")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def literal(text: str) -> str:
    """Write a text so that it stands on one line and none of it is taken for Markdown."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    line = _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", line))
    return f"\\{line}" if line[:1] in ("-", "+", "=", ":") else line


def titled(title: str) -> str:
    """Write a title in bold."""
    return f"**{literal(title) or 'without a title'}**"


def moment(rfc3339: str) -> str:
    """Write a time to the minute."""
    return f"{rfc3339[:10]} {rfc3339[11:16]} UTC"
