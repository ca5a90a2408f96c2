"""A chat client as the protocol asks of one: it reconnects, resumes, and sends again what it must.

It is built on a library that is not ours and notes everything it hears, so that a test can look for
what was lost, came twice, or was somebody else's.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from fakes.timing import UNIT, eventually
from netra.ids import random_token
from netra.wire.chat_protocol import (
    CHAT_SUBPROTOCOL,
    SOCKET_PATH,
    TERMINAL,
    TOKEN_SUBPROTOCOL_PREFIX,
    Accepted,
    Failed,
    Ready,
    Refresh,
    Resume,
    RunEvent,
    SendMessage,
    TokenExpiring,
    encoded,
    server_frame,
)

_PAUSE: Final = 0.05


@dataclass
class ChatClient:
    """One person at one device.

    Attributes:
        url: The backend.
        token: The person's access token.
        events: What was heard, in order, over all connections.
        said: What was said, by client id.
        accepted: What was accepted, by client id; the first word on it.
        refusals: Error frames that do not say when to try again.
        delays: How often the client was told to try again later.
        connections: How often a socket was opened and became ready.
        closes: With what code connections ended; 1006 is without a word.
        flaws: What the client must never see.
        on_event: Told of every event at once.
        renew: Gives a new access token, for when the old one has ended or is about to.
    """

    url: str
    token: str = field(repr=False)
    events: list[RunEvent] = field(default_factory=list)
    said: dict[str, SendMessage] = field(default_factory=dict)
    accepted: dict[str, Accepted] = field(default_factory=dict)
    refusals: list[Failed] = field(default_factory=list)
    delays: int = 0
    connections: int = 0
    closes: list[int | None] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    on_event: Callable[[RunEvent], None] = lambda _event: None
    renew: Callable[[], Awaitable[str]] | None = None
    _socket: ClientConnection | None = None
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def seq(self) -> int:
        """The last `seq` that was heard."""
        return self.events[-1].seq if self.events else 0

    @asynccontextmanager
    async def online(self) -> AsyncIterator["ChatClient"]:
        """Be connected, and connected again whenever it is lost, until the block ends."""
        task = asyncio.create_task(self._stay_connected())
        try:
            await eventually(lambda: self.connections or task.done(), within=30 * UNIT)
            yield self
        finally:
            for ending in (task, *self._later):
                ending.cancel()
            await asyncio.wait((task, *self._later))
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def say(
        self, text: str, *, thread_id: str | None = None, agent: str = "assistant"
    ) -> str:
        """Send a message, now or as soon as there is a connection; give its client id."""
        client_id = random_token()[:24]
        message = SendMessage(client_id=client_id, text=text, thread_id=thread_id, agent=agent)
        self.said[client_id] = message
        await self._send(message)
        return client_id

    def run_of(self, client_id: str) -> list[RunEvent]:
        """Give the events of a message's run."""
        accepted = self.accepted.get(client_id)
        return [e for e in self.events if accepted and e.run_id == accepted.run_id]

    def has_ended(self, client_id: str) -> bool:
        """Tell whether a message's run was heard to end."""
        return any(event.type in TERMINAL for event in self.run_of(client_id))

    async def _send(self, message: SendMessage) -> None:
        """Send what will be sent again with the next connection, should it get lost."""
        if self._socket is not None:
            with suppress(WebSocketException):
                await self._socket.send(encoded(message))

    async def _say_again(self, client_id: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if client_id not in self.accepted:
            await self._send(self.said[client_id])

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._connected_once()
            except InvalidStatus as error:
                if error.response.status_code == HTTPStatus.UNAUTHORIZED and self.renew:
                    self.token = await self.renew()
            except (WebSocketException, OSError, TimeoutError):
                pass
            self._socket = None
            await asyncio.sleep(_PAUSE)

    async def _connected_once(self) -> None:
        subprotocols = (CHAT_SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX + self.token)
        async with connect(
            "ws" + self.url.removeprefix("http") + SOCKET_PATH,
            subprotocols=[Subprotocol(name) for name in subprotocols],
            compression=None,
            proxy=None,
            open_timeout=10 * UNIT,
            ping_interval=None,
        ) as socket:
            try:
                await socket.send(encoded(Resume(after=self.seq)))
                async for text in socket:
                    await self._hear(text, socket)
            finally:
                self.closes.append(socket.close_code)

    async def _hear(self, text: str | bytes, socket: ClientConnection) -> None:
        match server_frame(text):
            case RunEvent() as event:
                self._note(event)
            case Ready() as ready:
                await self._take_up(ready, socket)
            case Accepted() as accepted:
                known = self.accepted.setdefault(accepted.client_id, accepted)
                if known.run_id != accepted.run_id:
                    self.flaws.append(f"a second run for {accepted.client_id}")
            case TokenExpiring() if self.renew:
                self.token = await self.renew()
                await socket.send(encoded(Refresh(token=self.token)))
            case Failed(client_id=str() as client_id, retry_after=int() as seconds):
                self.delays += 1
                task = asyncio.create_task(self._say_again(client_id, seconds))
                self._later.add(task)
                task.add_done_callback(self._later.discard)
            case Failed() as refused:
                self.refusals.append(refused)
            case _:
                pass

    def _note(self, event: RunEvent) -> None:
        if event.seq != self.seq + 1:
            self.flaws.append(f"seq {event.seq} after {self.seq}")
        self.events.append(event)
        self.on_event(event)

    async def _take_up(self, ready: Ready, socket: ClientConnection) -> None:
        if ready.reset or ready.seq != self.seq:
            self.flaws.append(f"ready at {ready.seq}, having heard {self.seq}")
        self.connections += 1
        self._socket = socket
        for client_id, message in self.said.items():
            if client_id not in self.accepted:
                await socket.send(encoded(message))
