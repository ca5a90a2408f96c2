"""What rooms cost."""

from typing import Any

BY_SEATS = 4


def price(room: dict[str, Any], hours: int) -> int:
    """Give a price in whole euros."""
    seats: int = room["seats"]
    return seats * BY_SEATS * hours
