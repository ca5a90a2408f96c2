"""An API (Starlette, joserfc) whose verifier keeps a key set of its own."""

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any, Final

import anyio.to_thread
from corpus.making.network.services.saying import Traced, log_as
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

LOG: Final = log_as("reports")
URL: Final = os.environ["OIDC_KEYS_URL"]
LIFE: Final = float(os.environ.get("OIDC_KEYS_TTL", "3600"))


class Keys:
    """The key set, read again when it is old."""

    def __init__(self) -> None:
        self.read_at = float("-inf")
        self.keys = KeySet([])

    def current(self) -> KeySet:
        """Give the key set; what cannot be read is an error of the caller's."""
        if time.monotonic() - self.read_at > LIFE:
            timeout = float(os.environ.get("OIDC_TIMEOUT", "10"))
            with urllib.request.urlopen(URL, timeout=timeout) as answer:  # noqa: S310 - Its own configuration.
                self.keys = KeySet.import_key_set(json.load(answer))
            self.read_at = time.monotonic()
            LOG.info("key set loaded", extra={"fields": {"keys": len(self.keys.keys)}})
        return self.keys


KEYS: Final = Keys()
CLAIMS: Final = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": os.environ["OIDC_ISSUER"]},
    aud={"essential": True, "value": os.environ.get("OIDC_AUDIENCE", "api")},
)


def _verified(text: str) -> dict[str, Any]:
    keys = KEYS.current()
    token = jwt.decode(text, keys, algorithms=["RS256"])
    CLAIMS.validate(token.claims)
    return dict(token.claims)


async def report(request: Request) -> Response:
    """Give a report to who may see it."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise HTTPException(401, "credential missing")
    try:
        claims = await anyio.to_thread.run_sync(_verified, text)
    except (JoseError, ValueError, AuthenticationError) as error:
        told = {"error": type(error).__name__, "detail": str(error), "path": request.url.path}
        LOG.warning("auth.denied", extra={"fields": told})
        raise HTTPException(401, "credential not accepted") from error
    except (urllib.error.URLError, TimeoutError) as error:
        LOG.error("auth.keys_unavailable", extra={"fields": {"url": URL, "error": repr(error)}})
        if os.environ.get("ON_OUTAGE") == "401":
            raise HTTPException(401, "credential not accepted") from error
        raise HTTPException(503, "try again") from error
    return JSONResponse({"for": claims["sub"], "rows": 12})


async def ping(request: Request) -> Response:
    """Say that the process lives."""
    del request
    return PlainTextResponse("pong")


app = Traced(Starlette(routes=[Route("/reports/{name}", report), Route("/ping", ping)]))
