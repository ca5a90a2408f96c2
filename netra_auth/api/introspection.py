"""`POST /introspect` (RFC 7662)."""

from fastapi import APIRouter, Request, Security

from netra.wire.auth_api import INTROSPECT_PATH, IntrospectionResponse
from netra_auth.api.documentation import oauth_errors
from netra_auth.api.form_route import FormRoute
from netra_auth.api.presented_client import client_secret_basic
from netra_auth.api.state import state_of
from netra_auth.api.token_in_question import TOKEN_FORM, token_in_question
from netra_auth.limits import table

router = APIRouter(tags=["oauth"], route_class=FormRoute)


@router.post(
    INTROSPECT_PATH,
    response_model_exclude_none=True,
    dependencies=[Security(client_secret_basic)],
    responses=oauth_errors(400, 401, 403),
    openapi_extra=TOKEN_FORM,
)
async def introspect(request: Request) -> IntrospectionResponse:
    """Say whether a token is in force, and what it is."""
    asked = await token_in_question(request, table.SERVICE_INTROSPECTIONS)
    return await state_of(request).introspection.introspect(
        asked.client, asked.unverified_token, asked.origin
    )
