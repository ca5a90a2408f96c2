"""A page service (Starlette): its middleware, in the order or number that a fault gives it."""

import os
from typing import Final

from corpus.making.network.services.saying import Traced, log_as
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

LOG: Final = log_as("pages")
FAULT: Final = os.environ.get("VARIANT", "")


class Required:
    """Asks for a credential before all else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what has a credential, or needs none."""
        if scope["type"] != "http" or scope["path"] in {"/healthz", "/login", "/callback"}:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"authorization", b"").startswith(b"Bearer tk-"):
            await self.app(scope, receive, send)
            return
        LOG.info("rejected %s %s: no bearer token", scope["method"], scope["path"])
        answer = JSONResponse({"detail": "Not authenticated"}, 401, {"WWW-Authenticate": "Bearer"})
        await answer(scope, receive, send)


async def items(request: Request) -> Response:
    """Give some items."""
    return JSONResponse({"items": [1, 2, 3], "q": request.query_params.get("q")})


async def login(request: Request) -> Response:
    """Begin to sign in: the state is kept in the session."""
    request.session["state"] = "given"
    return RedirectResponse("https://accounts.example/authorize", 302)


async def callback(request: Request) -> Response:
    """End signing in."""
    state = request.session.pop("state", None)
    return JSONResponse({"ok": state is not None})


async def healthy(request: Request) -> Response:
    """Say that the process lives."""
    del request
    return JSONResponse({"status": "ok"})


def _middleware() -> list[Middleware]:
    origins = os.environ.get("CORS_ORIGINS", "https://app.example").split(",")
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["authorization", "content-type"],
    )
    if FAULT == "auth-first":
        return [Middleware(Required), cors]
    if FAULT in {"cors-first", ""}:
        return [cors, Middleware(Required)]
    return [cors]


app = Traced(
    Starlette(
        routes=[
            Route("/items", items, methods=["GET", "POST"]),
            Route("/login", login),
            Route("/callback", callback),
            Route("/healthz", healthy),
        ],
        middleware=_middleware(),
    )
)
if not os.environ.get("COOKIE_SIGNING_KEY") and os.environ.get("TELL_SESSION") == "1":
    LOG.warning("COOKIE_SIGNING_KEY is not set: sessions are off")
