"""`/userinfo`: what a relying party may know of the person its token is for (OIDC Core 5.3)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security

from netra.errors import CredentialRejected, PermissionDenied
from netra.policy import CredentialMethod
from netra.telemetry import Stage, request_record
from netra.tokens import SignedClaims, principal_of
from netra.wire.auth_admin import USERINFO_PATH
from netra.wire.auth_api import UserInfo
from netra_auth.api.bearer import access_token
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.audit import ANONYMOUS_ACTOR, Act, AuditEvent, Outcome

router = APIRouter(tags=["oauth"], dependencies=[Depends(secure_transport)])


async def _verified(
    request: Request, unverified_token: Annotated[str, Security(access_token)]
) -> SignedClaims:
    record = request_record(request.scope)
    try:
        claims = await state_of(request).own_tokens.meant_for_userinfo(unverified_token)
    except CredentialRejected as error:
        await _note_refusal(request, error.reason)
        raise
    record.principal = principal_of(claims)
    record.method = CredentialMethod.BEARER
    record.stage = Stage.HANDLER
    return claims


@router.get(USERINFO_PATH, response_model_exclude_none=True, responses=problems(400, 401, 403, 503))
@router.post(
    USERINFO_PATH,
    response_model_exclude_none=True,
    responses=problems(400, 401, 403, 503),
    operation_id="userinfo_by_post",
)
async def userinfo(
    request: Request, response: Response, claims: Annotated[SignedClaims, Security(_verified)]
) -> UserInfo:
    """Say who the token's person is, as far as its scope goes. The token comes in the header."""
    response.headers["Cache-Control"] = "no-store"
    try:
        return await state_of(request).userinfo.of(claims)
    except PermissionDenied as error:
        await _note_refusal(request, error.reason, claims)
        raise


async def _note_refusal(request: Request, reason: str, claims: SignedClaims | None = None) -> None:
    act = Act(
        event=AuditEvent.ACCESS_REFUSED,
        outcome=Outcome.REFUSED,
        origin=origin_of(request),
        actor=ANONYMOUS_ACTOR if claims is None else str(principal_of(claims)),
        client_id=None if claims is None else claims.client_id,
        reason=reason,
    )
    await state_of(request).audit.note_alone(act)
