"""Stages an incident: runs processes, asks them as people do, and keeps what became of it.

An incident lasts hours and is staged in seconds: what happens between two leaps of `Stage.leap` has
the distances it really had, and a leap moves all later times on. Times that processes printed are
moved alike.
"""

import os
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from corpus.making.freezing import (
    Entry,
    Expected,
    Line,
    Request,
    Subject,
    Where,
    cleaned,
    freeze,
    hex_id,
    output_entries,
    platform_entry,
    request_entry,
)

_ISO: Final = re.compile(r"(20\d\d-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)([.,]\d{3,9})?")
_SLASHED: Final = re.compile(r"(20\d\d/\d\d/\d\d) (\d\d:\d\d:\d\d)(\.\d{6})?")
_COMMON: Final = re.compile(r"\d\d/[A-Z][a-z]{2}/20\d\d:\d\d:\d\d:\d\d")
_EPOCH: Final = re.compile(r"(?<![\w.-])1[789]\d{8}(?:\d{3}|\.\d{1,7})?(?![\w.-])")
_ACCESS: Final = re.compile(r"^(INFO: +)127\.0\.0\.1(:\d+ - )")
_NEAR: Final = 2 * 3600.0
_WAIT: Final = 30.0
_READING: Final = 0.03
_TOGETHER: Final = 0.02
_CONTINUES: Final = re.compile(r"\s|[\]}]|- /|Require stack:|Caused by:|Node\.js v")
PUBLIC_IPS: Final = ("203.0.113.24", "198.51.100.7", "203.0.113.181", "198.51.100.93", "192.0.2.66")
BROWSERS: Final = (
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/126.0.0.0 Safari/537.36"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "okhttp/4.12.0",
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A line that a process printed, at the time of this machine."""

    real: float
    where: Where
    text: str
    stream: Literal["stdout", "stderr"]


@dataclass
class Stage:
    """One incident that is being staged.

    Attributes:
        begins: The time at which it is said to begin.
        project: The project of its services.
        location: Where they run.
        stands_for: Texts of this machine, such as addresses, and what stands for each.
        joined: Whether the lines of a traceback become one entry.
    """

    begins: datetime
    project: str
    location: str = "europe-west1"
    stands_for: dict[str, str] = field(default_factory=dict)
    joined: bool = False
    printed: list[Printed] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    _leaps: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin now."""
        now = time.time()
        self._leaps.append((now - _NEAR, self.begins.timestamp() - now))

    def leap(self, minutes: float) -> None:
        """Have so many minutes pass, once what was printed has been read."""
        time.sleep(_READING)
        self._leaps.append((time.time(), self._leaps[-1][1] + minutes * 60))

    def at(self, real: float) -> datetime:
        """Give the incident's time for a time of this machine."""
        shift = next(shift for since, shift in reversed(self._leaps) if real >= since)
        return datetime.fromtimestamp(real + shift, UTC)

    def now(self) -> datetime:
        """Give the incident's time."""
        return self.at(time.time())

    def where(self, service: str, revision: str) -> Where:
        """Name an instance of its own of a revision."""
        return Where(self.project, self.location, service, revision)

    def says(self, where: Where, text: str, severity: str = "INFO") -> None:
        """Have the platform say something about a revision."""
        self.entries.append(platform_entry(where, self.now(), text, severity))

    def moved(self, text: str, real: float) -> str:
        """Give a text as it would have been printed then and there."""
        for ours, theirs in self.stands_for.items():
            text = text.replace(ours, theirs)
        text = _ACCESS.sub(r"\1169.254.169.126\2", text)
        text = _ISO.sub(lambda m: self._iso(m, real), text)
        text = _SLASHED.sub(lambda m: self._slashed(m, real), text)
        text = _COMMON.sub(lambda m: self._common(m, real), text)
        return cleaned(_EPOCH.sub(lambda m: self._epoch(m, real), text))

    def log(self) -> list[Entry]:
        """Give all entries there are."""
        made = list(self.entries)
        for where in dict.fromkeys(map(lambda p: p.where.instance, self.printed)):  # noqa: C417
            of_one = [p for p in self.printed if p.where.instance == where]
            of_one = _together(of_one) if self.joined else of_one
            lines = [Line(self.at(p.real), self.moved(p.text, p.real), p.stream) for p in of_one]
            made += output_entries(lines, of_one[0].where, join_tracebacks=self.joined)
        for entry in made:
            # The logging agent lifts a request out of what a process printed.
            if "httpRequest" in entry.get("jsonPayload", {}):
                entry["httpRequest"] = entry["jsonPayload"].pop("httpRequest")
        return made

    def freeze(
        self,
        name: str,
        service: str,
        environment: str,
        documents: Mapping[str, Any],
        expected: Expected,
        *,
        keeps: Callable[[Entry], bool] = lambda _entry: True,
        window: tuple[datetime, datetime] | None = None,
        shape: Callable[[Entry], Entry] = lambda entry: entry,
    ) -> Path:
        """Write the bundle."""
        logs = [shape(entry) for entry in self.log() if keeps(entry)]
        times = sorted(datetime.fromisoformat(str(entry["timestamp"])) for entry in logs)
        minute = timedelta(minutes=1)
        start, end = window or (times[0] - minute, times[-1] + minute)
        start, end = (moment.replace(second=0, microsecond=0) for moment in (start, end + minute))
        subject = Subject(service, environment, start, end, self.project)
        return freeze(name, subject, logs, documents, expected)

    def _shifted(self, stamp: float, real: float) -> datetime | None:
        if abs(stamp - real) > _NEAR:
            return None
        return datetime.fromtimestamp(
            stamp + (self.at(min(stamp, real)).timestamp() - min(stamp, real)), UTC
        )

    def _iso(self, found: re.Match[str], real: float) -> str:
        day, between, clock, fraction = found.groups()
        exact = (fraction or "").replace(",", ".")
        stamp = datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp() + float(exact or 0)
        moved = self._shifted(stamp, real)
        if moved is None:
            return found[0]
        digits = len(exact) - 1 if exact else 0
        part = f"{fraction[0]}{moved.microsecond:06d}"[: digits + 1] if fraction else ""
        return f"{moved:%Y-%m-%d}{between}{moved:%H:%M:%S}{part}"

    def _slashed(self, found: re.Match[str], real: float) -> str:
        stamp = datetime.strptime(f"{found[1]} {found[2]} +0000", "%Y/%m/%d %H:%M:%S %z")
        moved = self._shifted(stamp.timestamp(), real)
        return found[0] if moved is None else f"{moved:%Y/%m/%d %H:%M:%S}{found[3] or ''}"

    def _common(self, found: re.Match[str], real: float) -> str:
        stamp = datetime.strptime(f"{found[0]} +0000", "%d/%b/%Y:%H:%M:%S %z").timestamp()
        moved = self._shifted(stamp, real)
        return found[0] if moved is None else f"{moved:%d/%b/%Y:%H:%M:%S}"

    def _epoch(self, found: re.Match[str], real: float) -> str:
        text = found[0]
        in_thousandths = "." not in text and len(text) > 10
        moved = self._shifted(float(text) / (1000 if in_thousandths else 1), real)
        if moved is None:
            return text
        if in_thousandths:
            return str(int(moved.timestamp() * 1000))
        digits = len(text.partition(".")[2])
        return f"{moved.timestamp():.{digits}f}"


def _together(printed: Sequence[Printed]) -> list[Printed]:
    made: list[Printed] = []
    for one in printed:
        last = made[-1] if made else None
        if (
            last is not None
            and last.stream == one.stream
            and one.real - last.real < _TOGETHER
            and _CONTINUES.match(one.text)
        ):
            made[-1] = replace(last, text=f"{last.text}\n{one.text}")
        else:
            made.append(one)
    return made


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Process:
    """A process of an instance, and what it is reached by."""

    stage: Stage
    where: Where
    child: "subprocess.Popen[str]"
    port: int
    host: str
    threads: list[threading.Thread]

    def __post_init__(self) -> None:
        """Have what is this machine's own look as in a container."""
        self.stage.stands_for[f"[{self.child.pid}]"] = "[1]"
        self.stage.stands_for[f'"pid":{self.child.pid}'] = '"pid":1'

    def ended(self, seconds: float = _WAIT) -> int:
        """Wait for its end, and give its exit code."""
        code = self.child.wait(seconds)
        for thread in self.threads:
            thread.join(seconds)
        return code

    def end(self) -> None:
        """End it as the platform does."""
        self.child.terminate()
        try:
            self.ended(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.ended()

    def listens(self, seconds: float = _WAIT) -> None:
        """Wait until it listens."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with socket.socket() as sock:
                sock.settimeout(0.2)
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.child.poll() is not None:
                raise AssertionError(f"{self.where.service} ended with {self.child.returncode}")
            time.sleep(0.05)
        raise AssertionError(f"{self.where.service} does not listen")

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        agent: str = BROWSERS[0],
        ip: str = PUBLIC_IPS[0],
        timeout: float = 40.0,
        noted: bool = True,
    ) -> tuple[int, str]:
        """Ask it something as the platform's front hands it on, and note the request.

        Returns:
            The status and the body.
        """
        trace, real = hex_id(32), time.time()
        sent = {"X-Cloud-Trace-Context": f"{trace}/1;o=1", "User-Agent": agent}
        if body is not None:
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            body.encode() if body is not None else None,
            {**sent, **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
                status, text = answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refused:
            status, text = refused.code, refused.read().decode(errors="replace")
        except OSError:
            status, text = 503, "upstream connect error or disconnect/reset before headers"
        latency = time.time() - real
        seen = Request(
            self.stage.at(real),
            method,
            f"https://{self.host}{path}",
            status,
            latency,
            user_agent=agent,
            remote_ip=ip,
            response_size=len(text) + 180,
            trace=trace,
        )
        if noted:
            self.stage.entries.append(request_entry(self.where, seen))
        return status, text


@contextmanager
def running(
    stage: Stage,
    where: Where,
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    *,
    host: str | None = None,
    waits: bool = True,
) -> Iterator[Process]:
    """Run a process of an instance until the block ends; what it prints is kept.

    Args:
        stage: The incident.
        where: The instance it is.
        command: What is run; `{port}` stands for its port.
        folder: The folder with its code, shown as `/app`.
        variables: Its environment besides `PATH`.
        host: The name it is said to be reached by.
        waits: Whether to wait until it listens.
    """
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": "/var/app",
        "PYTHONUNBUFFERED": "1",
        "PORT": str(port),
        **variables,
    }
    child = subprocess.Popen(  # noqa: S603 - Our own code.
        [part.format(port=port) for part in command],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    stage.stands_for[str(folder)] = "/app"
    stage.stands_for[f":{port}"] = ":8080"
    stage.stands_for[f"port {port}"] = "port 8080"

    def read(name: Literal["stdout", "stderr"]) -> None:
        pipe = child.stdout if name == "stdout" else child.stderr
        assert pipe is not None
        for text in pipe:
            stage.printed.append(Printed(time.time(), where, text.rstrip("\n"), name))

    threads = [threading.Thread(target=read, args=(name,)) for name in ("stdout", "stderr")]
    for thread in threads:
        thread.start()
    made = Process(
        stage, where, child, port, host or f"{where.service}-k7c2nq5xla-ew.a.run.app", threads
    )
    try:
        if waits:
            made.listens()
        yield made
    finally:
        if child.poll() is None:
            made.end()
