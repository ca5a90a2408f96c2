"""How routes declare their error answers in the OpenAPI document."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from netra.wire.problem import MEDIA_TYPE

_HEADER_TEXT: Final = {"schema": {"type": "string"}}
_RETRY_AFTER: Final = {"schema": {"type": "integer", "minimum": 1}}
_HEADERS: Final[Mapping[int, Mapping[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": _HEADER_TEXT},
    HTTPStatus.FORBIDDEN: {"WWW-Authenticate": _HEADER_TEXT},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": _RETRY_AFTER},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": _RETRY_AFTER},
}
_MEANINGS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "The request is malformed.",
    HTTPStatus.UNAUTHORIZED: "No credential, or one that was refused.",
    HTTPStatus.FORBIDDEN: "The caller is known and may not do this.",
    HTTPStatus.NOT_FOUND: "There is no such thing, or it belongs to someone else.",
    HTTPStatus.CONFLICT: "The request conflicts with what is stored.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A parameter or the body does not have the declared shape.",
    HTTPStatus.TOO_MANY_REQUESTS: "The caller must slow down.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of ours.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A dependency is down: neither yes nor no.",
}

PROBLEM_SCHEMA: Final[Mapping[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "problem"],
                "properties": {"at": {"type": "string"}, "problem": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare the given error answers, besides those every authenticated route can give."""
    every = (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    return {int(status): _problem(int(status)) for status in sorted({*every, *statuses})}


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _MEANINGS[status],
        "content": {MEDIA_TYPE: {"schema": dict(PROBLEM_SCHEMA)}},
    }
    if status in _HEADERS:
        answer["headers"] = dict(_HEADERS[status])
    return answer
