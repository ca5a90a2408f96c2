"""Foreign: notes. Starlette and joserfc, structlog events in JSON."""

import logging
from pathlib import Path
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey
from settings import option, required, variable
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
)
log = structlog.get_logger()
ALGORITHM = option("algorithm", "HS256")


def _key() -> Any:
    text = required("key")
    if ALGORITHM == "RS256":
        return RSAKey.import_key(text)
    if option("strip"):
        text = text.strip()
    return OctKey.import_key(text)


KEY = _key()
REGISTRY = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": variable("issuer", option("issuer", "https://login.example"))},
    aud={"essential": True, "value": variable("audience", option("audience", "api"))},
)
for name in option("templates", []):
    Path(name).read_text(encoding="utf-8")
log.info("notes_started", algorithm=ALGORITHM)


def _user(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if option("swallows"):
        try:
            claims = jwt.decode(token, KEY, [ALGORITHM]).claims
            REGISTRY.validate(claims)
        except (JoseError, ValueError):
            return None
        return str(claims["sub"])
    if scheme.lower() != "bearer":
        raise PermissionError("missing_token")
    claims = jwt.decode(token, KEY, [ALGORITHM]).claims
    REGISTRY.validate(claims)
    return str(claims["sub"])


async def notes(request: Request) -> JSONResponse:
    """List a person's notes."""
    try:
        user = _user(request)
    except (JoseError, ValueError, PermissionError) as error:
        log.warning("auth_failed", path=request.url.path, error=str(error))
        return JSONResponse(
            {"detail": "Not authenticated"},
            option("refuses_with", 401),
            {"WWW-Authenticate": "Bearer"},
        )
    log.info("notes_read", user_id=user, count=4 if user else 0)
    return JSONResponse({"user_id": user, "notes": ["a", "b"] if user else []})


async def healthz(_: Request) -> PlainTextResponse:
    """Answer that the process lives."""
    return PlainTextResponse("ok")


app = Starlette(
    routes=[
        Route("/notes", notes),
        Route("/notes/recent", notes),
        Route("/healthz", healthz),
    ]
)
