"""What a line tells of a request that was answered, and what is common to reading one. Pure."""

import hashlib
from typing import Final, NamedTuple

WEBSOCKET: Final = "WEBSOCKET"
SWITCHED: Final = 101
METHODS: Final = r"GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE"
LONGEST_AGENT: Final = 160


class Answered(NamedTuple):
    """A request that a line tells of; as in `tally.Request`."""

    method: str | None
    path: str | None
    status: int | None
    latency: float | None = None
    client: str | None = None
    agent: str | None = None
    is_front: bool = False


def client_of(address: str | None, agent: str | None) -> str | None:
    """Tell clients apart without keeping what they are: a digest."""
    if not address and not agent:
        return None
    seen = f"{address or ''}|{agent or ''}".encode("utf-8", "replace")
    return hashlib.blake2b(seen, digest_size=8).hexdigest()
