"""The platform's front before a service: picks an instance, passes bytes on, notes the request."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from corpus.making.freezing import Request, Where, hex_id
from corpus.making.network.stage import Process, Stage

UNAUTHENTICATED: Final = (
    "The request was not authenticated. Either allow unauthenticated invocations or set the proper "
    "Authorization header. Read more at "
    "https://cloud.google.com/run/docs/securing/authenticating Additional troubleshooting "
    "documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#unauthorized-client"
)
UNAUTHORIZED: Final = (
    "The request was not authorized to invoke this service. Read more at "
    "https://cloud.google.com/run/docs/securing/authenticating Additional troubleshooting "
    "documentation can be found at: https://cloud.google.com/run/docs/troubleshooting#{status}"
)
UNVERIFIED: Final = (
    "The request was not authorized to invoke this service. The access token could not be "
    "verified. Read more at https://cloud.google.com/run/docs/securing/authenticating Additional "
    "troubleshooting documentation can be found at: "
    "https://cloud.google.com/run/docs/troubleshooting#401"
)
_PAGE: Final = """
<html><head>
<meta http-equiv="content-type" content="text/html;charset=utf-8">
<title>{status} {reason}</title>
</head>
<body text=#000000 bgcolor=#ffffff>
<h1>Error: {reason}</h1>
<h2>Your client does not have permission to get URL <code>{path}</code> from this server.</h2>
<h2></h2>
</body></html>
"""
_SITE: Final = (
    '<!doctype html><html lang="en"><head><title>Welcome</title><script type="module" '
    'src="/assets/index-b1c9.js"></script></head><body><div id="root"></div></body></html>'
)
_REASONS: Final = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable"}
_FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class Denial:
    """An answer of the front itself: the container never sees the request."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a request."""

    status: int
    headers: dict[str, str]
    body: str


