"""Whom a limit counts, as the key of a counter: always a hash, so that no address is kept. Pure."""

from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from netra_auth.limits.table import Limit

NOWHERE: Final = "nowhere"
"""Where a request came from that has no address, or none that can be read: all of them share it."""
_NETWORK_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit, and whom it counts."""

    limit: Limit
    whom: str


def counted(limit: Limit, *whom: str) -> Counted:
    """Name somebody for a limit."""
    # A length before each part keeps two lists of parts from reading alike.
    text = "".join(f"{len(part)}:{part}" for part in whom)
    return Counted(limit, sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def network_of(address: str | None) -> str:
    """Give what counts as one place: an IPv4 address, or an IPv6 network of 64 bits.

    A provider gives each customer at least that many IPv6 addresses, so one of them says nothing.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return NOWHERE
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), _NETWORK_BITS), strict=False))
