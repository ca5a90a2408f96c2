"""What a source is, by its first bytes and not by its name: lines, or elements of JSON."""

import re
from enum import StrEnum
from typing import Final


class Form(StrEnum):
    """How records are told from each other, and what they are taken for.

    AUTO looks. LOGENTRY takes every record for JSON, what is none is damaged. LINES takes every
    line for text, also where it looks like JSON.
    """

    AUTO = "auto"
    LOGENTRY = "logentry"
    LINES = "lines"


_ARRAY: Final = re.compile(rb"\s*\[\s*(?:\{\s*[\"}]|\]|$)")
_DOCUMENT: Final = re.compile(rb"\s*\{\s*\n\s*\"")


def has_elements(head: bytes) -> bool:
    """Tell whether a source is a JSON array, or documents over several lines each."""
    return _ARRAY.match(head) is not None or _DOCUMENT.match(head) is not None
