"""A server of live updates, on the library websockets alone."""

import asyncio
import http
import logging
import os
from typing import Any, Final, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Origin, Subprotocol

logging.basicConfig(format="%(asctime)s %(levelname)-7s %(name)s %(message)s", level=logging.INFO)
LOG: Final = logging.getLogger("live")


def _listed(name: str) -> list[str]:
    return [part for part in os.environ.get(name, "").split(",") if part]


async def follow(socket: ServerConnection) -> None:
    """Answer each message."""
    LOG.info("follower joined, subprotocol %s", socket.subprotocol)
    async for message in socket:
        await socket.send(message)
    LOG.info("follower left, code %s", socket.close_code)


def healthy(socket: ServerConnection, request: Request) -> Response | None:
    """Answer the health check, which is no handshake."""
    if request.path == "/healthz":
        return socket.respond(http.HTTPStatus.OK, "ok\n")
    return None


async def main() -> None:
    """Serve until the end."""
    more: dict[str, Any] = {}
    if _listed("LIVE_ORIGINS"):
        more["origins"] = [cast("Origin", one) for one in _listed("LIVE_ORIGINS")]
    if _listed("LIVE_SUBPROTOCOLS"):
        more["subprotocols"] = [Subprotocol(one) for one in _listed("LIVE_SUBPROTOCOLS")]
    port = int(os.environ["PORT"])
    async with serve(
        follow, "127.0.0.1", port, process_request=healthy, ping_interval=None, **more
    ) as server:
        await server.serve_forever()


asyncio.run(main())
