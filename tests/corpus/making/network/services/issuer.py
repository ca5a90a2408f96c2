"""An identity service: issues tokens signed with the keys it finds in a folder, serves its JWKS."""

import json
import os
import time
from pathlib import Path
from typing import Any, Final

import jwt
from corpus.making.network.services.saying import Traced, log_as
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

LOG: Final = log_as("identity")
KEYS: Final = Path(os.environ.get("KEYS_DIR", "/none"))
LIFE: Final = int(os.environ.get("TOKEN_LIFE", "900"))
ISSUER: Final = os.environ["ISSUER_URL"]
AUDIENCE: Final = os.environ.get("TOKEN_AUDIENCE", "api")


def _private(kid: str) -> RSAPrivateKey:
    key = load_pem_private_key((KEYS / f"{kid}.pem").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


async def token(request: Request) -> Response:
    """Issue a token for the subject that asks."""
    asked = await request.json()
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": asked["sub"],
        "iat": now,
        "nbf": now,
        "exp": now + LIFE,
    }
    shared = os.environ.get("KEY_VARIABLE")
    if shared:
        signed = jwt.encode(claims, os.environ[shared], algorithm="HS256")
        LOG.info("issued access token", extra={"fields": {"sub": asked["sub"], "iat": now}})
    else:
        kid = (KEYS / "active").read_text().strip()
        signed = jwt.encode(claims, _private(kid), algorithm="RS256", headers={"kid": kid})
        fields = {"sub": asked["sub"], "kid": kid, "iat": now}
        LOG.info("issued access token", extra={"fields": fields})
    return JSONResponse({"access_token": signed, "token_type": "Bearer", "expires_in": LIFE})


async def jwks(request: Request) -> Response:
    """Give the public keys, of all that are in the folder."""
    del request
    keys: list[dict[str, Any]] = []
    for path in sorted(KEYS.glob("*.pem")):
        public = json.loads(RSAAlgorithm.to_jwk(_private(path.stem).public_key()))
        keys.append(
            public | {"kid": path.stem, "alg": "RS256", "use": "sig", "key_ops": ["verify"]}
        )
    return JSONResponse({"keys": keys}, headers={"Cache-Control": "public, max-age=600"})


async def healthy(request: Request) -> Response:
    """Say that the process lives."""
    del request
    return PlainTextResponse("ok")


app = Traced(
    Starlette(
        routes=[
            Route("/oauth/token", token, methods=["POST"]),
            Route("/.well-known/jwks.json", jwks),
            Route("/healthz", healthy),
        ]
    )
)
LOG.info("identity service ready, issuer %s", ISSUER)
