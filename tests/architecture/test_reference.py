"""The reference pages say what the code says."""

import re
from pathlib import Path

import pytest
import typer

from architecture.house import Finding, judge, planted, sources
from architecture.reference import (
    CAUSES,
    FOLDER,
    commands_page,
    events_page,
    logged_events,
    pages,
    runbooks,
)


def test_the_reference_matches_the_code() -> None:
    """Every page in docs/reference is what `make reference` would write, and there is no other."""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}

    assert written == pages(), "docs/reference is behind the code: run `make reference`"


def test_each_cause_has_its_runbook() -> None:
    """Every page in docs/runbooks/causes is what its cause says; there is no other."""
    written = {path.name: path.read_text(encoding="utf-8") for path in CAUSES.iterdir()}

    assert written == runbooks(), "docs/runbooks/causes is behind the code: run `make reference`"


def test_every_event_has_a_static_name() -> None:
    """What varies is a field: the name is a literal in snake case, so that it can be searched."""
    nameless = [e for e in logged_events(sources()) if e.name is None]

    assert judge(Finding(e.path, e.line, "event without a static name") for e in nameless) == ""


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("log.info('user_added', user='u')", "user_added"),
        ("self._log.warning(f'user {u} added')", None),
        ("_log.error('Something went wrong!')", None),
        ("log.critical(name)", None),
    ],
)
def test_an_event_is_found_with_its_name(tmp_path: Path, call: str, name: str | None) -> None:
    """Calls on an event logger are found; a built or prose name counts as none."""
    (event,) = logged_events([planted(tmp_path, "netra/planted.py", f"{call}\n")])

    assert event.name == name


def test_the_events_page_lists_an_event(tmp_path: Path) -> None:
    """An event appears with its severity and its file."""
    page = events_page([planted(tmp_path, "netra/planted.py", "log.info('user_added')\n")])

    assert "| `user_added` | INFO | `netra/planted.py` |" in page


def test_the_commands_page_lists_a_command() -> None:
    """A command appears with its sentence, its options and their defaults."""
    program = typer.Typer()

    @program.command()
    def greet(name: str = typer.Option("you", help="Whom.")) -> None:
        """Say hello."""

    @program.command()
    def leave() -> None:
        """Say goodbye."""

    page = commands_page(program)

    assert "## netra greet\n" in page
    assert re.search(r"\| `--name` \| Whom\. \| `you` \|", page)
    assert page.index("greet") < page.index("leave")
