"""Lines that tell of a request that was answered: access logs of servers and proxies. Pure."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from netra_ops.logs.entries import Entry, Kind
from netra_ops.logs.entries.cloud.request import path_template

WEBSOCKET: Final = "WEBSOCKET"
SWITCHED: Final = 101

_METHODS: Final = r"GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE"
_QUOTED: Final = re.compile(
    rf"\"(?P<method>{_METHODS}|WebSocket) (?P<path>(?:https?://[^\s\"/]+)?/[^\s\"]*)"
    rf"(?: (?:HTTP/)?[\d.]+)?\"(?: (?P<status>[1-5]\d\d)\b(?P<rest>.*)| \[(?P<word>accepted)\])?"
)
_PROXIED: Final = re.compile(
    rf"(?P<timings>-?\d+/-?\d+/-?\d+/-?\d+/\+?-?\d+) (?P<status>[1-5]\d\d) .*"
    rf"\"(?P<method>{_METHODS}) (?P<path>/[^\s\"]*)"
)
_BALANCED: Final = re.compile(
    rf"(?:http|https|h2|ws|wss|grpcs) \S+ \S+ (?P<client>[\d.]+|\[[^\]]*\]):\d+ \S+ "
    rf"(?P<a>-?[\d.]+) (?P<b>-?[\d.]+) (?P<c>-?[\d.]+) (?P<status>[1-5]\d\d) \S+ \d+ \d+ "
    rf"\"(?P<method>{_METHODS}) (?P<path>\S+) [^\"]*\" \"(?P<agent>[^\"]*)\""
)
_BARE: Final = re.compile(
    rf"(?:^|[\]|:] ?|\bHTTP |--> |\d - )(?P<method>{_METHODS}) (?P<path>/\S*)(?: HTTP/[\d.]+)? "
    rf"(?:->|=>|-|:|responded|returned)? ?"
    rf"(?P<status>[1-5]\d\d)\b(?:[ -]*(?:in )?(?P<latency>[\d.]+) ?(?P<unit>ms|s|µs|us)\b)?"
)
_GIN: Final = re.compile(
    rf"(?:^|\| )(?P<status>[1-5]\d\d) \| +(?P<latency>[\d.]+)(?P<unit>ms|s|µs|us) \| +"
    rf"(?P<client>\S+)  *\| (?P<method>{_METHODS}) +\|? ?\"?(?P<path>/[^\"\s|]*)"
)
_FINISHED: Final = re.compile(
    rf"Request finished HTTP/\S+ (?P<method>{_METHODS}) https?://[^\s/]+(?P<path>/\S*) .*?- "
    rf"(?P<status>[1-5]\d\d) .*?(?P<latency>[\d.]+)(?P<unit>ms)"
    rf"|(?P<verb>{_METHODS}) (?P<target>/\S*) => generated \d+ bytes in (?P<took>\d+) msecs "
    rf"\(HTTP/[\d.]+ (?P<code>[1-5]\d\d)\)"
)
_LOGFMT: Final = re.compile(rf"\bmethod=\"?(?P<method>{_METHODS})\b")
_PAIR: Final = re.compile(
    r"\b(path|uri|url|status|status_code|duration|duration_ms|latency|"
    r"elapsed|took|ms)=\"?([^\s\"]+)"
)
_WHO: Final = re.compile(
    r"\b(?P<name>remote_?addr(?:ess)?|remote_?ip|client_?ip|clientip|ip|addr|client|peer|remote"
    r"|user_?agent|ua|agent)=(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>[^\s\",]+))",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\[?(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+)\]?(?::\d+)?")
_CLIENT: Final = re.compile(r"^\W*(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{6,39})(?::\d+)?\s")
_AGENT: Final = re.compile(r"\"[^\"]*\" \"(?P<agent>[^\"]{1,400})\"")
_TOOK: Final = re.compile(
    r"\b(?:rt|request_time|urt|took|duration)[=:]\"?([\d.]+)(ms|s)?|\s([\d.]+)(ms|s|µs)\b"
)
_DURATION: Final = re.compile(r"([\d.]+)\s*(ms|s|us|µs|seconds|milliseconds)?$")
_UNITS: Final = {"ms": 1e-3, "s": 1.0, "us": 1e-6, "µs": 1e-6, "seconds": 1.0}
_FRONTS: Final = re.compile(
    r"nginx|haproxy|envoy|traefik|ingress|\blb\b|load-?balancer|\bproxy\b|cloudfront|gateway-?lb",
    re.IGNORECASE,
)
_LONGEST_AGENT: Final = 160
_METHOD: Final = (
    *("method", "http_method", "verb", "requestMethod"),
    *("RequestMethod", "request_method", "http.method", "http.request.method"),
)
_PATH: Final = (
    *("path", "url", "uri", "route", "target", "requestUrl", "originalUrl"),
    *("RequestPath", "request_uri", "http.target", "url.path"),
)
_STATUS: Final = (
    *("status", "status_code", "statusCode", "http_status", "code", "StatusCode"),
    *("DownstreamStatus", "response_code", "http.status_code", "http.response.status_code"),
)
_ADDRESSES: Final = (
    *("remoteAddress", "remote_addr", "ip", "client_ip", "remote_ip", "client", "clientIp"),
    *("remoteIp", "clientIP", "ClientHost", "client.address", "peer", "remote"),
)
_AGENTS: Final = (
    *("user_agent", "userAgent", "agent", "ua", "http_user_agent", "UserAgent"),
    *("user_agent.original", "request_User-Agent", "user-agent"),
)
_HTTP: Final = ("req", "request", "http", "httpRequest", "http_request")
_HTTPS: Final = frozenset(_HTTP)
_RESPONSE: Final = ("res", "response", "http")
_WRAPPERS: Final = (
    *("meta", "metadata", "data", "context", "ctx", "extra", "access", "fields", "attributes"),
    *("attrs", "labels", "payload", "details", "event", "properties", "params", "info"),
)
_METHOD_NAMES: Final = frozenset(_METHOD)
_PATHS: Final = frozenset(_PATH)
_STATUSES: Final = frozenset(_STATUS)
_RPC_CODE: Final = ("code", "grpc.code", "grpc_code", "rpc.grpc.status_code", "status")
_ENDS: Final = frozenset({*_STATUS, *_RPC_CODE, *_HTTP, *_RESPONSE})
"""Without one of these nothing says how a request ended."""
_WRAPPED: Final = frozenset(_WRAPPERS)
_RPC_METHOD: Final = ("method", "grpc.method", "rpc.method", "fullMethod", "full_method")
_RPC_METHODS: Final = frozenset(_RPC_METHOD)
_ASKED: Final = frozenset({*_METHOD, *_RPC_METHOD, *_HTTP})
_RPC: Final = {
    "ok": 200, "unauthenticated": 401, "permissiondenied": 403, "notfound": 404, "internal": 500,
    "unknown": 500, "invalidargument": 400, "unavailable": 503, "deadlineexceeded": 504,
}  # fmt: skip
"""Codes of gRPC as the statuses that gateways make of them."""
_MILLISECONDS: Final = (
    *("ms", "responseTime", "duration_ms", "elapsed_ms", "latency_ms", "response_time_ms"),
    *("durationMs", "latencyMs", "took_ms", "time_ms", "elapsedMs", "response_time"),
)
_SECONDS: Final = (
    *("duration", "latency", "elapsed", "took", "duration_s", "request_time", "seconds"),
    "duration_seconds",
)
_OF_ENVOY: Final = frozenset(
    {"response_flags", "response_code_details", "upstream_cluster", "upstream_host"}
)
"""Members of Envoy's log, in which a duration is of milliseconds."""
_IS_MILLISECONDS: Final = 100.0
"""A bare `duration` above this is taken for milliseconds if it has no unit."""


