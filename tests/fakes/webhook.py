"""What receives events over HTTP, on a real socket, and goes wrong when told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import msgspec

from netra_ops.gardener.following.watch.events import Event as Told


class Webhook:
    """A receiver.

    Attributes:
        statuses: What is answered, in order; the last again and again.
        hangs: Whether it takes requests and never answers, until it is closed.
        drips: Whether it answers a byte at a time, and never to its end.
        bodies: What came.
        paths: To where.
        url: Where it is.
    """

    def __init__(self) -> None:
        self.statuses = [204]
        self.hangs = self.drips = False
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.closing = Event()
        self.url = ""

    @property
    def events(self) -> list[Told]:
        """Give what came as events."""
        return [msgspec.json.decode(body, type=Told) for body in self.bodies]

    def take(self, path: str, body: bytes) -> int:
        """Note a request, and say what is answered."""
        self.paths.append(path)
        self.bodies.append(body)
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Run a receiver until the block ends."""
    receiver = Webhook()

    class Handler(BaseHTTPRequestHandler):
        """Answers one connection."""

        def do_POST(self) -> None:
            """Take an event."""
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.take(self.path, body)
            if receiver.hangs:
                receiver.closing.wait()
            while receiver.drips and not receiver.closing.wait(0.05):
                self.wfile.write(b"H")
                self.wfile.flush()
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        """A server whose clients may hang up."""

        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that hung up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            server.shutdown()
            thread.join()
