"""The local platform's front with real HAProxy, and small revisions that say their name."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx2

from fakes.requirements import require
from fakes.serving import serving
from netra.clock import SystemClock
from netra_ops.platform.local.front import binary
from netra_ops.platform.local.front.front import Front
from netra_ops.platform.local.front.model import FrontRevision, FrontService, FrontState

SERVICE = "netra-backend"
SERVED = "x-served-revision"


class SmallRevision:
    """An ASGI app that answers with its name and what it was sent, and echoes on sockets."""

    status: Final = {"/missing": 404, "/broken": 500, "/busy": 503}
    """What is answered at which path; 200 elsewhere."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or one socket until it is closed."""
        if scope["type"] == "websocket":
            await self._echo(receive, send)
            return
        said = {
            "revision": self.name,
            "headers": [[k.decode("latin-1"), v.decode("latin-1")] for k, v in scope["headers"]],
        }
        body = json.dumps(said).encode()
        headers = [
            (b"content-length", str(len(body)).encode()),
            (SERVED.encode(), b"a-lie"),
            (b"X-Served-Revision", b"another"),
        ]
        status = self.status.get(scope["path"], 200)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _echo(self, receive: Any, send: Any) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            elif event["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": f"{self.name}: {event['text']}"})
            else:
                return


@asynccontextmanager
async def small_revision(
    name: str, slot: int, tag: str | None = None, port: int = 0
) -> AsyncIterator[FrontRevision]:
    """Run a small revision until the block ends."""
    async with serving(SmallRevision(name), port) as served:
        yield FrontRevision(name, slot, "127.0.0.1", served.port, tag)


def dead_revision(name: str, slot: int, port: int, tag: str | None = None) -> FrontRevision:
    """Describe a revision that is not there."""
    return FrontRevision(name, slot, "127.0.0.1", port, tag)


@contextmanager
def stopped_at_end(folder: Path, *, log_bytes: int = 33_554_432) -> Iterator[Front]:
    """Give a front that is not running yet; skip the test where there is no HAProxy."""
    found = binary.find()
    require("haproxy", found.path is not None, found.remark)
    front = Front(folder, SystemClock(), haproxy=found.path, log_bytes=log_bytes)
    try:
        yield front
    finally:
        front.stop()


def state_of(
    port: int, split: Mapping[str, int], *revisions: FrontRevision, service: str = SERVICE
) -> FrontState:
    """Describe one service with these revisions."""
    return FrontState((FrontService(service, "127.0.0.1", port, revisions, split),))


async def served(client: httpx2.AsyncClient, number: int, **headers: str) -> Counter[str]:
    """Ask one request after the other, and count who the front says answered."""
    said: Counter[str] = Counter()
    for _ in range(number):
        answer = await client.get("/", headers=headers)
        said[answer.headers[SERVED]] += 1
    return said


async def raw_answer(port: int, content: bytes) -> bytes:
    """Send bytes, and give all that is answered until the front closes or says no more."""
    return await asyncio.to_thread(_raw_answer, port, content)


def _raw_answer(port: int, content: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port))) as connection:
        connection.settimeout(15)
        # The front may have answered and closed before it was told everything.
        with suppress(OSError):
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        parts: list[bytes] = []
        with suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                parts.append(part)
    return b"".join(parts)