class Answered(NamedTuple):
    """A request that a line tells of; as in `tally.Request`."""

    method: str | None
    path: str | None
    status: int | None
    latency: float | None = None
    client: str | None = None
    agent: str | None = None
    is_front: bool = False


def answered_by(entry: Entry) -> Answered | None:
    """Give the request that a record tells was answered; None if it tells of none."""
    if entry.http is not None and entry.status is not None:
        return _of_platform(entry)
    if entry.kind is Kind.AUDIT:
        return None
    if entry.fields is not None:
        found = of_fields(entry.fields) or _of_inner(entry.fields)
        if found is not None:
            return found
    text = entry.message
    if "/" not in text or entry.stack is not None:
        return None
    found = _of_text(text[:1_500])
    if found is None:
        return None
    return found._replace(is_front=found.is_front or _is_front(entry))


def client_of(address: str | None, agent: str | None) -> str | None:
    """Tell clients apart without keeping what they are: a digest."""
    if not address and not agent:
        return None
    seen = f"{address or ''}|{agent or ''}".encode("utf-8", "replace")
    return hashlib.blake2b(seen, digest_size=8).hexdigest()


def _of_platform(entry: Entry) -> Answered:
    http = entry.http
    assert http is not None  # noqa: S101 - the caller looked
    method = WEBSOCKET if entry.status == SWITCHED else http.method
    is_own = entry.kind is not Kind.REQUEST and "requests" not in (entry.log_name or "")
    return Answered(
        method,
        http.path,
        entry.status,
        http.latency,
        client_of(http.client, http.agent),
        (http.agent or "")[:_LONGEST_AGENT] or None,
        not is_own,
    )


