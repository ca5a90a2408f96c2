"""The HTTP request that a record is about, and how it is told from others: by method and route."""

import re
from typing import Any, Final

import msgspec

from netra_ops.logs.entries.entry import Entry, Http, Kind, Level
from netra_ops.logs.entries.severity import level_of_status

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
_ID: Final = re.compile(
    r"(?<=/)(?:"
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\d+"
    r"|[0-9a-fA-F]{12,}"
    r"|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}"
    r"|(?=[^/]*\d)[\w-]{20,}"
    r"|[a-z]{1,10}_(?=[^/]*\d)[A-Za-z0-9_-]{8,}"
    r"|[^/@\s]+@[^/@\s]+"
    r")(?=[/.:]|$)"
)
_DIGITS: Final = frozenset("0123456789@")
_LONGEST: Final = 512
_REMEMBERED: Final = 4_096

_templates: dict[str, str] = {}
"""The templates of URLs seen lately."""


class HttpRequest(msgspec.Struct, gc=False):
    """Cloud Logging's `httpRequest`, as far as it is used."""

    requestMethod: str | None = None  # noqa: N815 - Cloud Logging's name
    requestUrl: str | None = None  # noqa: N815 - Cloud Logging's name
    status: int | None = None
    latency: str | None = None
    protocol: str | None = None
    remoteIp: str | None = None  # noqa: N815 - Cloud Logging's name
    userAgent: str | None = None  # noqa: N815 - Cloud Logging's name


def path_template(url: str) -> str:
    """Give a URL's path without its query, whatever looks like an id replaced by `{id}`."""
    known = _templates.get(url)
    if known is not None:
        return known
    origin = _ORIGIN.match(url)
    path = url[origin.end() if origin else 0 :].split("?", 1)[0].split("#", 1)[0][:_LONGEST] or "/"
    if not _DIGITS.isdisjoint(path) or len(path) > 12:  # noqa: PLR2004 - the shortest hexadecimal id
        path = _ID.sub("{id}", path)
    if len(_templates) >= _REMEMBERED:
        _templates.clear()
    if len(url) <= _LONGEST:
        _templates[url] = path
    return path


def fitting(value: Any) -> HttpRequest | None:
    """Take those members of a request that are what they should be; None if it is no object."""
    if not isinstance(value, dict):
        return None
    found = HttpRequest()
    for name in ("requestMethod", "requestUrl", "latency", "protocol", "remoteIp", "userAgent"):
        if isinstance(value.get(name), str):
            setattr(found, name, value[name])
    status = value.get("status")
    if isinstance(status, str) and status.isdecimal() and len(status) == len("200"):
        status = int(status)
    found.status = status if type(status) is int else None
    return found


def read_request(entry: Entry, found: HttpRequest) -> None:
    """Put a request into the entry that is about it."""
    url = found.requestUrl
    path = path_template(url) if url else None
    entry.http = Http(
        found.requestMethod, path, seconds_of(found.latency), found.remoteIp, found.userAgent
    )
    entry.status = found.status


def tell_request(entry: Entry) -> None:
    """Say what an entry tells that has a request and no text, or nothing at all."""
    if entry.http is None:
        entry.kind, entry.message = Kind.JSON, "entry without a payload"
        return
    entry.kind, entry.message = Kind.REQUEST, sentence(entry.http, entry.status)
    if entry.level is Level.DEFAULT and entry.status is not None:
        entry.level = level_of_status(entry.status)


def seconds_of(latency: Any) -> float | None:
    """Read a duration such as `0.783s`; None if it is none."""
    if not isinstance(latency, str) or latency[-1:] != "s":
        return None
    try:
        seconds = float(latency[:-1])
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def sentence(http: Http, status: int | None) -> str:
    """Say what a record tells that has a request and no text."""
    return (
        f"{http.method or 'request'} {http.path or '?'} {'' if status is None else status}".rstrip()
    )
