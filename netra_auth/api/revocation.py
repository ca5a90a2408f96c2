"""`POST /revoke` (RFC 7009)."""

from fastapi import APIRouter, Request, Response, Security

from netra.wire.auth_api import REVOKE_PATH
from netra_auth.api.documentation import oauth_errors
from netra_auth.api.form_route import FormRoute
from netra_auth.api.presented_client import client_secret_basic
from netra_auth.api.state import state_of
from netra_auth.api.token_in_question import TOKEN_FORM, token_in_question
from netra_auth.limits import table

router = APIRouter(tags=["oauth"], route_class=FormRoute)


@router.post(
    REVOKE_PATH,
    response_class=Response,
    dependencies=[Security(client_secret_basic)],
    responses=oauth_errors(400, 401, 403),
    openapi_extra=TOKEN_FORM,
)
async def revoke(request: Request) -> Response:
    """End a token; the answer is the same if there was none."""
    asked = await token_in_question(request, table.SERVICE_REVOCATIONS)
    await state_of(request).token_revocation.revoke(
        asked.client, asked.unverified_token, asked.origin
    )
    return Response(headers={"Cache-Control": "no-store"})
