"""Access lines as objects: the members in which programs tell of an answered request. Pure."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from netra_ops.diagnosis.signs.answers.answer import (
    LONGEST_AGENT,
    METHODS,
    SWITCHED,
    WEBSOCKET,
    Answered,
    client_of,
)
from netra_ops.diagnosis.signs.answers.durations import latency_of
from netra_ops.logs.entries.cloud.request import path_template

_METHOD: Final = (
    *("method", "http_method", "verb", "requestMethod"),
    *("RequestMethod", "request_method", "http.method", "http.request.method"),
    *("httpMethod", "ClientRequestMethod", "req_method", "cs-method"),
)
_PATH: Final = (
    *("path", "url", "uri", "route", "target", "requestUrl", "originalUrl"),
    *("RequestPath", "request_uri", "http.target", "url.path"),
    *("request_path", "resourcePath", "rawPath", "ClientRequestURI", "requestPath", "http_path"),
    *("url_path", "endpoint", "original_url", "pathname", "http.route", "req_url"),
)
_STATUS: Final = (
    *("status", "status_code", "statusCode", "http_status", "code", "StatusCode"),
    *("DownstreamStatus", "response_code", "http.status_code", "http.response.status_code"),
    *("EdgeResponseStatus", "response_status", "responseStatus", "resp_status", "responseCode"),
    *("http_status_code", "httpStatus", "statuscode", "responseStatusCode"),
)
_ADDRESSES: Final = (
    *("remoteAddress", "remote_addr", "ip", "client_ip", "remote_ip", "client", "clientIp"),
    *("remoteIp", "clientIP", "ClientHost", "client.address", "peer", "remote"),
    *("ClientIP", "sourceIp", "source_ip", "downstream_remote_address", "host_ip", "remote_host"),
)
_AGENTS: Final = (
    *("user_agent", "userAgent", "agent", "ua", "http_user_agent", "UserAgent"),
    *("user_agent.original", "request_User-Agent", "user-agent"),
    *("ClientRequestUserAgent", "useragent", "http_agent"),
)
_HTTP: Final = ("req", "request", "http", "httpRequest", "http_request", "span")
_RESPONSE: Final = ("res", "response", "http", "fields", "resp")
_LINE: Final = ("request", "request_line", "requestLine", "http_request", "req", "requestFirstLine")
_ONE: Final = re.compile(rf"(?P<method>{METHODS}) (?P<path>/\S*)(?: HTTP/[\d.]+)?")
_WRAPPERS: Final = (
    *("meta", "metadata", "data", "context", "ctx", "extra", "access", "fields", "attributes"),
    *("attrs", "labels", "payload", "details", "event", "properties", "params", "info"),
    *("proxy", "Attributes", "Properties", "json", "log", "record", "access_log", "httpRequest"),
)
_RPC_METHOD: Final = ("method", "grpc.method", "rpc.method", "fullMethod", "full_method")
_RPC_SERVICE: Final = ("grpc.service", "rpc.service")
_RPC_CODE: Final = ("code", "grpc.code", "grpc_code", "rpc.grpc.status_code", "status")
_RPC: Final = {
    "ok": 200, "unauthenticated": 401, "permissiondenied": 403, "notfound": 404, "internal": 500,
    "unknown": 500, "invalidargument": 400, "unavailable": 503, "deadlineexceeded": 504,
}  # fmt: skip
"""Codes of gRPC as the statuses that gateways make of them."""
_SHAPES: Final = 4_096


class _Shape(NamedTuple):
    """Which of the names that are looked for a record has, each in their order."""

    method: tuple[str, ...]
    path: tuple[str, ...]
    status: tuple[str, ...]
    address: tuple[str, ...]
    agent: tuple[str, ...]
    held: tuple[str, ...]
    line: tuple[str, ...]
    response: tuple[str, ...]
    wrapper: tuple[str, ...]
    rpc_method: tuple[str, ...]
    rpc_service: tuple[str, ...]
    rpc_code: tuple[str, ...]


_LOOKED_FOR: Final = _Shape(
    *(_METHOD, _PATH, _STATUS, _ADDRESSES, _AGENTS, _HTTP, _LINE, _RESPONSE, _WRAPPERS),
    *(_RPC_METHOD, _RPC_SERVICE, _RPC_CODE),
)


@lru_cache(_SHAPES)
def _shape(names: tuple[str, ...]) -> _Shape:
    """Say what a record with these members has: most records of a program have the same ones."""
    there = frozenset(names)
    return _Shape(*(tuple(name for name in group if name in there) for group in _LOOKED_FOR))


def of_members(fields: Mapping[str, Any]) -> Answered | None:
    """Give the request that members tell was answered; None if they tell of none."""
    shape = _shape(tuple(fields))
    found = _of_fields(fields, shape)
    if found is not None:
        return found
    # A request's members may stand together in one member, as winston and others put them.
    for name in shape.wrapper:
        inner = fields[name]
        if isinstance(inner, dict):
            found = _of_fields(inner, _shape(tuple(inner)))
            if found is not None:
                return found
    return None


def asked_by(fields: Mapping[str, Any]) -> Answered | None:
    """Give the request that members tell came in, without its answer; None if they tell of none."""
    return _asked_by(fields, _shape(tuple(fields)))


def status_of(fields: Mapping[str, Any]) -> int | None:
    """Give the status with which members tell that something was answered."""
    return _status_of(fields, _shape(tuple(fields)))


def _of_fields(fields: Mapping[str, Any], shape: _Shape) -> Answered | None:
    of_rpc = _of_rpc(fields, shape)
    if of_rpc is not None:
        return of_rpc
    if not (shape.method or shape.held or shape.line):
        return None
    asked = _asked(fields, shape)
    status = _status_of(fields, shape)
    if status is None and asked is not fields:
        status = _status(asked, _shape(tuple(asked)))
    request = _asked_by(fields, shape) if status is not None else None
    if request is None:
        return None
    method = WEBSOCKET if status == SWITCHED else request.method
    return request._replace(method=method, status=status, latency=latency_of(fields))


def _asked_by(fields: Mapping[str, Any], shape: _Shape) -> Answered | None:
    if not (shape.method or shape.held or shape.line):
        return None
    asked = _asked(fields, shape)
    has = shape if asked is fields else _shape(tuple(asked))
    method, path = _text(asked, has.method), _text(asked, has.path)
    if method is None or not method.isalpha() or len(method) > len("PROPPATCH"):
        return None
    if path is None or not path.startswith("/"):
        return None
    address = _text(asked, has.address) or _text(fields, shape.address)
    headers = asked.get("headers")
    agent = _text(asked, has.agent) or _text(fields, shape.agent)
    if agent is None and isinstance(headers, dict):
        agent = _text(headers, ("user-agent", "User-Agent", "User_Agent", "userAgent"))
    return Answered(
        method.upper(),
        path_template(path),
        None,
        None,
        client_of(address, agent),
        agent[:LONGEST_AGENT] if agent else None,
    )


def _status_of(fields: Mapping[str, Any], shape: _Shape) -> int | None:
    found = _status(fields, shape)
    if found is not None or not shape.response:
        return found
    answer = _answer(fields, shape)
    return _status(answer, _shape(tuple(answer)))


def _asked(fields: Mapping[str, Any], shape: _Shape) -> Mapping[str, Any]:
    """Give the members of the request: in one that holds them, in a line, or beside the others."""
    for name in shape.held:
        held = fields[name]
        if isinstance(held, dict):
            inner, url = held.get("request"), fields.get("url")
            if isinstance(inner, dict):
                return {**inner, **url} if isinstance(url, dict) else inner
            return held
    for name in shape.line:
        line = fields[name]
        found = _ONE.fullmatch(line) if isinstance(line, str) else None
        if found is not None:
            return {**fields, **found.groupdict()}
    return fields


def _answer(fields: Mapping[str, Any], shape: _Shape) -> Mapping[str, Any]:
    nothing: dict[str, Any] = {}
    held = next((one for name in shape.response if isinstance(one := fields[name], dict)), nothing)
    inner = held.get("response")
    return inner if isinstance(inner, dict) else held


def _of_rpc(fields: Mapping[str, Any], shape: _Shape) -> Answered | None:
    """Give a call of gRPC, whose method is a path and whose code has a name."""
    if not (shape.rpc_method and shape.rpc_code):
        return None
    method, service = _text(fields, shape.rpc_method), _text(fields, shape.rpc_service)
    code = _text(fields, shape.rpc_code)
    status = None if code is None else _RPC.get(code.replace("_", "").lower())
    if method is None or status is None:
        return None
    path = method if method.startswith("/") else f"/{service}/{method}" if service else None
    if path is None or path.count("/") != 2:  # noqa: PLR2004 - a service and its method
        return None
    return Answered("POST", path, status, latency_of(fields))


def _text(fields: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Give the first text by one of these names; of a list, as of headers, the first in it."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None


def _status(fields: Mapping[str, Any], shape: _Shape) -> int | None:
    for name in shape.status:
        value = fields[name]
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if type(value) is int and 100 <= value <= 599:  # noqa: PLR2004 - HTTP's statuses
            return value
    return None
