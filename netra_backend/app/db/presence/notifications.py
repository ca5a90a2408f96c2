"""What processes over PostgreSQL tell each other: how far journals reach, never what is in them."""

from collections.abc import Iterator, Mapping
from typing import Final

CHANNEL: Final = "netra_journals"
_PAYLOAD_BYTES: Final = 7000
"""PostgreSQL takes 8,000."""


def payloads(heads: Mapping[str, int], origin: str) -> Iterator[str]:
    """Write how far journals reach, in as many notifications as it takes."""
    payload = origin
    for owner_id, head in heads.items():
        word = f" {owner_id}={head}"
        if len(payload) + len(word) > _PAYLOAD_BYTES:
            yield payload
            payload = origin
        payload += word
    if payload != origin:
        yield payload


def heads_in(payload: str, own_origin: str) -> Iterator[tuple[str, int]]:
    """Read what another process told; what is not of that form tells nothing."""
    origin, *words = payload.split(" ")
    if origin == own_origin:
        return
    for word in words:
        owner_id, _, head = word.rpartition("=")
        if owner_id and head.isascii() and head.isdigit():
            yield owner_id, int(head)
