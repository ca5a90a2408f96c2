"""Every error of a request, written as a problem document and booked on the stage it came from.

What a problem document looks like is `netra.wire.problem`'s; what escapes all of this is caught by
`netra.telemetry.request_context`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from netra.errors import (
    ContentInvalid,
    ContentTooLarge,
    CouldNotDecide,
    InternalError,
    NetraError,
    NotFound,
    PermissionDenied,
    RequestInvalid,
)
from netra.telemetry.log_events import event_logger
from netra.telemetry.request_record import RequestRecord, Stage, request_record
from netra.wire.problem import MEDIA_TYPE, problem_response

_log = event_logger("error_handlers")

_MAX_FIELDS: Final = 20
_MAX_FIELD_TEXT: Final = 200
_OF_THE_FRAMEWORK: Final[Mapping[int, type[NetraError]]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ContentTooLarge,
}
_BOOKED_BY_AUTH: Final = frozenset({Stage.AUTHENTICATION, Stage.AUTHORIZATION})
"""`auth_integration` writes the event itself, with what it alone knows."""

_DETAILS: Final[Mapping[int, str]] = {
    HTTPStatus.METHOD_NOT_ALLOWED: "This method is not allowed here.",
    HTTPStatus.BAD_REQUEST: "The body could not be read.",
}


def add_error_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer our own errors and the framework's with problem documents.

    Args:
        app: The app.
        routes: All its routes; a 405 names the methods of every one that has the path.
    """
    app.add_exception_handler(NetraError, _answer_own)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, partial(_answer_framework, routes))


async def _answer_own(request: Request, error: Exception) -> Response:
    if not isinstance(error, NetraError):
        raise error
    record = request_record(request.scope)
    _book(record, error)
    return _answer(error, record)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = tuple(_field(item) for item in error.errors()[:_MAX_FIELDS])
    return _answer(ContentInvalid(), request_record(request.scope), fields=fields)


async def _answer_framework(
    routes: Sequence[BaseRoute], request: Request, error: Exception
) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _OF_THE_FRAMEWORK.get(status, InternalError if fault else RequestInvalid)
    answer = _answer(
        kind(detail=_DETAILS.get(status)), request_record(request.scope), status=status
    )
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    if status == HTTPStatus.METHOD_NOT_ALLOWED and (allowed := _allowed(routes, request)):
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _allowed(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """Collect the methods of every route with the request's path (RFC 9110 section 15.5.6)."""
    with_path = (r for r in routes if r.matches(request.scope)[0] is not Match.NONE)
    return {method for route in with_path for method in getattr(route, "methods", ())}


def _book(record: RequestRecord, error: NetraError) -> None:
    """Write the event an error deserves, on the identity and the stage that caused it (R5)."""
    facts: dict[str, Any] = {
        "principal": str(record.principal),
        "principal_kind": record.principal.kind.value,
        "stage": record.stage.value,
        "error_code": error.code,
        "reason": error.reason,
    }
    if record.stage in _BOOKED_BY_AUTH:
        return
    if isinstance(error, PermissionDenied):
        _log.warning("permission_denied", user_type=facts["principal_kind"], **facts)
    elif isinstance(error, CouldNotDecide):
        _log.warning("request_not_decided", **facts)
    elif error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("request_failed", exc_info=error, **facts)


def _field(item: Mapping[str, Any]) -> dict[str, str]:
    """Say where and what, never the value; a member's name may hold what is no text."""
    at = ".".join(str(part) for part in item["loc"])
    return {"at": _as_text(at), "problem": _as_text(str(item["msg"]))}


def _as_text(text: str) -> str:
    return text[:_MAX_FIELD_TEXT].encode("utf-8", "replace").decode()


def _answer(
    error: NetraError,
    record: RequestRecord,
    *,
    status: int | None = None,
    fields: tuple[dict[str, str], ...] = (),
) -> Response:
    problem = problem_response(error, record.request_id, status=status, fields=fields)
    return Response(
        problem.body, problem.status, headers=dict(problem.headers), media_type=MEDIA_TYPE
    )