def _is_front(entry: Entry) -> bool:
    return any(
        name is not None and _FRONTS.search(name)
        for name in (entry.logger, entry.service, entry.log_name)
    )


def _of_text(text: str) -> Answered | None:
    balanced = _BALANCED.search(text) if '" "' in text else None
    if balanced is not None:
        times = [float(balanced[name]) for name in ("a", "b", "c")]
        latency = sum(times) if min(times) >= 0 else None
        return _answered(balanced, latency, balanced["client"], balanced["agent"], is_front=True)
    proxied = _PROXIED.search(text) if "/" in text and '"' in text else None
    if proxied is not None:
        total = abs(int(proxied["timings"].rsplit("/", 1)[1].strip("+"))) / 1e3
        return _answered(proxied, total, _address(text), None, is_front=True)
    if '"' in text:
        quoted = _QUOTED.search(text)
        if quoted is not None and "://" not in text[: quoted.start()]:
            return _of_quoted(text, quoted)
    if "finished" in text or "generated" in text:
        finished = _FINISHED.search(text)
        if finished is not None:
            return _of_finished(finished)
    gin = _GIN.search(text) if "|" in text else None
    bare = gin or _BARE.search(text)
    if bare is not None:
        client = gin["client"] if gin else None
        return _answered(bare, _seconds(bare["latency"], bare["unit"]), client, None)
    return _of_pairs(text) if "method=" in text else None


def _of_finished(found: re.Match[str]) -> Answered:
    latency = _seconds(found["latency"] or found["took"], "ms")
    method, path = found["method"] or found["verb"], found["path"] or found["target"]
    status = int(found["status"] or found["code"])
    return Answered(method, path_template(path), status, latency)


def _of_quoted(text: str, found: re.Match[str]) -> Answered | None:
    is_socket = found["method"] == "WebSocket"
    if found["word"]:
        status: int | None = SWITCHED
    elif found["status"]:
        status = int(found["status"])
    else:
        return None
    rest = found["rest"] or ""
    agent = _AGENT.search(rest)
    took = _TOOK.search(rest)
    latency = _seconds(took[1] or took[3], took[2] or took[4]) if took else None
    answer = _answered(found, latency, _address(text), agent["agent"] if agent else None)
    method = WEBSOCKET if is_socket or status == SWITCHED else answer.method
    return answer._replace(method=method, status=status)


def _answered(
    found: re.Match[str],
    latency: float | None,
    address: str | None,
    agent: str | None,
    *,
    is_front: bool = False,
) -> Answered:
    status = found["status"]
    return Answered(
        found["method"].upper(),
        path_template(found["path"]),
        int(status) if status else None,
        latency,
        client_of(address, agent),
        agent[:_LONGEST_AGENT] if agent and agent != "-" else None,
        is_front,
    )


def _address(text: str) -> str | None:
    found = _CLIENT.match(text)
    return found[1] if found else None


def _of_pairs(text: str) -> Answered | None:
    method = _LOGFMT.search(text)
    pairs = dict(_PAIR.findall(text))
    path = pairs.get("path") or pairs.get("uri") or pairs.get("url")
    status = pairs.get("status") or pairs.get("status_code") or ""
    if method is None or not path or not path.startswith("/") or not status[:3].isdigit():
        return None
    address, agent = _who(text)
    return Answered(
        method["method"],
        path_template(path),
        int(status[:3]),
        _latency_of(pairs),
        client_of(address, agent),
        agent[:_LONGEST_AGENT] if agent else None,
    )


