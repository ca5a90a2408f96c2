"""One socket of the chat, frame by frame, for tests of what may be said and how a socket ends.

It is built on a library that is not ours. A client that reconnects is in `chat_client`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from fakes.timing import UNIT
from netra.ids import random_token
from netra.wire.chat_protocol import (
    CHAT_SUBPROTOCOL,
    SOCKET_PATH,
    TERMINAL,
    TOKEN_SUBPROTOCOL_PREFIX,
    Accepted,
    AnyServerFrame,
    ClientFrame,
    Ready,
    Resume,
    RunEvent,
    SendMessage,
    encoded,
    server_frame,
)

_PATIENCE: Final = 10 * UNIT
_BEARER: Final = TOKEN_SUBPROTOCOL_PREFIX

Frame = TypeVar("Frame", bound=AnyServerFrame | RunEvent)


@dataclass
class ChatSocket:
    """An open socket and everything it has heard."""

    socket: ClientConnection
    heard: list[AnyServerFrame | RunEvent] = field(default_factory=list)

    @property
    def events(self) -> list[RunEvent]:
        """The events heard so far, in order."""
        return [frame for frame in self.heard if isinstance(frame, RunEvent)]

    @property
    def seqs(self) -> list[int]:
        """Their places in the journal."""
        return [event.seq for event in self.events]

    async def send(self, frame: ClientFrame | str | bytes) -> None:
        """Send a frame, or what is none."""
        await self.socket.send(encoded(frame) if isinstance(frame, ClientFrame) else frame)

    async def resume(self, after: int | None = None) -> Ready:
        """Say where to go on from, and hear everything until the server is ready."""
        await self.send(Resume(after))
        return await self.hear(Ready)

    async def say(self, text: str, **more: Any) -> Accepted:
        """Send a message and wait until it is accepted."""
        message = SendMessage(**{"client_id": random_token()[:24], "text": text} | more)
        await self.send(message)
        return await self.hear(Accepted, lambda frame: frame.client_id == message.client_id)

    async def next(self) -> AnyServerFrame | RunEvent:
        """Hear one frame."""
        async with asyncio.timeout(_PATIENCE):
            frame = server_frame(await self.socket.recv())
        self.heard.append(frame)
        return frame

    async def hear(
        self, kind: type[Frame], condition: Callable[[Frame], bool] = lambda _frame: True
    ) -> Frame:
        """Hear frames until one of a kind comes, and give that."""
        while True:
            frame = await self.next()
            if isinstance(frame, kind) and condition(frame):
                return frame

    async def hear_end(self, run_id: str) -> RunEvent:
        """Hear frames until a run ends."""
        for event in self.events:
            if event.run_id == run_id and event.type in TERMINAL:
                return event
        return await self.hear(RunEvent, lambda e: e.run_id == run_id and e.type in TERMINAL)

    async def closed(self) -> tuple[int, str]:
        """Hear frames until the server closes; give its code and reason."""
        with suppress(ConnectionClosed):
            while True:
                await self.next()
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""


@asynccontextmanager
async def chat_socket(
    url: str, token: str, *, by_header: bool = False, max_queue: int = 10_000, **more: Any
) -> AsyncIterator[ChatSocket]:
    """Open a socket at a backend.

    Args:
        url: The backend's address.
        token: An access token.
        by_header: Whether the token comes in a header instead of a subprotocol.
        max_queue: How many frames the client takes before somebody asks for them.
        more: What else the library is told.
    """
    offered: Sequence[str] = () if by_header else (CHAT_SUBPROTOCOL, _BEARER + token)
    headers = [("Authorization", f"Bearer {token}")] if by_header else []
    async with connect(
        "ws" + url.removeprefix("http") + SOCKET_PATH,
        subprotocols=[Subprotocol(name) for name in offered] or None,
        additional_headers=[*headers, *more.pop("headers", [])],
        proxy=None,
        open_timeout=_PATIENCE,
        close_timeout=UNIT,
        compression=None,
        ping_interval=None,
        max_queue=max_queue,
        **more,
    ) as socket:
        yield ChatSocket(socket)
