"""What the front's request log says: lines as requests, requests as counts. Pure.

Counting is exact: every request that the front finished is one line, and every quantile is a value
that was measured. What a line cannot say it does not say; nothing is estimated.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

SPLIT: Final = "split"
TAG: Final = "tag"

_SOCKET: Final = 101
_UNAVAILABLE: Final = 503
_AS_SHOULD_BE: Final = "--"


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is finished.

    Attributes:
        service: At whose address it came in.
        revision: Which revision it was for; None if for none, as with an unknown tag.
        finished: When it was finished (seconds since the epoch).
        seconds: How long it took from its head to its answer's end; for a socket, until that was
            closed. None if it had no head that could be read.
        status: What was answered; -1 if the client went before.
        via: `split` or `tag`; None if it had no head that could be read.
        probe: What it said in `x-netra-probe`. Anybody may say anything there: it sorts requests,
            it proves nothing.
        termination: HAProxy's two letters for how it ended, `--` if as it should.
        method: Its method.
        path: Its path, without the query.
    """

    service: str
    revision: str | None
    finished: float
    seconds: float | None
    status: int
    via: str | None
    probe: str | None
    termination: str
    method: str | None
    path: str | None

    @property
    def arrived(self) -> float:
        """When it came in, seconds since the epoch.

        HAProxy looks at the clock once in each round of its work: on a busy machine both times may
        be some milliseconds early.
        """
        return self.finished - (self.seconds or 0.0)

    @property
    def is_socket(self) -> bool:
        """Whether it became a WebSocket."""
        return self.status == _SOCKET

    @property
    def revision_was_dead(self) -> bool:
        """Whether the front itself answered 503, since the revision was not there."""
        return (
            self.status == _UNAVAILABLE
            and self.revision is not None
            and self.termination != _AS_SHOULD_BE
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests counted.

    Attributes:
        requests: How many.
        labels: How many by `via` and `probe`.
        classes: How many by the first digit of their status; 0 where the client went before.
        dead: 503 that the front gave, since the revision was not there.
        terminations: How many by how they ended.
        sockets: How many were WebSockets; they are in no quantile.
        p50: Seconds within which half of the other requests were finished; None without any.
        p95: The same for 95 of 100.
    """

    requests: int
    labels: Mapping[tuple[str | None, str | None], int]
    classes: Mapping[int, int]
    dead: int
    terminations: Mapping[str, int]
    sockets: int
    p50: float | None
    p95: float | None


class _HttpRequest(msgspec.Struct):
    status: int
    requestMethod: str | None = None  # noqa: N815 - Cloud Logging's name
    requestUrl: str | None = None  # noqa: N815 - Cloud Logging's name
    latency: str | None = None


class _ResourceLabels(msgspec.Struct):
    service_name: str
    revision_name: str | None = None


class _Resource(msgspec.Struct):
    labels: _ResourceLabels


class _Labels(msgspec.Struct):
    termination: str = msgspec.field(name="netra/termination")
    via: str | None = msgspec.field(name="netra/via", default=None)
    probe: str | None = msgspec.field(name="netra/probe", default=None)


class _Line(msgspec.Struct):
    timestamp: datetime
    httpRequest: _HttpRequest  # noqa: N815 - Cloud Logging's name
    resource: _Resource
    labels: _Labels


_LINES: Final = msgspec.json.Decoder(_Line)


def parsed(line: bytes) -> Request | None:
    """Read a line of the log; None if it is damaged."""
    try:
        read = _LINES.decode(line)
        seconds = _seconds(read.httpRequest.latency)
    except (msgspec.DecodeError, ValueError):
        return None
    labels, http = read.labels, read.httpRequest
    return Request(
        service=read.resource.labels.service_name,
        revision=read.resource.labels.revision_name,
        finished=read.timestamp.timestamp(),
        seconds=seconds if labels.via is not None else None,
        status=http.status,
        via=labels.via,
        probe=labels.probe,
        termination=labels.termination,
        method=http.requestMethod,
        path=http.requestUrl,
    )


def arrived_within(
    requests: Iterable[Request], since: float, until: float = math.inf
) -> Iterator[Request]:
    """Give those that came in from `since` on and before `until` (seconds since the epoch)."""
    return (request for request in requests if since <= request.arrived < until)


def by_revision(requests: Iterable[Request]) -> dict[str, Tally]:
    """Count the requests of each revision; those that were for none are left out."""
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        if request.revision is not None:
            found[request.revision].append(request)
    return {revision: tally(its) for revision, its in found.items()}


def tally(requests: Iterable[Request]) -> Tally:
    """Count requests, whatever they have in common."""
    counted = tuple(requests)
    times = sorted(
        request.seconds
        for request in counted
        if request.seconds is not None and not request.is_socket
    )
    return Tally(
        requests=len(counted),
        labels=Counter((request.via, request.probe) for request in counted),
        classes=Counter(max(request.status, 0) // 100 for request in counted),
        dead=sum(request.revision_was_dead for request in counted),
        terminations=Counter(request.termination for request in counted),
        sockets=sum(request.is_socket for request in counted),
        p50=quantile(times, 0.50),
        p95=quantile(times, 0.95),
    )


def quantile(ordered: list[float], part: float) -> float | None:
    """Give the smallest of ordered values that at least this part of them does not exceed."""
    if not ordered:
        return None
    return ordered[max(math.ceil(part * len(ordered)), 1) - 1]


def _seconds(latency: str | None) -> float | None:
    return None if latency is None else float(latency.removesuffix("s"))
