"""Which requests are traffic, by the host they name and the path they ask for. Pure.

A platform gives a revision that has no traffic a host of its own: the service's, behind a tag and
three hyphens. What follows from traffic is in `standby`.
"""

from typing import Final

_TAG_MARK: Final = "---"
_HEALTH: Final = "/health"
_METRICS: Final = "/metrics"


def is_traffic(host: str | None, path: str) -> bool:
    """Say whether a request came because its revision has traffic.

    Args:
        host: The Host header; None where it did not come exactly once.
        path: What is asked for. Whoever looks after a process asks for its health and its metrics,
            whether it has traffic or not.
    """
    return host is not None and host != "" and not names_tag(host) and not _looks_after(path)


def names_tag(host: str) -> bool:
    """Say whether a host, with its port or without, is that of a tagged revision."""
    return _TAG_MARK in host.strip().partition(".")[0]


def _looks_after(path: str) -> bool:
    return path in {_HEALTH, _METRICS} or path.startswith(f"{_HEALTH}/")
