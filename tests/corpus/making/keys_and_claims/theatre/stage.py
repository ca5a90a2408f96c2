"""Runs foreign services behind a front of their own, and says when what they did took place.

A stage has a clock that is moved by the script of an incident: between two of its moves everything
lasts as long as it really does. What a process prints, and every request that passes a front, is
kept as an entry of Cloud Logging with the time of that clock.
"""

import atexit
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, Final, Literal

from corpus.making.freezing import (
    Entry,
    Line,
    Request,
    Where,
    cleaned,
    hex_id,
    output_entries,
    platform_entry,
    request_entry,
)
from corpus.making.keys_and_claims.theatre.front import (
    PATIENCE,
    Front,
    await_answer,
    free_port,
    listens,
)

QUIET: Final = 0.08
"""Seconds without a line after which a process has nothing more to say."""

_FORMS: Final = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"), "%Y-%m-%dT%H:%M:%S.%f", 26),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?!\d)"), "%Y-%m-%dT%H:%M:%S.%f", 23),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?!\.\d)"), "%Y-%m-%dT%H:%M:%S", 19),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"), "%Y-%m-%d %H:%M:%S,%f", 23),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?!,\d{3})"), "%Y-%m-%d %H:%M:%S", 19),
    (re.compile(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d"), "%d/%b/%Y:%H:%M:%S", 20),
)
_MILLISECONDS: Final = re.compile(r"(?<!\d)1\d{12}(?!\d)")
_PIDS: Final = re.compile(
    r"(?<=process \[)\d+|(?<=pid: )\d+|(?<=pid:)\d+|(?<= \[)\d+(?=\] \[)|(?<=8080 \()\d+"
)
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")


@dataclass(slots=True)
class Answer:
    """What a service answered."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.text)


Guard = Callable[[Mapping[str, str]], tuple[int, str, str] | None]
"""What the platform's front says before the container: status, body, text of the entry."""


@dataclass(slots=True)
class Process:
    """A running service and its front."""

    where: Where
    popen: subprocess.Popen[str]
    port: int
    front: ThreadingHTTPServer
    url: str
    guard: Guard | None = None
    last_line: float = 0.0
    pids: dict[str, int] = field(default_factory=dict)

    @property
    def front_port(self) -> int:
        """Give the port of this process's own front; `url` is that of its service's."""
        return int(self.front.server_address[1])


@dataclass(frozen=True, slots=True)
class Program:
    """How a service is started: `command` holds `{port}` where its port goes."""

    folder: Path
    command: Sequence[str]
    shown_as: str = "/app"


class Stage:
    """The place where one incident happens."""

    def __init__(
        self,
        project: str,
        location: str,
        begin: datetime,
        *,
        join_tracebacks: bool = False,
        plain_severity: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.project, self.location = project, location
        self._join, self._plain = join_tracebacks, plain_severity
        self._labels = labels or {}
        self._suffix = hex_id(10)
        self._offset = timedelta()
        self._lines: list[tuple[Process, Line]] = []
        self._entries: list[Entry] = []
        self._lock = threading.Lock()
        self._running: list[Process] = []
        self._texts: dict[str, str] = {}
        self._hidden: list[str] = []
        self._doors: dict[str, ThreadingHTTPServer] = {}
        self.before_moving: list[Callable[[], None]] = []
        self.go(begin)

    def now(self) -> datetime:
        """Give the time of the stage's clock."""
        return datetime.now(UTC) + self._offset

    def go(self, to: datetime) -> None:
        """Move the clock, when everybody has said what there was to say."""
        self.settle()
        for act in self.before_moving:
            act()
        self._offset = to - datetime.now(UTC)

    def later(self, seconds: float) -> None:
        """Move the clock on."""
        self.go(self.now() + timedelta(seconds=seconds))

    def hide(self, *values: str) -> None:
        """Have values taken out of everything that is printed."""
        self._hidden += [form for v in values for form in (v, v.strip()) if len(form) > 5]
        self._hidden.sort(key=len, reverse=True)

    def public_url(self, service: str) -> str:
        """Give the address under which the platform would serve a service."""
        return f"https://{service}-{self._suffix}-{self.location[:2]}.a.run.app"

    def known(self, text: str, stands_for: str) -> None:
        """Have a text replaced wherever it is printed."""
        self._texts[text] = stands_for

    def start(
        self,
        service: str,
        revision: str,
        program: Program,
        env: Mapping[str, str],
        *,
        comes_up: bool = True,
        reason: str | None = "AUTOSCALING",
        guard: Guard | None = None,
    ) -> Process:
        """Start an instance of a revision and wait until it answers, or until it has ended."""
        where = Where(self.project, self.location, service, revision, labels=self._labels)
        if reason is not None:
            words = {
                "AUTOSCALING": "due to traffic.",
                "DEPLOYMENT_ROLLOUT": "due to deployment of a new revision.",
            }[reason]
            self.note(where, f"Starting new instance. Reason: {reason} - Instance started {words}")
        port = free_port()
        popen = subprocess.Popen(  # noqa: S603 - The command is the script's own.
            [part.replace("{port}", str(port)) for part in program.command],
            cwd=program.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "K_SERVICE": service,
                "K_REVISION": revision,
                "GOOGLE_CLOUD_PROJECT": self.project,
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(popen.kill)
        door = self._doors.setdefault(service, self._front())
        address = f"127.0.0.1:{door.server_address[1]}"
        process = Process(where, popen, port, self._front(), f"http://{address}", guard)
        process.front.stage_of = (self, process)  # type: ignore[attr-defined]
        self._texts |= {
            f"http://127.0.0.1:{port}": "http://0.0.0.0:8080",
            f"127.0.0.1:{port}": "0.0.0.0:8080",
            process.url: self.public_url(service),
            f"host='127.0.0.1', port={door.server_address[1]}": (
                f"host='{self.public_url(service)[8:]}', port=443"
            ),
            address: self.public_url(service)[8:],
            str(program.folder): program.shown_as,
        }
        for stream, pipe in (("stdout", popen.stdout), ("stderr", popen.stderr)):
            assert pipe is not None
            threading.Thread(target=self._listen, args=(process, stream, pipe), daemon=True).start()
        self._running.append(process)
        self._await(process, comes_up=comes_up)
        if not comes_up:
            self._running.remove(process)
        if comes_up and "gunicorn" in program.command:
            await_answer(port)
            self.settle()
        if comes_up:
            door.stage_of = (self, process)  # type: ignore[attr-defined]
        return process

    def note(self, where: Where, text: str, severity: str = "INFO") -> None:
        """Write an entry of the platform's own log."""
        with self._lock:
            self._entries.append(platform_entry(where, self.now(), text, severity))

    def call(
        self,
        process: Process,
        method: str,
        path: str,
        body: Any = None,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
        agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ) -> Answer:
        """Send a request through a service's front."""
        sent = {"User-Agent": agent, **(headers or {})}
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        data = None
        if body is not None:
            data = body if isinstance(body, str) else json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", process.front_port, timeout=PATIENCE)
        try:
            connection.request(method, path, data, sent)
            got = connection.getresponse()
            return Answer(got.status, dict(got.getheaders()), got.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def stop(self, process: Process) -> None:
        """End a process as the platform does, with SIGTERM to it alone."""
        if process.popen.poll() is None:
            process.popen.send_signal(signal.SIGTERM)
            try:
                process.popen.wait(10)
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait(10)
        self.settle()
        process.front.shutdown()
        process.front.server_close()
        self._running.remove(process)

    def close(self) -> None:
        """End what still runs, without keeping what it says at the end."""
        self.settle()
        kept = len(self._lines)
        for process in list(self._running):
            self.stop(process)
        del self._lines[kept:]
        for door in self._doors.values():
            door.shutdown()
            door.server_close()

    def settle(self) -> None:
        """Wait until every process is quiet."""
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + PATIENCE:
            latest = max((p.last_line for p in self._running), default=0.0)
            if now - latest > QUIET and now - begun > QUIET / 2:
                return
            time.sleep(QUIET / 4)

    def entries(self, *services: str) -> list[Entry]:
        """Give what happened, of all services or of those named.

        Raises:
            RuntimeError: A service that should run has ended.
        """
        self.settle()
        if ended := [p.where.revision for p in self._running if p.popen.poll() is not None]:
            raise RuntimeError(f"no longer running: {ended}")
        made = list(self._entries)
        for process in {id(p): p for p, _ in self._lines}.values():
            for stream in ("stdout", "stderr"):
                lines = [x for p, x in self._lines if p is process and x.stream == stream]
                made += output_entries(
                    lines, process.where, join_tracebacks=self._join, plain_severity=self._plain
                )
        wanted = set(services)
        return [
            entry
            for entry in made
            if not wanted or entry["resource"]["labels"]["service_name"] in wanted
        ]

    def public(self, text: str) -> str:
        """Give a text as it would read on the platform, without a secret."""
        for private, stands_for in self._texts.items():
            text = text.replace(private, stands_for)
        for value in self._hidden:
            text = text.replace(value, "[REDACTED]")
        text = _TOKEN.sub("[REDACTED]", text.replace("127.0.0.1", "169.254.169.126"))
        # In pieces: a search for paths of machines is not to find it here.
        text = text.replace("/" + "root/.", "/" + "tmp/.")
        text = text.replace("HTTPConnectionPool(host='", "HTTPSConnectionPool(host='")
        return cleaned(text)

    def _listen(self, process: Process, stream: Literal["stdout", "stderr"], pipe: IO[str]) -> None:
        for text in pipe:
            process.last_line = time.monotonic()
            now = self.now()
            said = self.retimed(self.public(text.rstrip("\n")))
            said = _PIDS.sub(
                lambda m: str(process.pids.setdefault(m[0], len(process.pids) + 1)), said
            )
            with self._lock:
                self._lines.append((process, Line(now, said, stream)))

    def retimed(self, text: str) -> str:
        """Give a text in which times of this moment are the stage's."""
        offset, real = self._offset, datetime.now(UTC)

        def moved(pattern: str, length: int) -> Callable[[re.Match[str]], str]:
            def move(match: re.Match[str]) -> str:
                said = datetime.strptime(match[0], pattern).replace(tzinfo=UTC)
                if abs(said - real) > timedelta(hours=3):
                    return match[0]
                return (said + offset).strftime(pattern)[:length]

            return move

        def counted(match: re.Match[str]) -> str:
            said = datetime.fromtimestamp(int(match[0]) / 1000, UTC)
            near = abs(said - real) < timedelta(hours=3)
            return str(round((said + offset).timestamp() * 1000)) if near else match[0]

        for form, pattern, length in _FORMS:
            text = form.sub(moved(pattern, length), text)
        return _MILLISECONDS.sub(counted, text)

    def _await(self, process: Process, *, comes_up: bool) -> None:
        name = f"{process.where.service}-1"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if process.popen.poll() is not None:
                break
            if comes_up and listens(process.port):
                self.settle()
                said = (
                    "Default STARTUP TCP probe succeeded after 1 attempt for container "
                    f'"{name}" on port 8080.'
                )
                self.note(process.where, said)
                return
            time.sleep(0.02)
        self.settle()
        if comes_up:
            raise RuntimeError(f"did not start: {[x.text for _, x in self._lines[-12:]]}")
        code = process.popen.poll()
        self.note(process.where, f"Container called exit({code}).", "WARNING")
        said = (
            f'Default STARTUP TCP probe failed 1 time consecutively for container "{name}" on port '
            "8080. The instance was not started.\nConnection failed with status CONNECTION_REFUSED."
        )
        self.note(process.where, said, "ERROR")

    def _front(self) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def keep(self, process: Process, request: Request, text: str | None) -> None:
        """Keep a request that passed a front."""
        entry = request_entry(process.where, request)
        if text is not None:
            entry["textPayload"] = text
        with self._lock:
            self._entries.append(entry)
