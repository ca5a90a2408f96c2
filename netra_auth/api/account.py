"""`/account`: the page of one's own account, for whoever is logged in here with a browser."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from netra.errors import ContentInvalid, NetraError, NotFound, PermissionDenied
from netra.telemetry import authentication_refused, event_logger, request_record
from netra.wire.auth_admin import ACCOUNT_PATH, ConsentRecord, SessionRecord
from netra.wire.auth_api import CHAT_PATH, LOGIN_PATH
from netra_auth.api.forms import see_other
from netra_auth.api.login import without_session
from netra_auth.api.own_page import Visit, own_page
from netra_auth.api.request_rates import page_rate
from netra_auth.api.shown import device_name, moment, wishes
from netra_auth.api.state import AuthState, state_of
from netra_auth.api.transport import secure_transport

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(secure_transport), Depends(page_rate)]
)

_log = event_logger("netra_auth.api")
_DONE: Final = MappingProxyType(
    {
        "session": "That session has ended.",
        "sessions": "Every other session has ended.",
        "password": "Your password is changed, and every other session has ended.",
        "consent": "The program can no longer act for you.",
        "second-factor-off": "The second factor is off.",
    }
)
"""What a redirect back to this page may say; nothing else a caller writes is shown."""


@router.get(ACCOUNT_PATH)
@own_page
async def account_page(request: Request, visit: Visit) -> Response:
    """Show the account of whoever is in."""
    return await _page(request, visit)


@router.post(f"{ACCOUNT_PATH}/sessions/end")
@own_page
async def end_session(request: Request, visit: Visit) -> Response:
    """End one of the person's sessions."""
    session_id, user_id = visit.field("session_id"), visit.user_id
    try:
        await state_of(request).person_sessions.end(session_id, user_id, user_id, visit.origin)
    except NotFound:
        # It ended by itself meanwhile, or was never theirs: the page shows what there is.
        return see_other(ACCOUNT_PATH)
    if session_id == visit.session.session_id:
        return without_session(request, LOGIN_PATH)
    return _done("session")


@router.post(f"{ACCOUNT_PATH}/sessions/end-others")
@own_page
async def end_other_sessions(request: Request, visit: Visit) -> Response:
    """End every session of the person but this one."""
    await state_of(request).person_sessions.end_all(
        visit.user_id, visit.user_id, visit.origin, but=visit.session.session_id
    )
    return _done("sessions")


@router.post(f"{ACCOUNT_PATH}/password")
@own_page
async def change_password(request: Request, visit: Visit) -> Response:
    """Change the password against the present one."""
    try:
        await state_of(request).password_changes.change(
            visit.user_id,
            visit.session.session_id,
            visit.secret("current_password"),
            visit.secret("new_password"),
            visit.origin,
        )
    except (PermissionDenied, ContentInvalid) as error:
        return await _page(request, visit, "password", error)
    return _done("password")


@router.post(f"{ACCOUNT_PATH}/consents/remove")
@own_page
async def remove_consent(request: Request, visit: Visit) -> Response:
    """Take back what the person allowed a program."""
    try:
        await state_of(request).consents.remove(
            visit.user_id, visit.field("client_id"), visit.origin
        )
    except NotFound:
        return see_other(ACCOUNT_PATH)
    return _done("consent")


@router.post(f"{ACCOUNT_PATH}/export")
@own_page
async def export(request: Request, visit: Visit) -> Response:
    """Give the person everything the service holds of them, as a file."""
    exported = await state_of(request).account_exports.of(
        visit.user_id, visit.user_id, visit.origin
    )
    return Response(
        exported.model_dump_json(indent=2),
        media_type="application/json",
        headers={
            "Content-Disposition": 'attachment; filename="netra-account.json"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.post(f"{ACCOUNT_PATH}/delete")
@own_page
async def delete(request: Request, visit: Visit) -> Response:
    """Erase the person's account against their password."""
    state, password = state_of(request), visit.secret("password")
    try:
        await state.password_proof.require(
            visit.user_id, password, "delete the account", visit.origin
        )
    except PermissionDenied as error:
        return await _page(request, visit, "delete", error)
    await state.users.erase(visit.user_id, visit.user_id, visit.origin)
    return without_session(request, LOGIN_PATH)


def note_refusal(request: Request, error: NetraError) -> None:
    """Log that a page refused a password or a code, as the API does."""
    if isinstance(error, PermissionDenied):
        authentication_refused(_log, request_record(request.scope), error)


async def _page(
    request: Request,
    visit: Visit,
    section: str | None = None,
    error: NetraError | None = None,
) -> Response:
    """Write the page; a refusal stands in the section whose form it answers."""
    state, user_id = state_of(request), visit.user_id
    problems: Mapping[str, str] = {}
    if section is not None and error is not None:
        note_refusal(request, error)
        problems = {section: error.detail or error.public_text}
    sessions = await state.person_sessions.of(user_id, visit.session.session_id)
    consents = await state.consents.of(user_id)
    second_factor = await state.second_factors.state(user_id)
    return state.pages.render(
        request,
        "account.html",
        status=200 if error is None else error.status,
        email=visit.session.user.email,
        notice=_DONE.get(request.query_params.get("done", "")),
        problems=problems,
        sessions=[_shown_session(record) for record in sessions],
        consents=[await _shown_consent(record, state) for record in consents],
        second_factor=second_factor,
        is_second_factor_offered=state.second_factors.is_offered,
        chat_url=chat_url(state),
    )


def chat_url(state: AuthState) -> str | None:
    """Say where the chat page is, if anywhere."""
    origins = state.settings.chat_origins
    return f"{origins[0]}{CHAT_PATH}" if origins else None


def _shown_session(record: SessionRecord) -> Mapping[str, object]:
    return {
        "session_id": record.session_id,
        "device": device_name(record.user_agent),
        "address": record.address,
        "began": moment(record.created_at),
        "seen": moment(record.last_seen_at),
        "with_second_factor": "otp" in record.methods,
        "is_current": record.is_current,
    }


async def _shown_consent(record: ConsentRecord, state: AuthState) -> Mapping[str, object]:
    known = await state.user_clients.find(record.client_id)
    return {
        "client_id": record.client_id,
        # One that is registered no more is known by its id alone.
        "name": record.client_id if known is None else known.name,
        "wishes": wishes(record.scope),
        "granted": moment(record.granted_at),
    }


def _done(what: str) -> Response:
    # The fragment keeps the browser from going on to the form's own section.
    return see_other(f"{ACCOUNT_PATH}?done={what}#notice")
