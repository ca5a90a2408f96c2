"""A guard that lets tests reach this machine only."""

import ipaddress
import sys
from typing import Final

_GUARDED: Final = frozenset({"socket.connect", "socket.sendto", "socket.bind"})
_LOCAL_NAMES: Final = frozenset({"localhost"})


class OutsideConnectionRefused(RuntimeError):
    """A test tried to reach a machine other than this one."""


def is_local(host: object) -> bool:
    """Tell whether a host, as given to a socket call, means this machine."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event in _GUARDED:
        address = arguments[1]
        # Anything but a host-and-port pair is a Unix socket's path.
        host = address[0] if isinstance(address, tuple) and address else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_local(host):
        raise OutsideConnectionRefused(
            f"{event}: tests reach this machine only (loopback), not {host!r}; use a fake."
        )


def refuse_outside_connections() -> None:
    """Refuse every connection, bind and look-up beyond loopback, until the process ends."""
    sys.addaudithook(_refuse_outside)
