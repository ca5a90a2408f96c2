"""What clients and verifiers may read without a credential: metadata (RFC 8414) and keys."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from netra.wire import auth_api
from netra_auth.api.documentation import problems
from netra_auth.api.state import state_of
from netra_auth.grants.pkce import S256
from netra_auth.grants.public_clients import GrantType

router = APIRouter(tags=["metadata"])

_CACHE: Final = f"public, max-age={auth_api.JWKS_MAX_AGE_SECONDS}"
_SECRET_METHODS: Final = ["client_secret_basic", "client_secret_post"]


@router.get("/")
async def welcome() -> dict[str, str]:
    """Say which service this is."""
    return {"message": "Welcome to Netra Auth"}


@router.get(auth_api.METADATA_PATH, responses=problems(503))
async def metadata(request: Request, response: Response) -> dict[str, Any]:
    """Describe the authorization server (RFC 8414 section 2)."""
    response.headers["Cache-Control"] = _CACHE
    state = state_of(request)
    issuer = state.settings.issuer_url
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + auth_api.AUTHORIZE_PATH,
        "token_endpoint": issuer + auth_api.TOKEN_PATH,
        "jwks_uri": issuer + auth_api.JWKS_PATH,
        "introspection_endpoint": issuer + auth_api.INTROSPECT_PATH,
        "revocation_endpoint": issuer + auth_api.REVOKE_PATH,
        "scopes_supported": sorted(
            {scope for client in state.public_clients.values() for scope in client.scopes}
        ),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.value for grant in GrantType],
        "token_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": _SECRET_METHODS,
        "revocation_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
        "code_challenge_methods_supported": [S256],
        "authorization_response_iss_parameter_supported": True,
    }


@router.get(auth_api.JWKS_PATH, responses=problems(503))
async def keys(request: Request, response: Response) -> dict[str, list[dict[str, str]]]:
    """Publish the keys that verify access tokens (RFC 7517); none in shared-key mode."""
    in_force = await state_of(request).keyring.to_publish()
    response.headers["Cache-Control"] = _CACHE
    return dict(in_force.published)
