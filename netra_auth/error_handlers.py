"""How errors become answers: OAuth's own form where a client speaks OAuth, problems elsewhere.

A person's browser gets a page instead of a document. What an error is worth is decided where it is
raised.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from netra.errors import (
    ContentInvalid,
    ContentTooLarge,
    CredentialError,
    NetraError,
    NotFound,
    PermissionDenied,
    RequestInvalid,
)
from netra.telemetry import authentication_refused, event_logger, request_record
from netra.wire.auth_api import OAuthErrorResponse
from netra.wire.problem import MEDIA_TYPE, problem_response
from netra_auth.grants.errors import InvalidClient, OAuthError

_log = event_logger("netra_auth.errors")

_NOT_FOUND: Final = 404
_METHOD_NOT_ALLOWED: Final = 405
_MAX_FIELDS: Final = 20
_MAX_FIELD_TEXT: Final = 200
_TOO_LARGE: Final = 413
_CLIENT_CHALLENGE: Final = 'Basic realm="netra"'

PageOf = Callable[[Request, NetraError], Response]
"""Writes an error as a page; injected, since pages belong to the api room."""


class _MethodNotAllowed(RequestInvalid):
    code = "method_not_allowed"
    public_text = "This method is not allowed here."


def add_error_handlers(app: FastAPI, page_of: PageOf, routes: Sequence[BaseRoute]) -> None:
    """Give an application an answer for every error that leaves a route.

    Args:
        app: The application.
        page_of: Writes an error as a page.
        routes: All its routes; a 405 names the methods of every one that has the path.
    """

    async def netra_error(request: Request, error: Exception) -> Response:
        if not isinstance(error, NetraError):
            raise error
        if isinstance(error, CredentialError | PermissionDenied):
            authentication_refused(_log, request_record(request.scope), error)
        elif error.status >= 500:  # noqa: PLR2004 - the server's own faults, RFC 9110
            _log.error("dependency_unavailable", error_code=error.code, reason=error.reason)
        answer = _problem(request, error)
        return _as_page(page_of(request, error), answer) if _wants_page(request) else answer

    async def oauth_error(_request: Request, error: Exception) -> Response:
        if not isinstance(error, OAuthError):
            raise error
        return _oauth(error)

    app.add_exception_handler(OAuthError, oauth_error)
    app.add_exception_handler(NetraError, netra_error)
    app.add_exception_handler(RequestValidationError, _invalid_content)
    app.add_exception_handler(HTTPException, partial(_framework_error, routes))


def _oauth(error: OAuthError) -> Response:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if isinstance(error, InvalidClient):
        headers["WWW-Authenticate"] = _CLIENT_CHALLENGE
    body = OAuthErrorResponse(error=error.error.value, error_description=error.description)
    return JSONResponse(body.model_dump(), error.status, headers)


def _problem(
    request: Request,
    error: NetraError,
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    fields: tuple[dict[str, str], ...] = (),
) -> Response:
    record = request_record(request.scope)
    written = problem_response(error, record.request_id, status=status, fields=fields)
    response = Response(written.body, written.status, headers, MEDIA_TYPE)
    for name, value in written.headers:
        response.headers[name] = value
    return response


def _as_page(page: Response, answer: Response) -> Response:
    """Give a page the headers of the document it stands for."""
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page


async def _invalid_content(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = tuple(
        {
            "at": ".".join(str(part) for part in fault["loc"])[:_MAX_FIELD_TEXT],
            "problem": str(fault["msg"])[:_MAX_FIELD_TEXT],
        }
        for fault in error.errors()[:_MAX_FIELDS]
    )
    return _problem(
        request, ContentInvalid("the request has not the declared shape"), fields=fields
    )


async def _framework_error(
    routes: Sequence[BaseRoute], request: Request, error: Exception
) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == _NOT_FOUND:
        return _problem(request, NotFound("no such route"), headers=headers)
    if error.status_code == _METHOD_NOT_ALLOWED:
        if allowed := _allowed(routes, request):
            headers["Allow"] = ", ".join(sorted(allowed))
        return _problem(request, _MethodNotAllowed(), status=_METHOD_NOT_ALLOWED, headers=headers)
    if error.status_code == _TOO_LARGE:
        return _problem(request, ContentTooLarge(), headers=headers)
    return _problem(request, RequestInvalid("the framework refused the request"), headers=headers)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """Collect the methods of the resource a request names (RFC 9110 section 15.5.6).

    It is the first route's with the request's path: a later one may take the path's last part for
    somebody's id.
    """
    matching = (r for r in routes if r.matches(request.scope)[0] is not Match.NONE)
    path = getattr(next(matching, None), "path", None)
    of_path = (route for route in routes if getattr(route, "path", None) == path)
    return {method for route in of_path for method in getattr(route, "methods", ())}


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
