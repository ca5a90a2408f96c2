"""Whether a URL's host belongs to the environment a service runs in. Pure: no name is looked up."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from netra.contract.flaws import Flaw, ViolationKind

_ENVIRONMENTS: Final = {
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "production": "production",
    "prod": "production",
    "prd": "production",
}
"""The words in host names that say which environment they are of. Others, such as `test` and
`local`, are also parts of names that mean nothing of the kind."""


def foreign_host_flaw(value: str, environment: str | None) -> Flaw | None:
    """Find a host that by its own name is of another environment than `environment`.

    Where the environment is neither staging nor production by one of its names, nothing is found.
    """
    own = _ENVIRONMENTS.get(environment or "")
    named = {
        _ENVIRONMENTS[word] for word in re.split(r"[.-]", _host(value)) if word in _ENVIRONMENTS
    }
    if own is None or not named or own in named:
        return None
    return Flaw(
        ViolationKind.CONFLICTING,
        f"names a host of {' and '.join(sorted(named))}, though this is {environment}",
        f"Write the address that belongs to {environment}.",
    )


def own_machine_flaw(value: str, environment: str | None) -> Flaw | None:
    """Find an address of the machine itself, which nobody else answers under.

    For services that run on machines of their own. Where the environment is neither staging nor
    production by one of its names, nothing is found.
    """
    if environment not in _ENVIRONMENTS or not is_own_machine(_host(value)):
        return None
    return Flaw(
        ViolationKind.CONFLICTING,
        f"names the machine the service runs on itself, though it is deployed in {environment}",
        "Write the address under which the other service is reached.",
    )


def is_own_machine(host: str) -> bool:
    """Tell whether a host name or address (without brackets) means this machine, or any of it."""
    name = host.rstrip(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return address.is_loopback or address.is_unspecified


def host_flaw(value: str, environment: str | None, allowed: tuple[str, ...]) -> Flaw | None:
    """Find a host that is none of those allowed here: `NAME`, or `*.NAME` for all below it."""
    host = _host(value)
    if any(_matches(host, pattern) for pattern in allowed):
        return None
    return Flaw(
        ViolationKind.CONFLICTING,
        f"names a host that does not belong to {environment}",
        f"Write an address whose host is {' or '.join(allowed)}.",
    )


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


def _host(value: str) -> str:
    try:
        return (urlsplit(value).hostname or "").rstrip(".")
    except ValueError:
        return ""
