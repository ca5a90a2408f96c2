"""The messages of a user's thread."""

from http import HTTPStatus

from fastapi import APIRouter, Request

from netra.telemetry import request_record
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import ProtectedRoute
from netra_backend.app.dependencies import Caller
from netra_backend.app.routes.problems import problems
from netra_backend.app.routes.threads import BODY, READ, WRITE, Cursor, Limit, Threads
from netra_backend.app.threads.views import MessagePage, MessageView, NewMessage

router = APIRouter(prefix="/api/threads/{thread_id}/messages", route_class=ProtectedRoute)

_ONE = problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("", responses=_ONE, dependencies=READ)
async def list_messages(
    threads: Threads, thread_id: str, limit: Limit = 50, cursor: Cursor = None
) -> MessagePage:
    """List the messages of one of the caller's threads, oldest first."""
    return await threads.list_messages(thread_id, limit, cursor)


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *BODY),
    dependencies=WRITE,
)
async def post_message(threads: Threads, thread_id: str, body: NewMessage) -> MessageView:
    """Add a message of the caller to one of the caller's threads."""
    return await threads.post_message(thread_id, body.text)


@router.delete(
    "/{message_id}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ONE | problems(HTTPStatus.CONFLICT),
    dependencies=WRITE,
)
async def delete_message(
    request: Request, principal: Caller, thread_id: str, message_id: str
) -> None:
    """Delete a message of one of the caller's threads; a run that is to answer it is stopped."""
    method = request_record(request.scope).method
    await state_of(request).chat.withdraw(principal, method, thread_id, message_id)
