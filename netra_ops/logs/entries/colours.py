"""Colours of terminals, which programs write into logs that nobody reads on one."""

import re
from typing import Final

_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def uncoloured(text: str) -> str:
    """Give a text without the sequences that set colours (ECMA-48, 8.3.117)."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text