def _who(text: str) -> tuple[str | None, str | None]:
    """Give the address and the agent that pairs of names and values tell of."""
    address = agent = None
    for found in _WHO.finditer(text):
        value = found["quoted"] or found["plain"] or ""
        if "agent" in found["name"].lower() or found["name"].lower() == "ua":
            agent = agent or (value if value != "-" else None)
        else:
            told = _ADDRESS.fullmatch(value)
            address = address or (told[1] if told else None)
    return address, agent


def of_fields(fields: Mapping[str, Any]) -> Answered | None:
    """Give the request that members tell was answered; None if they tell of none."""
    if _ASKED.isdisjoint(fields) or _ENDS.isdisjoint(fields):
        return None
    asked: Mapping[str, Any] = fields
    if not _HTTPS.isdisjoint(fields):
        asked = next((one for name in _HTTP if isinstance(one := fields.get(name), dict)), fields)
    if not _RPC_METHODS.isdisjoint(fields) and (of_rpc := _of_rpc(fields)) is not None:
        return of_rpc
    if _METHOD_NAMES.isdisjoint(asked) or _PATHS.isdisjoint(asked):
        return None
    method = _text(asked, *_METHOD)
    if method is None or not method.isalpha() or len(method) > len("PROPPATCH"):
        return None
    path = _text(asked, *_PATH)
    nothing: dict[str, Any] = {}
    answer = next(
        (fields[name] for name in _RESPONSE if isinstance(fields.get(name), dict)), nothing
    )
    status = _status(fields) or _status(answer) or _status(asked)
    if path is None or not path.startswith("/") or status is None:
        return None
    address = _text(asked, *_ADDRESSES) or _text(fields, *_ADDRESSES)
    headers = asked.get("headers")
    agent = _text(asked, *_AGENTS) or _text(fields, *_AGENTS)
    if agent is None and isinstance(headers, dict):
        agent = _text(headers, "user-agent", "User-Agent")
    is_socket = status == SWITCHED
    return Answered(
        WEBSOCKET if is_socket else method.upper(),
        path_template(path),
        status,
        _latency_of(fields),
        client_of(address, agent),
        agent[:_LONGEST_AGENT] if agent else None,
    )


def _of_inner(fields: Mapping[str, Any]) -> Answered | None:
    """Read a request whose members stand together in one member, as winston and others put them."""
    if _WRAPPED.isdisjoint(fields):
        return None
    for name in _WRAPPERS:
        inner = fields.get(name)
        if isinstance(inner, dict) and not _ENDS.isdisjoint(inner):
            found = of_fields(inner)
            if found is not None:
                return found
    return None


def _of_rpc(fields: Mapping[str, Any]) -> Answered | None:
    """Give a call of gRPC, whose method is a path and whose code has a name."""
    method = _text(fields, *_RPC_METHOD)
    service = _text(fields, "grpc.service", "rpc.service")
    code = _text(fields, *_RPC_CODE)
    status = None if code is None else _RPC.get(code.replace("_", "").lower())
    if method is None or status is None:
        return None
    path = method if method.startswith("/") else f"/{service}/{method}" if service else None
    if path is None or path.count("/") != 2:  # noqa: PLR2004 - a service and its method
        return None
    return Answered("POST", path, status, _latency_of(fields))


def _text(fields: Mapping[str, Any], *names: str) -> str | None:
    return next((value for name in names if isinstance(value := fields.get(name), str)), None)


def _status(fields: Mapping[str, Any]) -> int | None:
    if _STATUSES.isdisjoint(fields):
        return None
    for name in _STATUS:
        value = fields.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if type(value) is int and 100 <= value <= 599:  # noqa: PLR2004 - HTTP's statuses
            return value
    return None


def _latency_of(fields: Mapping[str, Any]) -> float | None:
    for name in _MILLISECONDS:
        value = fields.get(name)
        seconds = _number(value)
        if seconds is not None:
            return seconds / 1e3
    for name in _SECONDS:
        value = fields.get(name)
        if isinstance(value, str):
            found = _DURATION.fullmatch(value.strip())
            if found is not None:
                return _seconds(found[1], found[2])
        seconds = _number(value)
        if seconds is not None:
            is_small = seconds > _IS_MILLISECONDS or not _OF_ENVOY.isdisjoint(fields)
            return seconds / 1e3 if is_small else seconds
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and value >= 0 else None


def _seconds(number: str | None, unit: str | None) -> float | None:
    if not number:
        return None
    try:
        value = float(number)
    except ValueError:
        return None
    return value * (1e-3 if unit == "milliseconds" else _UNITS.get(unit or "s", 1.0))