class Front:
    """Listens for one service.

    Args:
        stage: The stage.
        service: The service's name.
        url: The address it has in the incident.
        limit: After how many seconds a request ends, as the revision's `timeoutSeconds` says.
        silent: Whether its requests are noted; an outside address has no log here.
    """

    def __init__(
        self, stage: Stage, service: str, url: str, *, limit: float = 300, silent: bool = False
    ) -> None:
        self.stage = stage
        self.service = service
        self.url = url
        self.limit = limit
        self.silent = silent
        self.instances: list[Process] = []
        self.where: Where | None = None
        self.denial: Denial | None = None
        self.state: Literal["open", "hanging"] = "open"
        self.port = 0
        self._turn = 0
        self._server: asyncio.Server | None = None

    async def open(self, port: int = 0) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._guarded, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        host = self.url.partition("://")[2]
        self.stage.replacements |= {
            f"http://127.0.0.1:{self.port}": self.url,
            f"127.0.0.1:{self.port}": host,
            f"'127.0.0.1', port={self.port}": f"'{host}', port=443",
            f"host=127.0.0.1 port={self.port}": f"host={host} port=443",
        }
        self.stage.closing.push_async_callback(self.close)

    async def close(self) -> None:
        """Listen no longer: whoever connects is refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await asyncio.sleep(0)

    @property
    def inside(self) -> str:
        """Give the address that processes of the stage use."""
        return f"http://127.0.0.1:{self.port}"

    async def _guarded(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._serve(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        begun = self.stage.now()
        while self.state == "hanging":
            if reader.at_eof():
                return
            await self.stage.sleep(1)
        notes = (begun, method, path, headers, hex_id(32))
        if self.denial is not None:
            await self._deny(writer, self.denial, notes)
            return
        instance = self._pick(path)
        if instance is None:
            await self._deny(writer, Denial(503, ""), notes)
            return
        upgrade = "upgrade" in headers.get("connection", "").lower()
        passed = [line for line in rest if not line.lower().startswith(("connection:", "x-note-"))]
        passed += ["Connection: Upgrade" if upgrade else "Connection: close"]
        ip = headers.get("x-note-ip", "169.254.169.126")
        trace = notes[4]
        passed += [
            f"X-Forwarded-For: {ip}",
            "X-Forwarded-Proto: https",
            f"X-Cloud-Trace-Context: {trace}/7731;o=1",
        ]
        try:
            inward, outward = await asyncio.open_connection("127.0.0.1", instance.port)
        except OSError:
            await self._deny(writer, Denial(503, ""), notes)
            return
        outward.write("\r\n".join([first, *passed, "", ""]).encode("latin-1") + body)
        await self._relay(inward, outward, reader, writer, (instance.where, *notes))

    async def _relay(self, inward: Any, outward: Any, reader: Any, writer: Any, notes: Any) -> None:
        status, sent = 502, 0

        async def back() -> None:
            nonlocal status, sent
            while data := await inward.read(65536):
                if sent == 0:
                    status = int(data.split(b" ", 2)[1])
                sent += len(data)
                writer.write(data)
                await writer.drain()

        async def forth() -> None:
            while data := await reader.read(65536):
                outward.write(data)
                await outward.drain()

        tasks = {asyncio.create_task(back()), asyncio.create_task(forth())}
        done, left = await asyncio.wait(
            tasks, timeout=self.limit / self.stage.rate, return_when=asyncio.FIRST_COMPLETED
        )
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not done and sent == 0:
            status = 504
            writer.write(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n")
        outward.close()
        where, *others = notes
        text = None
        if not done:
            text = (
                "Truncated response body. Usually implies that the request timed out or the "
                "application exited before the response was finished."
            )
        self._note(where, status, sent, tuple(others), text)

    def _pick(self, path: str) -> Process | None:
        alive = [one for one in self.instances if one.running.returncode is None]
        if not alive:
            return None
        self._turn += 1
        del path
        return alive[self._turn % len(alive)]

    async def _deny(self, writer: asyncio.StreamWriter, denial: Denial, notes: Any) -> None:
        reason = _REASONS.get(denial.status, "Error")
        page = _PAGE.format(status=denial.status, reason=reason, path=notes[2])
        if denial.status == 200:
            page = _SITE
        writer.write(
            f"HTTP/1.1 {denial.status} {reason}\r\nContent-Type: text/html; charset=UTF-8\r\n"
            f"Server: Google Frontend\r\nContent-Length: {len(page)}\r\nConnection: close\r\n"
            f"\r\n{page}".encode()
        )
        await writer.drain()
        where = self.instances[0].where if self.instances else self.where
        if where is not None:
            self._note(where, denial.status, len(page), notes, denial.text or None, outside=True)

    def _note(
        self, where: Where, status: int, size: int, notes: Any, text: str | None, **kind: bool
    ) -> None:
        if self.silent:
            return
        begun, method, path, headers, trace = notes
        begun_at: datetime = begun
        request = Request(
            begun_at,
            method,
            self.url + path,
            status,
            (self.stage.now() - begun_at).total_seconds(),
            user_agent=headers.get("user-agent", ""),
            remote_ip=headers.get("x-note-ip", "169.254.169.126"),
            response_size=size,
            trace=trace,
        )
        if kind.get("outside"):
            where = Where(where.project, where.location, where.service, where.revision, "")
        self.stage.request(where, request, text)
        if kind.get("outside"):
            self.stage.entries[-1]["labels"] = {}

    async def call(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: str = "",
        *,
        ip: str = "203.0.113.7",
        agent: str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/141.0.0.0",
        patience: float = 300,
    ) -> Answer:
        """Send a request as somebody outside; give status 0 where no answer came."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return Answer(0, {}, "connection refused")
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.url.partition('://')[2]}"]
        lines += [f"User-Agent: {agent}", f"X-Note-Ip: {ip}", "Accept: */*"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines += [f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", body]).encode())
        try:
            raw = await asyncio.wait_for(reader.read(), patience / self.stage.rate)
        except (TimeoutError, OSError):
            return Answer(0, {}, "no answer")
        finally:
            writer.close()
        return parsed_answer(raw)

    async def probe(
        self, name: str, path: str, expect: int, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Take an observation of `probes.json` from outside the stage's log."""
        answer = await self.call("GET", path, headers, agent="netra-probe/1", ip="198.51.100.40")
        return probe_record(self.stage, name, self.url + path, expect, answer)


def parsed_answer(raw: bytes) -> Answer:
    """Read an answer that ended with its connection."""
    head, _, body = raw.decode(errors="replace").partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    if not first.startswith("HTTP/"):
        return Answer(0, {}, "no answer")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}
    return Answer(int(first.split(" ")[1]), headers, body)


def probe_record(
    stage: Stage, name: str, target: str, expect: int, answer: Answer
) -> dict[str, Any]:
    """Give a record of `probes.json`."""
    wanted = ("content-type", "date", "location", "www-authenticate", "server", "upgrade")
    got: dict[str, Any] = {"status": answer.status or None, "close_code": None}
    got["headers"] = {k: stage.rewritten(v) for k, v in answer.headers.items() if k in wanted}
    got["body_excerpt"] = stage.rewritten(answer.body)[:1800]
    return {
        "time": stage.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": name,
        "target": target,
        "expect": {"status": expect},
        "got": got,
        "ok": answer.status == expect,
    }
