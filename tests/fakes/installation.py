"""One installation as a person has it: a state directory, and the command run on it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fakes.timing import UNIT

NETRA: Final = Path(sys.executable).parent / "netra"
SETTLE: Final = 90 * UNIT


@dataclass
class Installation:
    """One state directory, and the command run on it."""

    state: Path
    children: list["subprocess.Popen[str]"] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - our own command
            self._command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=2 * SETTLE,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Run a command beside the test."""
        child = subprocess.Popen(  # noqa: S603 - our own command
            self._command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        return child

    def up(self) -> "subprocess.CompletedProcess[str]":
        """Bring it up in the background, on free ports."""
        return self.run("up", "--detach", "--port", "0", "--auth-port", "0")

    def foreground(self) -> "subprocess.Popen[str]":
        """Bring it up in the foreground, and give that command once it is ready."""
        child = self.start("up", "--port", "0", "--auth-port", "0")
        assert child.stdout is not None
        assert child.stdout.readline() == "Netra runs.\n"
        while "Ctrl-C" not in child.stdout.readline():
            pass
        return child

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """Run a command that answers with one JSON document."""
        return json.loads(self.run(*arguments, "--json", stdin=stdin).stdout)

    def status(self) -> Any:
        """Ask what runs."""
        return self.json("status")

    def env(self, service: str) -> dict[str, str]:
        """Read an env file."""
        lines = (self.state / "env" / f"{service}.env").read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def edit(self, service: str, name: str, value: str) -> None:
        """Change a value in an env file as a person would, or write it at the end."""
        file = self.state / "env" / f"{service}.env"
        text, known = file.read_text("utf-8"), self.env(service)
        if name in known:
            text = text.replace(f"{name}={known[name]}\n", f"{name}={value}\n")
        else:
            text += f"{name}={value}\n"
        file.write_text(text, "utf-8")

    def end(self) -> None:
        """Leave nothing running."""
        for child in self.children:
            child.kill()
            child.communicate()
        self.run("down")

    def _command(self, *arguments: str) -> list[str]:
        return [str(NETRA), *arguments, "--state", str(self.state)]
