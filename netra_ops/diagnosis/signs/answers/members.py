"""Access lines as objects: the members in which programs tell of an answered request. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

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
_RPC: Final = {
    "ok": 200, "unauthenticated": 401, "permissiondenied": 403, "notfound": 404, "internal": 500,
    "unknown": 500, "invalidargument": 400, "unavailable": 503, "deadlineexceeded": 504,
}  # fmt: skip
"""Codes of gRPC as the statuses that gateways make of them."""


def of_members(fields: Mapping[str, Any]) -> Answered | None:
    """Give the request that members tell was answered; None if they tell of none."""
    return _of_fields(fields) or _of_inner(fields)


def asked_by(fields: Mapping[str, Any]) -> Answered | None:
    """Give the request that members tell came in, without its answer; None if they tell of none."""
    asked = _asked(fields)
    method, path = _text(asked, *_METHOD), _text(asked, *_PATH)
    if method is None or not method.isalpha() or len(method) > len("PROPPATCH"):
        return None
    if path is None or not path.startswith("/"):
        return None
    address = _text(asked, *_ADDRESSES) or _text(fields, *_ADDRESSES)
    headers = asked.get("headers")
    agent = _text(asked, *_AGENTS) or _text(fields, *_AGENTS)
    if agent is None and isinstance(headers, dict):
        agent = _text(headers, "user-agent", "User-Agent", "User_Agent", "userAgent")
    return Answered(
        method.upper(),
        path_template(path),
        None,
        None,
        client_of(address, agent),
        agent[:LONGEST_AGENT] if agent else None,
    )


def status_of(fields: Mapping[str, Any]) -> int | None:
    """Give the status with which members tell that something was answered."""
    return _status(fields) or _status(_answer(fields))


def _of_fields(fields: Mapping[str, Any]) -> Answered | None:
    of_rpc = _of_rpc(fields)
    if of_rpc is not None:
        return of_rpc
    asked = asked_by(fields)
    if asked is None:
        return None
    status = status_of(fields) or _status(_asked(fields))
    if status is None:
        return None
    method = WEBSOCKET if status == SWITCHED else asked.method
    return asked._replace(method=method, status=status, latency=latency_of(fields))


def _asked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the members of the request: in one that holds them, in a line, or beside the others."""
    for name in _HTTP:
        held = fields.get(name)
        if isinstance(held, dict):
            inner, url = held.get("request"), fields.get("url")
            if isinstance(inner, dict):
                return {**inner, **url} if isinstance(url, dict) else inner
            return held
    for name in _LINE:
        line = fields.get(name)
        found = _ONE.fullmatch(line) if isinstance(line, str) else None
        if found is not None:
            return {**fields, **found.groupdict()}
    return fields


def _answer(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    nothing: dict[str, Any] = {}
    held = next((fields[name] for name in _RESPONSE if isinstance(fields.get(name), dict)), nothing)
    inner = held.get("response")
    return inner if isinstance(inner, dict) else held


def _of_inner(fields: Mapping[str, Any]) -> Answered | None:
    """Read a request whose members stand together in one member, as winston and others put them."""
    for name in _WRAPPERS:
        inner = fields.get(name)
        if isinstance(inner, dict):
            found = _of_fields(inner)
            if found is not None:
                return found
    return None


def _of_rpc(fields: Mapping[str, Any]) -> Answered | None:
    """Give a call of gRPC, whose method is a path and whose code has a name."""
    method = _text(fields, "method", "grpc.method", "rpc.method", "fullMethod", "full_method")
    service = _text(fields, "grpc.service", "rpc.service")
    code = _text(fields, "code", "grpc.code", "grpc_code", "rpc.grpc.status_code", "status")
    status = None if code is None else _RPC.get(code.replace("_", "").lower())
    if method is None or status is None:
        return None
    path = method if method.startswith("/") else f"/{service}/{method}" if service else None
    if path is None or path.count("/") != 2:  # noqa: PLR2004 - a service and its method
        return None
    return Answered("POST", path, status, latency_of(fields))


def _text(fields: Mapping[str, Any], *names: str) -> str | None:
    """Give the first text by one of these names; of a list, as of headers, the first in it."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return None


def _status(fields: Mapping[str, Any]) -> int | None:
    for name in _STATUS:
        value = fields.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if type(value) is int and 100 <= value <= 599:  # noqa: PLR2004 - HTTP's statuses
            return value
    return None
