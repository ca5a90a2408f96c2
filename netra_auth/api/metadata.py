"""What clients and verifiers may read without a credential: metadata and keys.

RFC 8414 section 2 and OpenID Connect Discovery section 3: one document, so that the two agree.
With a shared key nobody outside could verify an id_token: there is no OpenID provider then, and
what belongs to one is left out.
"""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from netra.errors import NotFound
from netra.tokens import Algorithm
from netra.tokens.assertions import CLIENT_ALGORITHMS
from netra.wire import auth_admin, auth_api
from netra_auth.api.documentation import problems
from netra_auth.api.state import AuthState, state_of
from netra_auth.grants.authorization_request import Prompt
from netra_auth.grants.id_tokens import offers_openid
from netra_auth.grants.pkce import S256
from netra_auth.grants.public_clients import GrantType
from netra_auth.grants.relying_parties import person_scopes

router = APIRouter(tags=["metadata"])

_CACHE: Final = f"public, max-age={auth_api.JWKS_MAX_AGE_SECONDS}"
_SERVICE_METHODS: Final = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_ASSERTION_ALGORITHMS: Final = sorted(CLIENT_ALGORITHMS)
_ID_TOKEN_CLAIMS: Final = ["iss", "sub", "aud", "exp", "iat", "auth_time", "amr", "nonce", "sid"]
_USERINFO_CLAIMS: Final = ["email", "email_verified", "updated_at"]


@router.get("/")
async def welcome() -> dict[str, str]:
    """Say which service this is."""
    return {"message": "Welcome to Netra Auth"}


@router.get(auth_api.METADATA_PATH, responses=problems(503))
async def metadata(request: Request, response: Response) -> dict[str, Any]:
    """Describe the authorization server (RFC 8414 section 2)."""
    response.headers["Cache-Control"] = _CACHE
    state = state_of(request)
    if offers_openid(state.settings):
        return _server(state) | _openid_provider(state)
    return _server(state)


@router.get(auth_admin.OPENID_METADATA_PATH, responses=problems(404, 503))
async def openid_metadata(request: Request, response: Response) -> dict[str, Any]:
    """Describe the OpenID provider; there is none where tokens are signed with a shared key."""
    state = state_of(request)
    if not offers_openid(state.settings):
        raise NotFound("there is no OpenID provider with a shared key")
    response.headers["Cache-Control"] = _CACHE
    return _server(state) | _openid_provider(state)


@router.get(auth_api.JWKS_PATH, responses=problems(503))
async def keys(request: Request, response: Response) -> dict[str, list[dict[str, str]]]:
    """Publish the keys that verify access tokens (RFC 7517); none in shared-key mode."""
    in_force = await state_of(request).keyring.to_publish()
    response.headers["Cache-Control"] = _CACHE
    return dict(in_force.published)


def _server(state: AuthState) -> dict[str, Any]:
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
            | person_scopes(with_openid=offers_openid(state.settings))
        ),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.value for grant in GrantType],
        "token_endpoint_auth_methods_supported": [*_SERVICE_METHODS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": _SERVICE_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": [*_SERVICE_METHODS, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGORITHMS,
        "code_challenge_methods_supported": [S256],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["en"],
        "prompt_values_supported": [prompt.value for prompt in Prompt],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def _openid_provider(state: AuthState) -> dict[str, Any]:
    return {
        "userinfo_endpoint": state.settings.issuer_url + auth_admin.USERINFO_PATH,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [Algorithm.ES256.value],
        "claim_types_supported": ["normal"],
        "claims_supported": [*_ID_TOKEN_CLAIMS, *_USERINFO_CLAIMS],
        "display_values_supported": ["page"],
    }
