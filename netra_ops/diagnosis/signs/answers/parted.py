"""Requests of which one line tells that they began, and another how they were answered.

Rails, Phoenix, Spring's dispatcher, Rocket and Fastify write so. The two are of one request if they
have one id; without ids, if nothing else began at the same place in between. Memory is bounded.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from netra_ops.diagnosis.signs.answers.answer import METHODS, Answered, client_of
from netra_ops.diagnosis.signs.answers.durations import latency_of, seconds_of
from netra_ops.diagnosis.signs.answers.members import asked_by, status_of
from netra_ops.diagnosis.signs.tally import Place
from netra_ops.logs.entries import Entry
from netra_ops.logs.entries.cloud.request import path_template

_MOST: Final = 20_000
_SOON: Final = 120_000_000_000
"""Nanoseconds: what has not ended by then is not joined by its place alone."""
_BEGUN: Final = re.compile(
    rf"(?:^|[\]\s])(?:Started|started:?|Handling) (?P<a>{METHODS}) "
    r"\"(?P<ap>/[^\s\"]*)\" for (?P<client>\S+)"
    rf"|(?:^\s*|\] )(?P<b>{METHODS}) (?P<bp>/\S*)(?:$| [\w.+-]+/[\w.+-]+:$|:$)"
    rf"|^\s*(?P<c>{METHODS}) \"(?P<cp>/[^\s\"]*)\", parameters="
    rf"|^(?:(?:-->|<--|=>|<<<) )(?P<d>{METHODS}) (?P<dp>/\S*)$"
)
_ENDED: Final = re.compile(
    r"(?:^|[\]\s])(?:Completed|Sent|Chunked|Responded(?: with)?|Finished with) (?P<a>[1-5]\d\d)"
    r"\b(?: [A-Za-z_' -]+?)?"
    r"(?: in (?P<took>[\d.]+) ?(?P<unit>ms|µs|us|s))?(?= |$|,)"
    r"|Outcome: \w+\((?P<b>[1-5]\d\d)\b"
)


class _Begun(NamedTuple):
    time: int | None
    method: str
    path: str
    client: str | None


class Parted:
    """Remembers what began, to say of what ends which request it was."""

    def __init__(self) -> None:
        self._begun: OrderedDict[tuple[Place | None, str | None], list[_Begun]] = OrderedDict()

    def ended_by(self, entry: Entry, place: Place, request: str | None) -> Answered | None:
        """Take a line that tells of no whole request; give the request that it ends, if it does."""
        fields = entry.fields
        key = (None, request) if request is not None else (place, None)
        begun = _begun_by(entry, fields)
        if begun is not None:
            self._begun.setdefault(key, []).append(begun)
            if len(self._begun) > _MOST:
                self._begun.popitem(last=False)
            return None
        if not self._begun.get(key):
            return None
        ended = _ended_by(entry, fields)
        if ended is None:
            return None
        status, latency = ended
        open_here = self._begun.pop(key)
        one = open_here[-1]
        is_late = entry.time and one.time and entry.time - one.time > _SOON
        if len(open_here) > 1 or (is_late and request is None):
            return None
        return Answered(one.method, one.path, status, latency, one.client)


def _begun_by(entry: Entry, fields: Mapping[str, Any] | None) -> _Begun | None:
    told = asked_by(fields) if fields is not None else None
    if told is not None and told.method is not None and told.path is not None:
        return _Begun(entry.time, told.method, told.path, told.client)
    text = entry.message
    found = _BEGUN.search(text, 0, 600) if "/" in text else None
    if found is None:
        return None
    groups = found.groupdict()
    method = next(groups[name] for name in "abcd" if groups[name])
    path = next(groups[name] for name in ("ap", "bp", "cp", "dp") if groups[name])
    return _Begun(entry.time, method, path_template(path), client_of(groups["client"], None))


def _ended_by(entry: Entry, fields: Mapping[str, Any] | None) -> tuple[int, float | None] | None:
    if fields is not None:
        status = status_of(fields)
        if status is not None:
            return status, latency_of(fields)
    found = _ENDED.search(entry.message, 0, 600)
    if found is None:
        return None
    return int(found["a"] or found["b"]), seconds_of(found["took"], found["unit"])
