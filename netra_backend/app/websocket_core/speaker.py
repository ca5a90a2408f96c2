"""What the backend says over one socket: one frame after the other, and its close as the last.

What is said is `connection`'s business.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from typing import Final, Protocol

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from netra.telemetry.log_events import event_logger
from netra.wire.chat_protocol import AnyServerFrame, CloseCode, encoded
from netra_backend.app.websocket_core.session_protocol import Close

_LAST_WORDS_SECONDS: Final = 0.3
"""How long a close waits for what is being sent, and how long it may then take itself."""
_UNSENT_ANSWERS: Final = 32

_log = event_logger("websocket_core")


class Conversation(Protocol):
    """For whom a speaker speaks."""

    async def next_frames(self) -> Sequence[str] | None:
        """Give what is to be said besides the answers, or None if there is nothing now."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close the socket soon."""

    def gone(self) -> None:
        """Take note that the client is not there any more."""


class _SocketGone(Exception):
    """The client is not there any more."""


class _NothingRead(Exception):
    """The client takes nothing, or what is being sent to it has to give way to a close."""


class Speaker:
    """The one who writes to a socket: answers first, then what else there is to say.

    It has a task only while there is something to say.

    Args:
        websocket: The accepted socket.
        conversation: For whom it speaks.
        context: In which its task runs.
        send_seconds: How long a frame may take to be sent.
    """

    __slots__ = (
        "_answers",
        "_close",
        "_context",
        "_conversation",
        "_patience",
        "_room",
        "_send_seconds",
        "_stopped",
        "_task",
        "_websocket",
    )

    def __init__(
        self,
        websocket: WebSocket,
        conversation: Conversation,
        context: Context,
        send_seconds: float,
    ) -> None:
        self._websocket = websocket
        self._conversation = conversation
        self._context = context
        self._send_seconds = send_seconds
        self._answers: deque[str] | None = None
        self._room: asyncio.Future[None] | None = None
        self._close: Close | None = None
        self._task: asyncio.Task[None] | None = None
        self._patience: asyncio.Timeout | None = None
        self._stopped = False

    def say(self, frame: AnyServerFrame) -> None:
        """Send a frame before everything else; after a close, nothing."""
        if self._close is not None or self._stopped:
            return
        if self._answers is None:
            self._answers = deque()
        self._answers.append(encoded(frame))
        self.wake()

    def close(self, close: Close) -> None:
        """Send the answers there are, then the close; what else there was to say is not said."""
        self._close = close
        self._wait_for_client(_LAST_WORDS_SECONDS)
        self._make_room()
        self.wake()

    def wake(self) -> None:
        """Ask the conversation for more to say."""
        if self._task is None and not self._stopped:
            task = self._say_all()
            self._task = asyncio.get_running_loop().create_task(task, context=self._context)

    async def room(self) -> None:
        """Wait until the client has read most answers: one that does not is heard no further."""
        while self._close is None and self._answers and len(self._answers) >= _UNSENT_ANSWERS:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    async def stop(self) -> None:
        """Say nothing more, at once."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _say_all(self) -> None:
        """Send what there is until there is nothing, or the last words."""
        try:
            await self._say_patiently()
        except _SocketGone:
            self._conversation.gone()
            return
        except _NothingRead:
            self._conversation.end(CloseCode.TIMED_OUT, "nothing was read")
        except Exception:  # noqa: BLE001 - whatever it is, the client must not wait for ever
            _log.exception("frames_not_sent")
            self._conversation.end(CloseCode.INTERNAL_ERROR, "internal error")
        if self._close is not None:
            await self._say_close(self._close)
        else:
            # Nothing was awaited since there was nothing to say: whatever comes wakes anew.
            self._answers = self._task = None

    async def _say_patiently(self) -> None:
        """Send what there is until there is nothing, or a close.

        Raises:
            _SocketGone: The client is not there any more.
            _NothingRead: It reads too slowly.
        """
        patience = asyncio.timeout(None)
        try:
            async with patience as self._patience:
                while self._close is None and await self._say_next():
                    pass
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise _NothingRead from error
        finally:
            self._patience = None

    async def _say_next(self) -> bool:
        """Send one answer, else what else there is; tell whether there was anything."""
        if self._answers:
            await self._send(self._answers.popleft())
            self._make_room()
            return True
        frames = await self._conversation.next_frames()
        if frames is None:
            return bool(self._answers)
        for frame in frames:
            if self._close is not None:
                break
            await self._send(frame)
        return True

    async def _send(self, frame: str) -> None:
        if self._close is None:
            self._wait_for_client(self._send_seconds)
        try:
            await self._websocket.send_text(frame)
        except (OSError, RuntimeError, WebSocketDisconnect) as error:
            # The server's ways of saying that the socket is closed already.
            raise _SocketGone from error
        if self._close is None:
            self._wait_for_client(None)

    async def _say_close(self, close: Close) -> None:
        try:
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                for frame in self._answers or ():
                    await self._send(frame)
                await self._websocket.close(close.code, close.reason)
        except (OSError, RuntimeError, TimeoutError, WebSocketDisconnect, _SocketGone):
            self._conversation.gone()

    def _wait_for_client(self, seconds: float | None) -> None:
        """Bound the time that what is being sent may still take; None: no bound."""
        if self._patience is not None and not self._patience.expired():
            when = None if seconds is None else asyncio.get_running_loop().time() + seconds
            self._patience.reschedule(when)

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
