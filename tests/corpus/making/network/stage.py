"""A stage on which foreign services run as real processes, under a clock of the incident's own.

Every process is started under libfaketime (Debian's package `libfaketime`), with a clock that says
the time of the incident and runs faster than this machine's. So an hour is staged in minutes, and
times in tokens, certificates, log lines and time-outs all agree.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from corpus.making.freezing import (
    Entry,
    Expected,
    Line,
    Request,
    Salt,
    Subject,
    Where,
    cleaned,
    freeze,
    hex_id,
    ordered,
    output_entries,
    platform_entry,
    request_entry,
)
from corpus.making.network.thinning import line_of, thinned

FAKETIME: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
SERVICES: Final = Path(__file__).resolve().parent / "services"
_PROCESS: Final = re.compile(r"process \[\d+\]")
_MARK: Final = re.compile(r"\{([^{}]+)\}")
_ROLLOUT: Final = (
    "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting "
    "between revisions due to deployment, traffic split adjustment, or deployment health check."
)
_SCALING: Final = (
    "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling "
    "factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for current "
    "traffic."
)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the machine offers: the throw-away environments of Python and of Node."""

    python: Path
    bare: Path
    node: Path


@dataclass(slots=True)
class Process:
    """One running instance, and what it has printed so far."""

    where: Where
    port: int
    running: asyncio.subprocess.Process
    clock: Path
    lines: list[Line] = field(default_factory=list)
    readers: list[asyncio.Task[None]] = field(default_factory=list)
    join_tracebacks: bool = False


