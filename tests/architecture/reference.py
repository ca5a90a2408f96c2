"""Writes docs/reference from the code; `make reference` runs it, a test compares the two."""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import typer
from typer.core import TyperArgument

from architecture.house import ROOT, Source, dotted, sources
from netra.contract import reference as contract_reference
from netra.contract.written.documents import schema
from netra.errors import NetraError
from netra.wire import error_reference
from netra_ops.cli.program import program
from netra_ops.diagnosis import runbook
from netra_ops.diagnosis.catalogue import CATALOGUE

FOLDER: Final = ROOT / "docs" / "reference"
CAUSES: Final = ROOT / "docs" / "runbooks" / "causes"

SEVERITIES: Final = {
    "debug": "DEBUG",
    "info": "INFO",
    "warning": "WARNING",
    "error": "ERROR",
    "exception": "ERROR",
    "critical": "CRITICAL",
}
_EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")

_EVENTS: Final = """\
# Log events

Generated from the calls in the source by `make reference`; a test compares the two.

Every line on a service's standard output is one JSON object in the Cloud Logging form. `event` is
the static name below; `room` is where it comes from, and everything that varies is a field.

| event | severity | from |
|---|---|---|
"""

_COMMANDS: Final = """\
# Commands

Generated from `netra_ops/cli/` by `make reference`; a test compares the two.

Exit codes: 0 pass, 1 fail, 2 usage, 3 could not decide.
"""


@dataclass(frozen=True, slots=True, order=True)
class LoggedEvent:
    """One call that writes an event; `name` is None where it is not a static name."""

    name: str | None
    severity: str
    path: str
    line: int


def pages() -> dict[str, str]:
    """Give every page of the reference by its file name."""
    return {
        "configuration.md": contract_reference.as_markdown(contract_reference.CONTRACTS),
        "errors.md": error_reference.as_markdown(NetraError),
        "events.md": events_page(sources()),
        "commands.md": commands_page(program()),
        "contract.schema.json": schema_page(),
    }


def runbooks() -> dict[str, str]:
    """Give every page of the causes by its file name."""
    return {
        "README.md": runbook.index(CATALOGUE),
        **{f"{cause.code}.md": runbook.page(cause) for cause in CATALOGUE},
    }


def schema_page() -> str:
    """Write the JSON Schema of contract files."""
    return json.dumps(schema(), indent=2) + "\n"


def logged_events(read: Iterable[Source]) -> Iterator[LoggedEvent]:
    """Find every call of an event logger."""
    for source in read:
        for node in ast.walk(source.tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            receiver = (dotted(node.func.value) or "").rpartition(".")[2].lstrip("_").lower()
            if receiver in {"log", "logger"} and node.func.attr in SEVERITIES:
                severity = SEVERITIES[node.func.attr]
                yield LoggedEvent(_static_name(node), severity, source.path, node.lineno)


def _static_name(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value if _EVENT_NAME.match(first.value) else None
    return None


def events_page(read: Iterable[Source]) -> str:
    """Write the table of all events."""
    rows = {(event.name, event.severity, event.path) for event in logged_events(read) if event.name}
    return _EVENTS + "".join(f"| `{n}` | {s} | `{p}` |\n" for n, s, p in sorted(rows))


def commands_page(program: typer.Typer) -> str:
    """Write a section for each command with its arguments and options."""
    root = typer.main.get_command(program)
    return "\n".join([_COMMANDS, *_sections(root, "netra")])


def _sections(command: object, name: str) -> Iterator[str]:
    below = getattr(command, "commands", {})
    if below:
        for word, child in sorted(below.items()):
            if not child.hidden:
                yield from _sections(child, f"{name} {word}")
        return
    yield f"## {name}\n"
    yield f"{' '.join((getattr(command, 'help', None) or '').split())}\n"
    rows = [_row(parameter) for parameter in getattr(command, "params", ()) if _shown(parameter)]
    if rows:
        yield "\n".join(["| option | meaning | default |", "|---|---|---|", *rows, ""])


def _shown(parameter: object) -> bool:
    return not getattr(parameter, "hidden", False) and getattr(parameter, "name", "") != "help"


def _row(parameter: object) -> str:
    names = [*getattr(parameter, "opts", ()), *getattr(parameter, "secondary_opts", ())]
    is_argument = isinstance(parameter, TyperArgument)
    name = " ".join(names).upper() if is_argument else ", ".join(names)
    meaning = " ".join((getattr(parameter, "help", None) or "").split())
    default = getattr(parameter, "default", None)
    shown = "" if default in (None, False, ()) or callable(default) else f"`{default}`"
    return f"| `{name}` | {meaning} | {shown} |"


def main() -> int:
    """Write every page, and remove a page that no longer has a source."""
    for folder, wanted in ((FOLDER, pages()), (CAUSES, runbooks())):
        folder.mkdir(parents=True, exist_ok=True)
        for stale in {path.name for path in folder.iterdir()} - wanted.keys():
            (folder / stale).unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
