"""Requests of which one line tells that they came, and a later one how they were answered.

Phoenix and Rails write so, and Fastify and others in members. Memory is bounded.
"""

import re
from typing import Any, Final, NamedTuple

from netra_ops.diagnosis.signs.records.answered import Answered, client_of, of_fields
from netra_ops.diagnosis.signs.tally import Place
from netra_ops.logs.entries import Entry
from netra_ops.logs.entries.cloud.request import path_template

_MOST: Final = 20_000
_LONGEST: Final = 600
_METHODS: Final = r"GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
_CAME: Final = re.compile(
    rf"(?:\A|[\]:|-] |\bStarted |\bHandling |<-- |<<< |\bstarted:? )\"?(?P<method>{_METHODS}) "
    rf"\"?(?P<path>/[^\s\"]*)\"?(?: HTTP/[\d.]+)?(?: for (?P<client>[\d.]+|[0-9a-f:]+)\b.*"
    rf"|, parameters=.*)?\s*\Z"
)
_ANSWERED: Final = re.compile(
    r"\b(?:Sent|Chunked|Completed|Responded with|Responded|Finished with) (?P<status>[1-5]\d\d)\b"
    r"(?:[ A-Za-z_]{1,40}?)?(?: in (?P<latency>[\d.]+) ?(?P<unit>ms|µs|us|s)\b|\s*\Z|[,;(])"
)
_ROUTE: Final = re.compile(
    r"(?:\A|[:\]] )(?P<route>[A-Za-z]\w*(?:[.#@]\w+){1,3}) (?P<status>[1-5]\d\d)(?=\s|\Z)"
)
_UNITS: Final = {"ms": 1e-3, "s": 1.0, "us": 1e-6, "µs": 1e-6}
_REQUESTS: Final = ("req", "request", "http")


class _Came(NamedTuple):
    """What was asked: in words, or in members."""

    method: str
    path: str
    client: str | None = None
    asked: dict[str, Any] | None = None


class Halves:
    """Joins what came with how it was answered."""

    def __init__(self) -> None:
        self._came: dict[tuple[Place, str | None], list[_Came]] = {}

    def answered(self, entry: Entry, place: Place, request: str | None) -> Answered | None:
        """Give the request that an entry ends; None if it ends none, or begins one."""
        if entry.fields is not None:
            return self._in_fields(entry.fields, place, request)
        text = entry.message
        if len(text) > _LONGEST:
            return None
        came = _CAME.search(text) if "/" in text else None
        if came is not None:
            self._keep(_Came(came["method"], came["path"], came["client"]), place, request)
            return None
        ended = _ANSWERED.search(text)
        if ended is not None:
            return self._ended(ended, place, request)
        named = _ROUTE.search(text)
        return Answered(None, named["route"], int(named["status"])) if named else None

    def _in_fields(
        self, fields: dict[str, Any], place: Place, request: str | None
    ) -> Answered | None:
        asked: dict[str, Any] = next(
            (fields[name] for name in _REQUESTS if isinstance(fields.get(name), dict)), {}
        )
        method, path = asked.get("method"), asked.get("url", asked.get("path"))
        if isinstance(method, str) and isinstance(path, str) and path.startswith("/"):
            if method.isalpha():
                self._keep(_Came(method, path, None, asked), place, request)
            return None
        if request is None or (place, request) not in self._came:
            return None
        came = self._taken(place, request)
        if came is None or came.asked is None:
            return None
        found = of_fields({**fields, "req": came.asked})
        if found is None:
            self._keep(came, place, request)
        return found

    def _ended(self, ended: re.Match[str], place: Place, request: str | None) -> Answered | None:
        came = self._taken(place, request)
        if came is None:
            return None
        took = float(ended["latency"]) * _UNITS[ended["unit"]] if ended["latency"] else None
        return Answered(
            came.method,
            path_template(came.path),
            int(ended["status"]),
            took,
            client_of(came.client, None),
        )

    def _keep(self, came: _Came, place: Place, request: str | None) -> None:
        if len(self._came) >= _MOST:
            self._came.clear()
        self._came.setdefault((place, request), []).append(came)

    def _taken(self, place: Place, request: str | None) -> _Came | None:
        """Give what came and was not answered; None if nothing, or several at once without ids."""
        found = self._came.pop((place, request), [])
        return found[0] if len(found) == 1 else None
