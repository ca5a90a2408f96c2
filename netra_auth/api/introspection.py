"""`POST /introspect` (RFC 7662)."""

from fastapi import APIRouter, Request, Security

from netra.telemetry import Stage, request_record
from netra.wire.auth_api import INTROSPECT_PATH, IntrospectionResponse
from netra_auth.api.documentation import PRESENT, PRINTABLE, Text, form_body, oauth_errors
from netra_auth.api.form_route import FormRoute
from netra_auth.api.presented_client import (
    CLIENT_ID,
    client_secret_basic,
    oauth_form,
    presented_client,
)
from netra_auth.api.request_rates import admit_client
from netra_auth.api.state import origin_of, state_of
from netra_auth.grants.errors import invalid_request
from netra_auth.limits import table

router = APIRouter(tags=["oauth"], route_class=FormRoute)


@router.post(
    INTROSPECT_PATH,
    response_model_exclude_none=True,
    dependencies=[Security(client_secret_basic)],
    responses=oauth_errors(400, 401, 403),
    openapi_extra=form_body(
        token=Text("The token in question.", required=True, pattern=PRESENT),
        token_type_hint=Text("Not needed; taken and ignored.", pattern=PRINTABLE),
        client_id=CLIENT_ID,
    ),
)
async def introspect(request: Request) -> IntrospectionResponse:
    """Say whether a token is in force, and what it is."""
    state, origin = state_of(request), origin_of(request)
    record = request_record(request.scope)
    record.stage = Stage.AUTHENTICATION
    parameters = await oauth_form(request)
    client = await state.clients.authenticate(presented_client(request, parameters), origin)
    await admit_client(request, client, origin, table.SERVICE_INTROSPECTIONS)
    record.stage = Stage.HANDLER
    unverified_token = parameters.values.get("token")
    if unverified_token is None:
        raise invalid_request("token is missing.")
    return await state.introspection.introspect(client, unverified_token, origin)
