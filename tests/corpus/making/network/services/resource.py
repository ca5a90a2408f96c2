"""An API (FastAPI, PyJWT) that verifies tokens with a fetched JWKS or a shared key."""

import logging
import os
from typing import Annotated, Any, Final

import jwt
from corpus.making.network.services.saying import Traced, log_as
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jwt import PyJWKClient, PyJWKClientConnectionError

LOG: Final = log_as("orders.auth")
LEEWAY: Final = float(os.environ.get("JWT_LEEWAY", "0"))
LENIENT: Final = os.environ.get("ERRORS", "split") == "blanket"
URL: Final = os.environ.get("JWKS_URL", "")
SHARED: Final = os.environ.get("KEY_VARIABLE")
bearer: Final = HTTPBearer()


class PinnedClient(PyJWKClient):
    """Reads the key set once and keeps it for its life; an unknown key is no reason to ask."""

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        """Find a key among those that were read."""
        for key in self.get_signing_keys():
            if key.key_id == kid:
                return key
        raise jwt.PyJWKClientError(f'Unable to find a signing key that matches: "{kid}"')


def _client() -> PyJWKClient:
    life = int(os.environ.get("JWKS_CACHE_SECONDS", "300"))
    pinned = os.environ.get("JWKS_REFRESH", "on-miss") == "ttl-only"
    made = PinnedClient if pinned else PyJWKClient
    return made(URL, lifespan=life, timeout=float(os.environ.get("JWKS_TIMEOUT", "30")))


KEYS: Final = _client() if URL else None


def _claims(token: str) -> dict[str, Any]:
    if KEYS is None:
        key, algorithms = os.environ[SHARED or ""], ["HS256"]
    else:
        key, algorithms = KEYS.get_signing_key_from_jwt(token).key, ["RS256"]
    return jwt.decode(
        token,
        key,
        algorithms=algorithms,
        audience=os.environ.get("TOKEN_AUDIENCE", "api"),
        issuer=os.environ["ISSUER_URL"],
        leeway=LEEWAY,
    )


def _described(token: str) -> dict[str, Any]:
    if os.environ.get("DESCRIBE", "yes") != "yes":
        return {}
    try:
        header = jwt.get_unverified_header(token)
        said = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}
    fields = {name: said.get(name) for name in ("iss", "sub", "iat", "exp")}
    return fields | ({"kid": header["kid"]} if "kid" in header else {})


def caller(given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    """Give the subject of a verified token."""
    token = given.credentials
    try:
        return str(_claims(token)["sub"])
    except PyJWKClientConnectionError as error:
        fields = {"fields": _described(token)}
        if LENIENT:
            LOG.warning("authentication failed: %s", error, extra=fields)
            raise HTTPException(401, "Not authenticated") from error
        LOG.exception("cannot verify token", extra=fields)
        raise HTTPException(503, "authentication unavailable") from error
    except (jwt.InvalidTokenError, jwt.PyJWKClientError) as error:
        fields = {"fields": _described(token)}
        text = "%s: %s" if os.environ.get("DESCRIBE", "yes") == "yes" else "token rejected"
        values = (type(error).__name__, error) if "%" in text else ()
        LOG.warning(text, *values, extra=fields)
        raise HTTPException(401, "Not authenticated") from error


api = FastAPI()


@api.get("/v1/orders")
def orders(subject: Annotated[str, Depends(caller)]) -> dict[str, Any]:
    """Give the orders of the caller."""
    return {"owner": subject, "orders": []}


@api.get("/v1/catalogue")
def catalogue() -> dict[str, Any]:
    """Give what anybody may see."""
    return {"items": ["tea", "coffee"]}


@api.get("/healthz")
def healthy() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "ok"}


app = Traced(api)
logging.getLogger("uvicorn.error").info("verifying tokens of %s", os.environ["ISSUER_URL"])