def free_port(host: str = "127.0.0.1") -> int:
    """Give a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


class Stage:
    """One incident being staged.

    Args:
        tools: The throw-away environments.
        start: The time at which the incident's clock starts.
        rate: How many of its seconds pass in one of this machine's.
        project: The cloud project in which it is said to happen.
        location: The region.
        jumps: Whether `jump` is to be used.
    """

    def __init__(
        self,
        tools: Tools,
        start: datetime,
        *,
        rate: int = 20,
        project: str = "acme-prod",
        location: str = "europe-west1",
        jumps: bool = False,
    ) -> None:
        self.tools = tools
        self.rate = rate
        self.project = project
        self.location = location
        self.jumps = jumps
        self.begun = start
        self.replacements: dict[str, str] = {}
        self.entries: list[Entry] = []
        self.processes: list[Process] = []
        self.salt = Salt()
        self.folder = Path(tempfile.mkdtemp(prefix="making-"))
        self._base = start
        self._real = time.time()
        self.closing = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in list(self.processes):
            await self.stop(process)
        await self.closing.aclose()
        shutil.rmtree(self.folder, ignore_errors=True)

    def now(self) -> datetime:
        """Give the time of the incident."""
        real = time.time() - self._real
        return self._base + timedelta(seconds=real * self.rate)

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds of the incident pass."""
        await asyncio.sleep(seconds / self.rate)

    def jump(self, seconds: float) -> None:
        """Set the clocks of all that runs forward at once, as after hours without anything."""
        self._base += timedelta(seconds=seconds)
        for process in self.processes:
            said, _, rate = process.clock.read_text().strip().rpartition(" ")
            moved = datetime.strptime(said, "@%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            moved += timedelta(seconds=seconds)
            process.clock.write_text(f"{moved:@%Y-%m-%d %H:%M:%S} {rate}\n")

    def where(self, service: str, revision: str) -> Where:
        """Give a new instance of a revision."""
        return Where(self.project, self.location, service, f"{service}-{revision}")

    async def run(
        self,
        where: Where,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        skew: float = 0,
        scaled: bool = False,
        join: bool = False,
        waits: bool = True,
    ) -> Process:
        """Start a process as an instance, and wait until it listens on the `PORT` it is given.

        Args:
            where: The instance that it is.
            command: The program and its arguments; `{port}` stands for its port.
            env: Its whole environment, besides `PATH` and what the clock needs.
            skew: By how many seconds its clock is ahead of the incident's.
            scaled: Whether the platform started it for want of capacity, not for a deployment.
            join: Whether its tracebacks are one entry each.
            waits: Whether to wait until it listens; one that fails at once never does.
        """
        port = free_port()
        self.replacements |= {
            f"http://127.0.0.1:{port}": "http://0.0.0.0:8080",
            f"127.0.0.1:{port}": "0.0.0.0:8080",
        }
        text = _SCALING if scaled else _ROLLOUT
        self.entries.append(platform_entry(where, self.now(), text))
        clock = self.folder / f"clock-{port}"
        said = self.now() + timedelta(seconds=skew)
        told = f"{said:@%Y-%m-%d %H:%M:%S} x{self.rate}"
        clock.write_text(f"{told}\n")
        timing = {"FAKETIME": told}
        if self.jumps:  # A file that is read again can confuse a process of several threads.
            timing = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
        running = await asyncio.create_subprocess_exec(
            *(part.replace("{port}", str(port)) for part in command),
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin",
                "PORT": str(port),
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "TZ": "UTC",
                "LD_PRELOAD": str(FAKETIME),
                **timing,
                **env,
            },
            cwd=SERVICES,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        process = Process(where, port, running, clock, join_tracebacks=join)
        process.readers = [
            asyncio.create_task(self._read(process, stream)) for stream in ("stdout", "stderr")
        ]
        self.processes.append(process)
        if waits:
            await self._listens(process)
        return process

    async def _listens(self, process: Process) -> None:
        for _ in range(200):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", process.port)
                writer.close()
                break
            if process.running.returncode is not None:
                raise RuntimeError("\n".join(line.text for line in process.lines))
            await asyncio.sleep(0.05)
        else:
            raise TimeoutError(f"{process.where.revision} does not listen")
        text = (
            f'Default STARTUP TCP probe succeeded after 1 attempt for container "'
            f'{process.where.service}-1" on port 8080.'
        )
        self.entries.append(platform_entry(process.where, self.now(), text))

    async def _read(self, process: Process, stream: Any) -> None:
        reader = getattr(process.running, stream)
        while data := await reader.readline():
            text = data.decode(errors="replace").rstrip("\n")
            process.lines.append(Line(self.now(), text, stream))

    async def stop(self, process: Process, *, said: bool = False) -> None:
        """End a process and keep what it printed; all of it is an entry from then on."""
        if process not in self.processes:
            return
        if process.running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.running.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.running.wait(), 3)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.running.pid, signal.SIGKILL)
        await asyncio.wait(process.readers, timeout=2)
        if said or process.running.returncode:
            self._collect(process)
            self.processes.remove(process)

    def _collect(self, process: Process) -> None:
        taken, process.lines = process.lines, []
        lines = [Line(line.time, self.rewritten(line.text), line.stream) for line in taken]
        self.entries += output_entries(
            lines, process.where, join_tracebacks=process.join_tracebacks
        )

    def rewritten(self, text: str) -> str:
        """Give a text with the addresses and paths of the incident, not of this machine."""
        for ours in sorted(self.replacements, key=len, reverse=True):
            text = text.replace(ours, self.replacements[ours])
        text = _PROCESS.sub("process [1]", text)
        text = cleaned(text, {str(SERVICES): "/app", str(self.folder): "/var/run"})
        return text.replace("127.0.0.1", "169.254.169.126")

    def request(self, where: Where, request: Request, text: str | None = None) -> None:
        """Add the entry of a request, with the platform's own text where it refused it."""
        entry = request_entry(where, request)
        self.entries.append(entry if text is None else entry | {"textPayload": text})

    def freeze(
        self,
        name: str,
        service: str,
        environment: str,
        expected: Expected,
        documents: Mapping[str, Any] | None = None,
        *,
        services: Sequence[str] | None = None,
        most: int = 56_000,
    ) -> None:
        """Write the bundle from all that was printed and noted so far.

        In the reason, `{text}` becomes the line of the first entry that holds the text.

        Args:
            name: The bundle's name.
            service: The service it is about.
            environment: Its environment.
            expected: What a reviewer concludes.
            documents: What the bundle holds besides the logs.
            services: Whose entries it holds; all by default.
            most: How many bytes of entries it holds.
        """
        for process in self.processes:
            self._collect(process)
        found = [
            entry
            for entry in ordered(self.entries)
            if services is None or entry["resource"]["labels"]["service_name"] in services
        ]
        found = thinned(found, most)
        why = _MARK.sub(lambda mark: line_of(found, mark.group(1)), expected.why)
        subject = Subject(service, environment, self.begun, self.now(), self.project)
        freeze(
            name,
            subject,
            found,
            documents or {},
            Expected(
                expected.verdict,
                expected.cause,
                why,
                expected.origin,
                expected.acceptable,
                expected.must_not,
                expected.pair,
            ),
        )


def commit(time: datetime, author: str, subject: str, *files: str) -> dict[str, Any]:
    """Give a commit of `commits.json`."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "sha": hex_id(40),
        "time": when,
        "author": author,
        "subject": subject,
        "files": list(files),
    }
