"""`GET /admin/audit` and `GET /admin/audit/chain`: the record, and whether it is whole."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Security

from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal
from netra.wire.auth_admin import (
    ADMIN_AUDIT_CHAIN_PATH,
    ADMIN_AUDIT_PATH,
    MAX_PAGE,
    AuditPage,
    ChainReport,
)
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of
from netra_auth.audit import Act, AuditEvent, Outcome
from netra_auth.audit.chain import Anchor
from netra_auth.store.repositories.audit_records import Selection

router = APIRouter(tags=["admin"], route_class=ProtectedRoute)

_MAX_NUMBER: Final = 2**53 - 1
_MAX_TIME: Final = 253_402_300_799.0

Auditor = Annotated[AuthenticatedPrincipal, Security(permitted(Permission.AUDIT_READ))]
Named = Annotated[str | None, Query(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get(ADMIN_AUDIT_PATH, responses=problems(400, 401, 403, 422, 503))
async def read_audit(
    request: Request,
    auditor: Auditor,
    after: Annotated[int, Query(ge=0, le=_MAX_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    event: Named = None,
    actor: Named = None,
    subject: Named = None,
    since: Annotated[float | None, Query(ge=0, le=_MAX_TIME, allow_inf_nan=False)] = None,
) -> AuditPage:
    """Read the record in the order of its chain, from behind a number on.

    That somebody began to read is itself recorded, with the first page.
    """
    state = state_of(request)
    if after == 0:
        await _note(request, auditor, "the record is read")
    which = Selection(event=event, actor=actor, subject=subject, since=since)
    return await state.audit_records.page(after, limit, which)


@router.get(ADMIN_AUDIT_CHAIN_PATH, responses=problems(400, 401, 403, 422, 503))
async def verify_chain(
    request: Request,
    auditor: Auditor,
    anchor: Annotated[
        str | None,
        Query(
            pattern=r"^[1-9][0-9]{0,14}:[0-9a-f]{64}$",
            description="`seq:chain_hash` of a row, as a log line or an earlier report told it.",
        ),
    ] = None,
) -> ChainReport:
    """Say whether the record is whole: nothing changed, left out, put in, moved or cut off."""
    await _note(request, auditor, "the chain is verified")
    seq, _, chain_hash = (anchor or "").partition(":")
    known = Anchor(int(seq), chain_hash) if anchor else None
    return await state_of(request).audit_records.verified(known)


async def _note(request: Request, auditor: AuthenticatedPrincipal, what: str) -> None:
    act = Act(
        event=AuditEvent.AUDIT_READ,
        outcome=Outcome.SUCCESS,
        origin=origin_of(request),
        actor=str(auditor),
        reason=what,
    )
    await state_of(request).audit.note_alone(act)
