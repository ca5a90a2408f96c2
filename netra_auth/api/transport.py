"""Refusing secrets that crossed a network in the clear."""

from functools import lru_cache
from ipaddress import ip_address

from fastapi import Request

from netra.errors import RequestInvalid


class TransportInsecure(RequestInvalid):
    """The request came over plain HTTP from another machine (checklist 37)."""

    code = "transport_insecure"
    public_text = "This endpoint is served over HTTPS only."


async def secure_transport(request: Request) -> None:
    """Refuse plain HTTP except from this machine.

    Scheme and address are those the server established: a proxy's word counts only when the proxy
    is one of TRUSTED_PROXIES.

    Raises:
        TransportInsecure: It came in the clear.
    """
    if request.scope["scheme"] == "https" or (request.client and is_loopback(request.client.host)):
        return
    raise TransportInsecure(
        "plain HTTP from another machine; behind a TLS proxy, name it in TRUSTED_PROXIES"
    )


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
