"""The platform's front: hands requests on to a process of a stage, and has them kept."""

import http.client
import secrets
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Final

from corpus.making.freezing import Request, hex_id

PATIENCE: Final = 25.0
_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class Front(BaseHTTPRequestHandler):
    """Hands a request on, as the platform does, and has it kept."""

    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        stage, process = self.server.stage_of  # type: ignore[attr-defined]
        began, at = time.monotonic(), stage.now()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trace = hex_id(32)
        said = process.guard(self.headers) if process.guard else None
        if said is not None:
            status, data = said[0], said[1].encode()
            headers = [("Content-Type", "text/html; charset=UTF-8")]
        else:
            status, headers, data = self._forwarded(process.port, body, trace)
        # Kept before it is answered: whoever waits for the answer may look at what was kept.
        request = Request(
            at,
            self.command,
            stage.public_url(process.where.service) + self.path,
            status,
            time.monotonic() - began,
            self.headers.get("User-Agent", ""),
            response_size=len(data) + 180 + secrets.randbelow(40),
            trace=trace,
        )
        stage.keep(process, request, said[2] if said else None)
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _forwarded(
        self, port: int, body: bytes, trace: str
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        passed = {n: v for n, v in self.headers.items() if n.lower() not in _HOP}
        passed["X-Cloud-Trace-Context"] = f"{trace}/{secrets.randbelow(2**60)};o=1"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request(self.command, self.path, body or None, passed)
            got = connection.getresponse()
            return got.status, got.getheaders(), got.read()
        except OSError:
            return 503, [("Content-Type", "text/plain")], b"Service Unavailable"
        finally:
            connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _pass_on  # noqa: N815 - The names are given.

    def log_message(self, *_: object) -> None:
        """Say nothing: the stage keeps it."""


def free_port() -> int:
    """Give a port that nobody listens at, by chance and not one the system hands out next.

    Several makers may run at once, and a service binds its port a second after it was given one.
    """
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        if not listens(port):
            return port


def listens(port: int) -> bool:
    """Tell whether somebody listens at a port."""
    with socket.socket() as tried:
        tried.settimeout(0.2)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def await_answer(port: int) -> None:
    """Wait for an answer: gunicorn listens before it has loaded what is to answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    connection.close()
