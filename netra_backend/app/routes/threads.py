"""A user's threads."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from netra.policy import Permission
from netra.telemetry import request_record
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import ProtectedRoute, permitted
from netra_backend.app.dependencies import Caller, SessionDep
from netra_backend.app.routes.problems import problems
from netra_backend.app.threads.cursor import MAX_CURSOR
from netra_backend.app.threads.search_turns import search_turns
from netra_backend.app.threads.search_words import MAX_SEARCH
from netra_backend.app.threads.service import ThreadService
from netra_backend.app.threads.views import ThreadPage, ThreadTitle, ThreadView

router = APIRouter(prefix="/api/threads", route_class=ProtectedRoute)

READ = [Depends(permitted(Permission.THREADS_READ))]
WRITE = [Depends(permitted(Permission.THREADS_WRITE))]

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(min_length=1, max_length=MAX_CURSOR)]
Search = Annotated[str, Query(max_length=MAX_SEARCH)]

_INVALID = HTTPStatus.UNPROCESSABLE_ENTITY
_LIST = problems(_INVALID, HTTPStatus.TOO_MANY_REQUESTS)
_ONE = problems(HTTPStatus.NOT_FOUND, _INVALID)
BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _INVALID)


def thread_service(request: Request, session: SessionDep) -> ThreadService:
    """Give the service that acts within the caller's session."""
    return ThreadService(session, state_of(request).clock)


Threads = Annotated[ThreadService, Depends(thread_service)]


async def search_turn(principal: Caller, search: Search = "") -> AsyncIterator[None]:
    """Wait for the caller's turn if they search, before a session is opened for it.

    Raises:
        TooManyRequests: Their last search goes on, or too many others wait.
    """
    if not search.strip():
        yield
        return
    async with search_turns().turn_of(str(principal)):
        yield


@router.get("", responses=_LIST, dependencies=[*READ, Depends(search_turn, scope="function")])
async def list_threads(
    threads: Threads, limit: Limit = 50, cursor: Cursor = None, search: Search = ""
) -> ThreadPage:
    """List the caller's threads, newest first.

    With `search`, those whose title, or one of whose latest messages, has all the words.
    """
    return await threads.list_threads(limit, cursor, search)


@router.post("", status_code=HTTPStatus.CREATED, responses=problems(*BODY), dependencies=WRITE)
async def create_thread(threads: Threads, body: ThreadTitle) -> ThreadView:
    """Begin a thread."""
    return await threads.create_thread(body.title)


@router.get("/{thread_id}", responses=_ONE, dependencies=READ)
async def read_thread(threads: Threads, thread_id: str) -> ThreadView:
    """Read one of the caller's threads."""
    return await threads.read_thread(thread_id)


@router.patch("/{thread_id}", responses=problems(HTTPStatus.NOT_FOUND, *BODY), dependencies=WRITE)
async def rename_thread(threads: Threads, thread_id: str, body: ThreadTitle) -> ThreadView:
    """Give one of the caller's threads another title."""
    return await threads.rename_thread(thread_id, body.title)


@router.delete(
    "/{thread_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ONE | problems(HTTPStatus.CONFLICT),
    dependencies=WRITE,
)
async def delete_thread(request: Request, principal: Caller, thread_id: str) -> None:
    """Delete one of the caller's threads and its messages; what runs in it is stopped first."""
    method = request_record(request.scope).method
    await state_of(request).chat.delete_thread(principal, method, thread_id)
