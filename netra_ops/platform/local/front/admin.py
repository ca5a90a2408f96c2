"""HAProxy's own socket: what it is asked, and what it is told while it serves.

The socket is a file in the front's folder, which may be deeper than a socket's address can say
(108 bytes): so it is reached through an open folder.
"""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netra_ops.findings import Failed
from netra_ops.platform.local.front.layout import (
    NOWHERE,
    SERVER,
    SOCKET,
    backend_name,
    rendered_map,
)

_BLOCK: Final = 65_536
_NEW_VERSION: Final = re.compile(r"New version created: (\d+)")
_ADDRESS_SET: Final = re.compile(r"nothing changed|no need to change|changed from")
_DECLARED_CLOSED: Final = 0x04
"""Says only that a server was closed when HAProxy started; the other bits say that it is now."""
_SAFE: Final = re.compile(r"[ -:<-~]+")
"""One command: printable, without the semicolon that would begin another."""


class FrontRefused(Failed):
    """HAProxy would not do what it was told.

    Attributes:
        said: Its own words.
    """

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"HAProxy refused `{command}`: {said or 'it said nothing'}.")
        self.said = said


class FrontSilent(Failed):
    """HAProxy does not answer at its socket."""


@dataclass(frozen=True, slots=True)
class Info:
    """How the process is.

    Attributes:
        pid: Its number.
        version: Which HAProxy it is.
        connections: How many clients are connected.
        lost_lines: How many lines of the request log could not be written.
    """

    pid: int
    version: str
    connections: int
    lost_lines: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot leads; `is_open` says whether requests may go there."""

    host: str
    port: int
    is_open: bool


CLOSED: Final = Place(*NOWHERE, is_open=False)


class Admin:
    """The socket of the HAProxy that was started in a folder.

    Args:
        folder: The front's folder.
        seconds: How long to wait for an answer.

    Every method raises `FrontSilent` if nobody answers.
    """

    def __init__(self, folder: Path, seconds: float = 2.0) -> None:
        self._folder = folder
        self._seconds = seconds

    def info(self) -> Info:
        """Ask how the process is."""
        lines = dict(
            line.split(": ", 1) for line in self._ask("show info").splitlines() if ": " in line
        )
        try:
            return Info(
                pid=int(lines["Pid"]),
                version=lines["Version"],
                connections=int(lines["CurrConns"]),
                lost_lines=int(lines["DroppedLogs"]),
            )
        except (KeyError, ValueError) as error:
            raise FrontRefused("show info", "its answer is of another form") from error

    def places(self) -> dict[str, Place]:
        """Ask where every slot leads, by the name of what stands for it."""
        said = self._ask("show servers state")
        rows = [line.removeprefix("# ").split(" ") for line in said.splitlines() if " " in line]
        try:
            head, *servers = rows
            place = {name: head.index(name) for name in _COLUMNS}
            return {
                row[place["be_name"]]: Place(
                    row[place["srv_addr"]],
                    int(row[place["srv_port"]]),
                    not int(row[place["srv_admin_state"]]) & ~_DECLARED_CLOSED,
                )
                for row in servers
            }
        except (ValueError, IndexError) as error:
            raise FrontRefused("show servers state", "its answer is of another form") from error

    def open_connections(self) -> dict[str, int]:
        """Ask how many requests and sockets each slot has open, by the same names."""
        said = self._ask("show stat -1 4 -1")
        head, *rows = [line.removeprefix("# ").split(",") for line in said.splitlines() if line]
        try:
            name, current = head.index("pxname"), head.index("scur")
            return {row[name]: int(row[current]) for row in rows}
        except (ValueError, IndexError) as error:
            raise FrontRefused("show stat", "its answer is of another form") from error

    def lead(self, service: str, slot: int, place: Place) -> None:
        """Have a slot lead somewhere; what is connected stays where it is.

        Raises:
            FrontRefused: HAProxy would not.
        """
        server = f"{backend_name(service, slot)}/{SERVER}"
        if not place.is_open:
            self._tell(f"set server {server} state maint")
        command = f"set server {server} addr {place.host} port {place.port}"
        if not _ADDRESS_SET.search(said := self._ask(command)):
            raise FrontRefused(command, said)
        if place.is_open:
            self._tell(f"set server {server} state ready")

    def entries(self, name: str) -> dict[str, str]:
        """Ask what a map holds."""
        command = f"show map {name}"
        found: dict[str, str] = {}
        for line in self._ask(command).splitlines():
            match line.split(" "):
                case [reference, key, value] if reference.startswith("0x"):
                    found[key] = value
                case _:
                    raise FrontRefused(command, line)
        return found

    def replace(self, name: str, entries: Mapping[str, str]) -> None:
        """Give a map other entries, all at once: each request sees the old ones or the new ones.

        Raises:
            FrontRefused: HAProxy would not; then the map is as it was.
        """
        said = self._ask(command := f"prepare map {name}")
        version = _NEW_VERSION.search(said)
        if version is None:
            raise FrontRefused(command, said)
        number = version[1]
        try:
            if entries:
                self._tell(f"add map @{number} {name} <<", rendered_map(entries))
            self._tell(f"commit map @{number} {name}")
        except FrontRefused:
            self._tell(f"clear map @{number} {name}")
            raise

    def _tell(self, command: str, payload: str = "") -> None:
        """Have something done that is answered by nothing."""
        if said := self._ask(command, payload):
            raise FrontRefused(command, said)

    def _ask(self, command: str, payload: str = "") -> str:
        if not _SAFE.fullmatch(command):
            raise ValueError("A command to HAProxy is one line of printable characters.")
        text = f"{command}\n{payload}\n" if payload else f"{command}\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._seconds)
                self._connect(connection)
                connection.sendall(text.encode("ascii"))
                parts: list[bytes] = []
                while part := connection.recv(_BLOCK):
                    parts.append(part)
        except OSError as error:
            raise FrontSilent(
                f"HAProxy does not answer at {self._folder / SOCKET}: {error.strerror or error}."
            ) from error
        answer = b"".join(parts)
        # An answer ends in an empty line.
        if answer != b"\n" and not answer.endswith(b"\n\n"):
            raise FrontSilent(f"HAProxy ended at `{command}` before it had answered.")
        return answer.decode("ascii", errors="replace").strip()

    def _connect(self, connection: socket.socket) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        finally:
            os.close(folder)


_COLUMNS: Final = ("be_name", "srv_addr", "srv_port", "srv_admin_state")
