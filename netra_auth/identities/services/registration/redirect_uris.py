"""What a redirect URI must be before it is registered (RFC 9700 section 4.1.1). Pure."""

import re
from ipaddress import ip_address
from typing import Final

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URI: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])(?P<port>:[1-9][0-9]{{0,4}})?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()+,;=:@/%-]*)?"
)
_MAX_HOST: Final = 253
_MAX_PORT: Final = 65535
_DOTS: Final = re.compile(r"(?i)(?:\.|%2e){1,2}\Z")


def is_sound(uri: str) -> bool:
    """Tell whether people's browsers may be sent to a URI with a code.

    It is `https`, or `http` on this machine (a loopback address or `localhost`), with its host in
    lower case. It has no user, no fragment, no query, no wildcard and no `.` or `..` in its path:
    URIs are compared as text, and a browser must not read another one in it.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        return False
    host, port, path = match["host"], match["port"], match["path"] or ""
    if len(host) > _MAX_HOST or (port is not None and int(port[1:]) > _MAX_PORT):
        return False
    if any(_DOTS.match(segment) for segment in path.split("/")):
        return False
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return not host.startswith("[") and (match["scheme"] == "https" or host == "localhost")
    return match["scheme"] == "https" or address.is_loopback
