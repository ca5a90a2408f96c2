"""Sockets, thinly: a handshake out, an answer or an open socket in, then frames both ways.

Nothing is judged here, and nothing is followed elsewhere: no redirect, no proxy.
"""

import logging
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Self, TypeAlias
from urllib.parse import urlencode, urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)
from websockets.http11 import Response
from websockets.sync.client import ClientConnection
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from netra.errors import RequestInvalid
from netra.wire.chat_protocol import (
    MAX_EVENT_BYTES,
    SOCKET_PATH,
    AnyServerFrame,
    ClientFrame,
    RunEvent,
    encoded,
    server_frame,
)
from netra_ops.findings import CouldNotTell, Failed
from netra_ops.settings import USER_AGENT, reached_at, trusted_authorities
from netra_ops.validation.answer import Answer, HeaderList

_MAX_MESSAGE_BYTES: Final = 2 * MAX_EVENT_BYTES
_CLOSING_SECONDS: Final = 1.0
_NO_CODE: Final = 1005

# At its lowest level the library writes handshakes down, and with them tokens.
_silent: Final = logging.getLogger("netra_ops.validation.socket")
_silent.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Closed:
    """The other side closed the socket, and said so."""

    code: int
    reason: str


class Silence(CouldNotTell):
    """The socket is open, and nothing came over it in time."""


Heard: TypeAlias = AnyServerFrame | RunEvent | Closed


class ChatSocket:
    """An open socket; the first frame of either side is still to come.

    Attributes:
        answer: What the handshake was answered.
    """

    def __init__(self, connection: ClientConnection, answer: Answer) -> None:
        self._stack = ExitStack()
        self._connection = self._stack.enter_context(connection)
        self.answer = answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def subprotocol(self) -> str | None:
        """Give the subprotocol that was echoed."""
        return self._connection.subprotocol

    def send(self, frame: ClientFrame) -> None:
        """Send a frame; a socket that is closed already shows when the next frame is awaited."""
        try:
            self._connection.send(encoded(frame))
        except ConnectionClosed:
            return

    def next(self, seconds: float) -> Heard:
        """Wait for the next frame.

        Raises:
            Silence: None came in time.
            CouldNotTell: The connection was lost without a word.
            Failed: What came is no frame of the protocol.
        """
        try:
            text = self._connection.recv(timeout=seconds)
        except TimeoutError:
            raise Silence(f"nothing came over the socket within {seconds:.1f} s") from None
        except ConnectionClosed as error:
            return _closing(error)
        if isinstance(text, bytes):
            raise Failed("A binary message came over the socket.")
        try:
            return server_frame(text)
        except RequestInvalid as error:
            raise Failed("What came over the socket is no frame of the protocol.") from error

    def drop(self) -> None:
        """Cut the connection without a word, as a lost network does."""
        self._connection.close_socket()


def shake_hands(
    url: str,
    seconds: float,
    *,
    headers: HeaderList = (),
    subprotocols: Sequence[str] = (),
    origin: str | None = None,
    query: Mapping[str, str] | None = None,
) -> ChatSocket | Answer:
    """Ask a backend for a socket.

    Returns:
        The open socket, or the answer if it is not 101.

    Raises:
        CouldNotTell: There was no answer.
        Failed: There was one that breaks the rules of the handshake (RFC 6455 section 4.1).
    """
    address = "ws" + url.removeprefix("http") + SOCKET_PATH
    protocol = ClientProtocol(
        parse_uri(f"{address}?{urlencode(query)}" if query else address),
        origin=None if origin is None else Origin(origin),
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        max_size=_MAX_MESSAGE_BYTES,
        logger=_silent,
    )
    try:
        connection = ClientConnection(
            _connected(url, seconds), protocol, ping_interval=None, close_timeout=_CLOSING_SECONDS
        )
    except OSError as error:
        raise CouldNotTell(f"{address} did not answer ({type(error).__name__})") from error
    try:
        connection.handshake(headers, USER_AGENT, seconds)
    except InvalidStatus as error:
        connection.close_socket()
        return _answer(error.response)
    except (OSError, InvalidMessage) as error:
        connection.close_socket()
        raise CouldNotTell(f"{address} did not answer ({type(error).__name__})") from error
    except (InvalidHandshake, WebSocketException) as error:
        connection.close_socket()
        raise Failed(f"The handshake's answer is wrong ({type(error).__name__}).") from error
    response = connection.response
    return ChatSocket(connection, _answer(response) if response else Answer(0))


def _connected(url: str, seconds: float) -> socket.socket:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    connection = socket.create_connection((reached_at(host), port), timeout=seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
    if secure:
        try:
            connection = trusted_authorities(url).wrap_socket(connection, server_hostname=host)
        except OSError:
            connection.close()
            raise
    connection.settimeout(None)
    return connection


def _answer(response: Response) -> Answer:
    names = {name.lower() for name in response.headers}
    headers = {name: ", ".join(response.headers.get_all(name)) for name in names}
    return Answer(response.status_code, headers, bytes(response.body))


def _closing(error: ConnectionClosed) -> Closed:
    if error.rcvd is not None:
        return Closed(error.rcvd.code or _NO_CODE, error.rcvd.reason)
    if error.sent is not None:
        raise Failed(f"The WebSocket protocol was broken ({error.sent.code}).") from error
    raise CouldNotTell("the connection was lost") from error
