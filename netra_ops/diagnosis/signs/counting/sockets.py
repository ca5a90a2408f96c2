"""How long a socket was open, by lines that say so, or by two that tell of one socket. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from netra_ops.diagnosis.signs.tally import Place
from netra_ops.logs.entries import Entry

_MOST_OPEN: Final = 50_000
_NUMBER: Final = r"(?P<number>\d+(?:\.\d+)?)"
_LASTED: Final = re.compile(
    r"\b(?:after|open(?:ed)?[ _]for|was[ _]open|lasted|lived|duration|age|uptime|lifetime|alive"
    r"(?:[ _]for)?|connected[ _]for|elapsed|took|up)[ =:\"']{1,3}(?:of )?"
    r"(?:(?P<minutes>\d+)m(?:in)? ?)?" + _NUMBER + r" ?(?P<unit>ms|milliseconds|s|sec(?:ond)?s?|min"
    r"(?:ute)?s?)\b|\(" + _NUMBER.replace("number", "bare") + r" ?s(?:econds)?\)",
    re.IGNORECASE,
)
_MEMBER: Final = re.compile(
    r"(?:(?:connection|socket|session|ws)_?)?(?:duration|age|life_?time|open_?for|connected_?for"
    r"|up_?time|elapsed|lasted|alive_?for|open|seconds|took)_?(?P<unit>ms|millis|s|sec|secs"
    r"|seconds)?",
    re.IGNORECASE,
)
_TEXT: Final = re.compile(
    r"(?:(?P<minutes>\d+)m)?(?P<number>\d+(?:\.\d+)?) ?(?P<unit>ms|s|sec|seconds)?"
)
_OF_A_SOCKET: Final = (
    *("connection_id", "connectionId", "conn_id", "connId", "conn", "connection", "socket_id"),
    *("socketId", "socket", "sid", "ws_id", "session_id", "sessionId", "client_id", "clientId"),
    *("peer", "remote", "remote_addr", "remoteAddress", "client", "id"),
)
_NAMED: Final = re.compile(
    r"\b(?:conn(?:ection)?(?:_?id)?|socket(?:_?id)?|sid|ws|client(?:_?id)?|peer|remote|ip|for|from|#)"
    r"[ =:#\"']{1,3}(?P<name>(?=[\w.:-]*\d)[\w.:-]{2,60})",
    re.IGNORECASE,
)
_SHORT: Final = frozenset({"ms", "millis", "milliseconds"})


class Sockets:
    """Sockets that were opened, until something tells of their ends."""

    def __init__(self) -> None:
        self._opened: dict[tuple[Place, str], int] = {}

    def open(self, place: Place, entry: Entry, request: str | None) -> None:
        """Remember that a line tells of a socket that was opened."""
        name = request or _name_of(entry)
        if name is None or entry.time is None:
            return
        if len(self._opened) >= _MOST_OPEN:
            self._opened.clear()
        self._opened[place, name] = entry.time

    def ended(self, place: Place, entry: Entry, request: str | None) -> float | None:
        """Give how long a socket was open of whose end a line tells, seconds.

        None if neither the line says so nor one before it told of its beginning.
        """
        said = _said(entry)
        name = request or _name_of(entry)
        began = self._opened.pop((place, name), None) if name is not None else None
        if said is not None:
            return said
        return None if began is None or entry.time is None else (entry.time - began) / 1e9


def _said(entry: Entry) -> float | None:
    if entry.fields is not None:
        for name, value in entry.fields.items():
            member = _MEMBER.fullmatch(name)
            seconds = _value(value, member["unit"]) if member is not None else None
            if seconds is not None:
                return seconds
    found = _LASTED.search(entry.message)
    if found is None:
        return None
    if found["bare"]:
        return float(found["bare"])
    unit = found["unit"].lower()
    if unit.startswith("min"):
        return float(found["number"]) * 60
    return _in_seconds(found["minutes"], found["number"], unit)


def _value(value: Any, unit: str | None) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) / (1e3 if unit in _SHORT else 1.0) if value >= 0 else None
    found = _TEXT.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if found is None else _in_seconds(found["minutes"], found["number"], found["unit"])


def _in_seconds(minutes: str | None, number: str, unit: str | None) -> float:
    return int(minutes or 0) * 60 + float(number) / (1e3 if unit in _SHORT else 1.0)


def _name_of(entry: Entry) -> str | None:
    """Give what names one socket among others: its own id, or its peer's address."""
    fields: Mapping[str, Any] = entry.fields or {}
    for name in _OF_A_SOCKET:
        value = fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    found = _NAMED.search(entry.message)
    return None if found is None else found["name"]
