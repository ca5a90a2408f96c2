"""The opaque cursor of a list: the place of the last row the reader has seen.

It opens nothing: the rows after a place are looked up among the reader's own.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from netra.errors import ContentInvalid

_PLACE: Final = re.compile(r"([0-9]{1,18}):([a-z]{3}_[0-9a-hjkmnp-tv-z]{26})")
MAX_CURSOR: Final = 128


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in a list ordered by time, then id."""

    created_at: int
    row_id: str


def to_cursor(place: Place) -> str:
    """Write a place as a cursor."""
    text = f"{place.created_at}:{place.row_id}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def from_cursor(cursor: str) -> Place:
    """Read a cursor.

    Raises:
        ContentInvalid: It is not one of ours.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    match = _PLACE.fullmatch(text)
    if match is None or to_cursor(place := Place(int(match[1]), match[2])) != cursor:
        raise ContentInvalid("not a cursor", detail="The cursor is not one this list gave.")
    return place
