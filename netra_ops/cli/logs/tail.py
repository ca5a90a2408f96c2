"""`netra logs tail`: what the services wrote, both in one stream by time."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from netra_ops.cli.console import DEFAULT_STATE_PATH, StateOption, existing_state, tell
from netra_ops.findings import printable
from netra_ops.platform.local import record
from netra_ops.platform.local.state_directory import StateDirectory

_POLL_SECONDS: Final = 0.2
_BLOCK_BYTES: Final = 65_536
_IN_THE_HEAD: Final = frozenset(
    {"timestamp", "severity", "message", "service", "event", "room", "revision"}
)


def tail(
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: Annotated[
        bool, typer.Option("--json", help="Give the lines as the services wrote them (NDJSON).")
    ] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many at most.")] = 500,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")
    ] = False,
) -> None:
    """Show the end of the current revisions' events."""
    directory = existing_state(state)
    readers: dict[Path, _Reader] = {}
    events = _new_events(directory, readers, lines)
    for line in events[-lines:] if lines else []:
        tell(line if as_json else _for_people(line))
    while follow:
        time.sleep(_POLL_SECONDS)
        for line in _new_events(directory, readers, None):
            tell(line if as_json else _for_people(line))


class _Reader:
    """Reads one growing file by whole lines."""

    def __init__(self, path: Path, last: int | None) -> None:
        self._path = path
        self._offset = 0 if last is None else _offset_of_last(path, last)

    def lines(self) -> list[str]:
        """Give the lines that were finished since the last time."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read()
        whole = whole[: whole.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole.decode(errors="replace").split("\n")[:-1]


def _new_events(
    directory: StateDirectory, readers: dict[Path, _Reader], last: int | None
) -> list[str]:
    found: list[tuple[str, str]] = []
    for name, service in record.load(directory).services.items():
        for revision in service.current:
            path = directory.log_file(name, revision)
            if path not in readers and path.exists():
                readers[path] = _Reader(path, last)
            if path in readers:
                found += _dated(_as_event(name, line) for line in readers[path].lines())
    return [line for _, line in sorted(found, key=lambda dated: dated[0])]


def _dated(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give each line its time; one without stays behind the line it followed."""
    moment = ""
    for line in lines:
        moment = str(msgspec.json.decode(line).get("timestamp", moment))
        yield moment, line


def _as_event(service: str, line: str) -> str:
    """Keep a line that is an event as it is; wrap what a dying process left behind."""
    try:
        if isinstance(msgspec.json.decode(line), dict):
            return line
    except msgspec.DecodeError:
        pass
    return msgspec.json.encode({"service": service, "message": line}).decode()


def _for_people(line: str) -> str:
    event: dict[str, Any] = msgspec.json.decode(line)
    head = " ".join(
        (
            str(event.get("timestamp", "-")),
            f"{event.get('severity', '-')!s:8}",
            f"{event.get('service', '-')!s:14}",
            str(event.get("message", "")),
        )
    )
    rest = {name: value for name, value in event.items() if name not in _IN_THE_HEAD}
    text = f"{head}  {msgspec.json.encode(rest).decode()}" if rest else head
    return printable(text)


def _offset_of_last(path: Path, lines: int) -> int:
    """Find where the last so many whole lines begin, from the end backwards."""
    with path.open("rb") as file:
        offset = file.seek(0, 2)
        seen = b""
        while offset > 0 and seen.count(b"\n") <= lines:
            step = min(_BLOCK_BYTES, offset)
            offset -= step
            file.seek(offset)
            seen = file.read(step) + seen
    whole = seen[: seen.rfind(b"\n") + 1]
    kept = whole.split(b"\n")[-lines - 1 :]
    return offset + len(whole) - len(b"\n".join(kept))
