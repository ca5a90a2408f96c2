"""A chat service (FastAPI): checks the origin and the token of a socket before it accepts it."""

import os
import time
from typing import Any, Final

from corpus.making.network.services.saying import Traced, log_as
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect

LOG: Final = log_as("chat.socket")
ORIGINS: Final = frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))
ECHOES: Final = os.environ.get("ECHO_SUBPROTOCOL", "yes") == "yes"
api = FastAPI(openapi_url=None)


def _token(socket: WebSocket) -> str:
    offered = socket.headers.get("sec-websocket-protocol", "")
    parts = [part.strip() for part in offered.split(",")]
    given = socket.headers.get("authorization", "").partition(" ")[2]
    return parts[1] if len(parts) > 1 else given


@api.websocket("/ws")
async def chat(socket: WebSocket) -> None:
    """Answer each message until the other side has gone."""
    if ORIGINS and socket.headers.get("origin") not in ORIGINS | {None}:
        if os.environ.get("DESCRIBE", "yes") == "yes":
            LOG.warning(
                "origin not allowed", extra={"fields": {"origin": socket.headers["origin"]}}
            )
        await socket.close(4403)
        return
    if not _token(socket).startswith("tk-"):
        LOG.info("socket without a usable token")
        await socket.close(4401)
        return
    offered = socket.headers.get("sec-websocket-protocol", "").partition(",")[0].strip()
    await socket.accept(subprotocol=offered if offered and ECHOES else None)
    begun = time.monotonic()
    try:
        while True:
            await socket.send_text(f"echo {await socket.receive_text()}")
    except WebSocketDisconnect as gone:
        spent = f"{time.monotonic() - begun:.1f}s"
        LOG.info("socket closed", extra={"fields": {"code": gone.code, "open_for": spent}})


@api.post("/client-errors")
async def noted(request: Request) -> dict[str, Any]:
    """Log what a page says went wrong in it."""
    said = await request.json()
    LOG.warning(
        "client error: %s", said.get("message"), extra={"fields": {"page": said.get("page")}}
    )
    return {"noted": True}


@api.get("/healthz")
async def healthy() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "ok"}


app = Traced(api)
