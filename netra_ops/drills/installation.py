"""A fresh installation for one drill, which ends with it however that ends."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from netra.clock import Clock
from netra_ops.drills import commands
from netra_ops.drills.commands import Done
from netra_ops.findings import Failed
from netra_ops.platform.local import configuration, ports, state_directory
from netra_ops.platform.local.state_directory import StateDirectory, write_whole
from netra_ops.settings import LOOPBACK, PROGRAMS

_ENDING: Final = "netra_ops.drills.ending"
_ENDING_SECONDS: Final = 60.0


class Installation:
    """One installation, and the commands run on it.

    Args:
        state: Its state directory, which is made.
        scratch: A private folder for what faults need.
    """

    def __init__(self, state: StateDirectory, scratch: Path) -> None:
        self._directory = state
        self._scratch = scratch
        configuration.make(state, _free_ports())

    @property
    def state(self) -> Path:
        """The state directory."""
        return self._directory.root

    @property
    def scratch(self) -> Path:
        """A private folder for what faults need."""
        return self._scratch

    @property
    def url(self) -> str:
        """Where the backend is reached."""
        return str(self.status()["url"])

    @property
    def auth_url(self) -> str:
        """Where the auth service is reached."""
        return str(self.status()["auth_url"])

    def settings(self, service: str) -> dict[str, str]:
        """Read the env file of a service as it is written."""
        text = self._directory.env_file(service).read_text(encoding="utf-8")
        lines = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
        return {name: value for name, equals, value in lines if equals}

    def rewrite(self, service: str, values: Mapping[str, str | None]) -> None:
        """Write values into a service's env file; None takes a variable away."""
        file = self._directory.env_file(service)
        kept: dict[str, str | None] = {**self.settings(service), **values}
        lines = (f"{name}={value}\n" for name, value in kept.items() if value is not None)
        write_whole(file, "".join(lines))

    def up(self) -> None:
        """Start it.

        Raises:
            Failed: It does not start.
        """
        self.command("up", "--detach")

    def status(self) -> dict[str, Any]:
        """Ask what runs."""
        found: dict[str, Any] = self.run("status", "--json").document()
        return found

    def settle(self, clock: Clock, seconds: float) -> bool:
        """Wait until it serves and nothing of it is degraded; tell whether that came in time."""
        deadline = clock.monotonic() + seconds
        while clock.monotonic() < deadline:
            status = self.status()
            if status["ready"] and not status["degraded"]:
                return True
        return False

    def process(self, service: str) -> int:
        """Give the process of the revision that serves."""
        return int(self.status()["pids"][service])

    def run(self, *words: str, stdin: str = "") -> Done:
        """Run a command to its end, whatever that is."""
        return commands.run(words, self.state, stdin)

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command and give what it printed.

        Raises:
            Failed: It did not end with 0.
        """
        done = self.run(*arguments, stdin=stdin)
        if done.exit_code:
            raise Failed(done.said)
        return done.output


@contextmanager
def installation(state: Path | None) -> Iterator[Installation]:
    """Make an installation, and take it down in the end.

    What takes it down is a process of its own, so that it is done also where this one is killed.

    Args:
        state: Where it lives and is kept; None for a folder that is removed.
    """
    folder = Path(tempfile.mkdtemp(prefix="netra-drill-"))
    place = state_directory.created(folder / "state" if state is None else state)
    scratch = folder / "scratch"
    scratch.mkdir(mode=0o700)
    ending = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", _ENDING, str(place.root), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Installation(place, scratch)
    finally:
        if ending.stdin is not None:
            ending.stdin.close()
        try:
            ending.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"The installation in {place.root} was not taken down.") from None


def _free_ports() -> dict[str, int]:
    wishes = tuple(
        ports.PortWish(
            service=program.service,
            option="",
            host=LOOPBACK,
            asked=0,
            kept=None,
            default=program.default_port,
        )
        for program in PROGRAMS
    )
    chosen = ports.choose(wishes)
    return {wish.service: one.port for wish, one in zip(wishes, chosen, strict=True)}
