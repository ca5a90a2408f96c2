"""Stands for the cloud's token endpoint: knows which keys of a service account are alive."""

import json
import os
import time
from pathlib import Path

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def _live() -> list[str]:
    return list(json.loads(Path(os.environ["LIVE_KEYS"]).read_text()))


async def token(request: Request) -> Response:
    """Answer a JWT bearer grant as the documented endpoint does."""
    form = (await request.body()).decode()
    assertion = dict(pair.split("=", 1) for pair in form.split("&"))["assertion"]
    known = _live()
    said = jwt.decode(assertion, options={"verify_signature": False})
    if jwt.get_unverified_header(assertion)["kid"] not in known:
        told = "Invalid JWT Signature."
    elif abs(said["iat"] - time.time()) > 600:
        told = (
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
            "timeframe. Check your iat and exp values in the JWT claim."
        )
    else:
        return JSONResponse({"access_token": "opaque", "expires_in": 3599, "token_type": "Bearer"})
    return JSONResponse({"error": "invalid_grant", "error_description": told}, 400)


app = Starlette(routes=[Route("/token", token, methods=["POST"])])
