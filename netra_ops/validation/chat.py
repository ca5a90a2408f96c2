"""A conversation over an open socket: what is said, and what is heard until it is whole.

Whether what was heard is right is judged in `run_events` and by the steps.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from netra.ids import random_token
from netra.wire.chat_protocol import (
    TERMINAL,
    Accepted,
    AnyServerFrame,
    Ping,
    Pong,
    Ready,
    Resume,
    RunEvent,
    SendMessage,
)
from netra.wire.chat_protocol import Failed as FrameRefused
from netra_ops.findings import Failed
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.run_events import of_run
from netra_ops.validation.socket import ChatSocket, Closed, Silence
from netra_ops.validation.step import Walk, described

ASSISTANT: Final = "assistant"
"""The built-in agent, which is there whatever model is configured."""
QUESTION: Final = "who am I"
"""A fixed intent of it, which takes exactly one tool."""

_Frame = TypeVar("_Frame", bound=AnyServerFrame)


class Chat:
    """One socket and the events that were heard over it so far."""

    def __init__(self, walk: Walk, socket: ChatSocket) -> None:
        self._walk = walk
        self._socket = socket
        self.events: list[RunEvent] = []

    def resume(self, after: int | None) -> Ready:
        """Begin: ask for what came after a `seq`, and hear it."""
        self._socket.send(Resume(after=after))
        return self._until(Ready)

    def say(self, message: SendMessage) -> Accepted:
        """Send a message and hear that it was accepted."""
        self._socket.send(message)
        return self._until(Accepted)

    def pause(self) -> None:
        """Hear everything that was sent before the answer to a ping."""
        self._socket.send(Ping(nonce=random_token()[:16]))
        self._until(Pong)

    def begin_of(self, run_id: str) -> None:
        """Hear the first event of a run.

        Raises:
            Failed: It does not come.
        """
        self._listen(run_id, bool, "begin")

    def end_of(self, run_id: str) -> None:
        """Hear a run to its end, and whether anything follows at once that should not.

        Raises:
            Failed: The end does not come.
        """
        self._listen(run_id, lambda run: bool(run) and run[-1].type in TERMINAL, "end")
        self.pause()

    def closing(self, seconds: float) -> Closed:
        """Wait for the other side to close the socket.

        Raises:
            Silence: It does not.
        """
        while True:
            heard = self._socket.next(self._walk.asker.time_left(seconds))
            if isinstance(heard, Closed):
                return heard

    def drop(self) -> None:
        """Cut the connection without a word."""
        self._socket.drop()

    def _listen(self, run_id: str, done: Callable[[Sequence[RunEvent]], bool], what: str) -> None:
        while not done(of_run(self.events, run_id)):
            try:
                self._hear()
            except Silence as silence:
                # The message was accepted, so this is a broken promise and no lack of an answer.
                raise Failed(f"The run did not {what}: {silence}.") from silence

    def _until(self, kind: type[_Frame]) -> _Frame:
        while True:
            heard = self._hear()
            if isinstance(heard, kind):
                return heard

    def _hear(self) -> AnyServerFrame | RunEvent:
        heard = self._socket.next(self._walk.asker.time_left())
        if isinstance(heard, Closed):
            raise Failed(f"The socket was closed with {heard.code} ({heard.reason}).")
        if isinstance(heard, FrameRefused):
            raise Failed(f"The frame was refused ({heard.code}).")
        if isinstance(heard, RunEvent):
            self.events.append(heard)
        return heard


@contextmanager
def chatting(walk: Walk, after: int) -> Iterator[Chat]:
    """Open a socket as the person, hear what came after a `seq`, and close it in the end.

    Raises:
        Failed: The handshake or the resumption was refused.
        CouldNotTell: There was no answer.
    """
    socket = walk.shake_hands(headers=bearer(walk.facts.user_token))
    if isinstance(socket, Answer):
        raise Failed(f"The handshake was answered {described(socket)}.")
    with socket:
        chat = Chat(walk, socket)
        chat.resume(after)
        yield chat


def question(walk: Walk) -> SendMessage:
    """Write the question, as a message of its own in the walk's thread."""
    return SendMessage(
        client_id=f"verify-{random_token()[:24]}",
        text=QUESTION,
        thread_id=walk.facts.thread_id,
        agent=ASSISTANT,
    )
