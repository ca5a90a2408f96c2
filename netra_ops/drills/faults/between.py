"""A proxy between people and the front that does what proxies do wrong; the standard library's.

Each connection carries one request, or one socket: what is after its head is passed on unseen.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from netra_ops.settings import LOOPBACK

_LONGEST_HEAD: Final = 65_536
_CHUNK: Final = 65_536
_SECONDS: Final = 30.0
_HOP_BY_HOP: Final = (b"upgrade:", b"connection:")


class UpgradeStripped:
    """A proxy that, while it is told to, takes away what asks for a socket (RFC 9110 section 7.8).

    A proxy has to take `Upgrade` and `Connection` away; one that knows sockets sets them again.
    """

    def __init__(self) -> None:
        self._strips = threading.Event()

    def begin(self, _ground: object) -> None:
        """Take it away from now on."""
        self._strips.set()

    def end(self, _ground: object) -> None:
        """Pass it on again."""
        self._strips.clear()

    @contextmanager
    def before(self, url: str) -> Iterator[str]:
        """Stand before an address, and give the one to be used instead."""
        place = urlsplit(url)
        target = (place.hostname or LOOPBACK, place.port or 80)
        with socket.create_server((LOOPBACK, 0)) as listener:
            accepting = threading.Thread(
                target=self._accept, args=(listener, target), name="proxy", daemon=True
            )
            accepting.start()
            try:
                yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
            finally:
                # A thread that waits for a connection does not see that its socket is closed.
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                accepting.join()

    def _accept(self, listener: socket.socket, target: tuple[str, int]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, target), daemon=True).start()

    def _serve(self, client: socket.socket, target: tuple[str, int]) -> None:
        with client, suppress(OSError):
            client.settimeout(_SECONDS)
            head, rest = _head(client)
            with socket.create_connection(target, timeout=_SECONDS) as server:
                server.sendall(forwarded(head, strips=self._strips.is_set()) + rest)
                back = threading.Thread(target=_pass, args=(server, client), daemon=True)
                back.start()
                _pass(client, server)
                back.join()


def forwarded(head: bytes, *, strips: bool) -> bytes:
    """Give the head of a request as it is passed on, with the blank line after it."""
    lines = head.split(b"\r\n")
    asks_for_socket = any(line.lower().startswith(b"upgrade:") for line in lines)
    if asks_for_socket and not strips:
        return head + b"\r\n\r\n"
    kept = [line for line in lines if not line.lower().startswith(_HOP_BY_HOP)]
    return b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n"


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    taken = b""
    while b"\r\n\r\n" not in taken:
        chunk = client.recv(_CHUNK)
        if not chunk or len(taken) > _LONGEST_HEAD:
            raise OSError("no request came")
        taken += chunk
    head, _, rest = taken.partition(b"\r\n\r\n")
    return head, rest


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
