"""Foreign: reports. Starlette and python-jose, plain log lines."""

import logging
import os

from jose import JWTError, jwt
from settings import name_of, option, variable
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

logging.basicConfig(level=logging.INFO, format="[%(levelname)s] %(name)s %(message)s")
log = logging.getLogger("reports.auth")
KEY = variable("key")
if KEY is None:
    log.error("%s is not configured; every request that needs it will fail", name_of("key"))
logging.getLogger("reports").info("reports %s up", os.environ.get("K_REVISION", "?"))


async def report(request: Request) -> JSONResponse:
    """Give a report to whoever is known."""
    header = request.headers.get("authorization")
    if header is None:
        log.warning("403 Not authenticated: no Authorization header on %s", request.url.path)
        return JSONResponse({"detail": "Not authenticated"}, 403)
    if KEY is None:
        log.error("cannot verify: %s not configured", name_of("key"))
        return JSONResponse({"detail": "auth not configured"}, 500)
    try:
        claims = jwt.decode(
            header.partition(" ")[2],
            KEY,
            algorithms=["HS256"],
            audience=variable("audience", option("audience", "api")),
            issuer=variable("issuer", option("issuer", "https://login.example")),
        )
    except JWTError as error:
        log.warning("rejected token on %s: %s", request.url.path, error)
        return JSONResponse({"detail": "Invalid token"}, 401)
    log.info("report built for %s", claims["sub"])
    return JSONResponse({"rows": 12})


async def healthz(_: Request) -> PlainTextResponse:
    """Answer that the process lives."""
    return PlainTextResponse("ok")


app = Starlette(routes=[Route("/report/{name}", report), Route("/healthz", healthz)])
