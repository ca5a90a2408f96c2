"""What stands outside the isolation of rows stays where it is."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from architecture.house import Exemption, Finding, Source, findings, judge, planted, sources

PLACES: Final = {
    "beneath_the_fence": frozenset(
        {
            "netra_backend/app/db/session.py",
            "netra_backend/app/db/leases.py",
            "netra_backend/app/db/recovery/restored.py",
        }
    ),
    "journal_transaction": frozenset(
        {"netra_backend/app/db/session.py", "netra_backend/app/events/group_commit.py"}
    ),
    "JournalTransaction": frozenset(
        {
            "netra_backend/app/db/session.py",
            "netra_backend/app/db/isolation/journal_transaction.py",
            "netra_backend/app/events/group_commit.py",
        }
    ),
    "AdmittedOwner": frozenset(
        {
            "netra_backend/app/db/isolation/journal_transaction.py",
            "netra_backend/app/events/group_commit.py",
        }
    ),
    "Transactions": frozenset(
        {"netra_backend/app/db/session.py", "netra_backend/app/db/engine.py"}
    ),
    "RunLeases": frozenset({"netra_backend/app/db/leases.py"}),
    "recorded_principal": frozenset({"netra_backend/app/db/leases.py"}),
}
"""Names that reach more than one principal's rows, and the only files that may speak them."""

ROOMS: Final = {
    "RunLeases": "netra_backend/app/runs/",
    "recorded_principal": "netra_backend/app/runs/",
}
"""Besides, the room that works on every owner's runs."""

MAKERS: Final = frozenset({"netra_backend/app/db/isolation/journal_transaction.py"})
"""Where an `AdmittedOwner` is made: of a principal whom the policy admitted."""


def strays(source: Source) -> Iterator[Finding]:
    """Find those names in other files of the backend."""
    if source.package != "netra_backend":
        return
    for node in ast.walk(source.tree):
        name = _spoken(node)
        if name not in PLACES:
            continue
        room = ROOMS.get(name)
        if source.path not in PLACES[name] and not (room and source.path.startswith(room)):
            yield Finding(source.path, getattr(node, "lineno", 1), f"speaks of {name}")


def made_up_owners(source: Source) -> Iterator[Finding]:
    """Find owners that are made without asking the policy."""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and _spoken(node.func) == "AdmittedOwner"
            and source.path not in MAKERS
        ):
            yield Finding(source.path, node.lineno, "makes an owner of a name")


def _spoken(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return name
    return ""


EXEMPTIONS: Final[tuple[Exemption, ...]] = ()


def test_only_the_named_files_reach_beneath_the_fence() -> None:
    """Only leases, the writer of journals and the settling of a restored store reach more rows."""
    read = sources()

    assert judge([*findings(strays, read), *findings(made_up_owners, read)], EXEMPTIONS) == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("netra_backend/app/threads/service.py", "database.beneath_the_fence(w, writes=True)\n"),
        ("netra_backend/app/runs/x.py", "database.journal_transaction(work)\n"),
        ("netra_backend/app/routes/x.py", "from netra_backend.app.db.leases import RunLeases\n"),
        ("netra_backend/app/chat/turn.py", "leases.recorded_principal('r', 'o')\n"),
        ("netra_backend/app/events/writer.py", "from x import AdmittedOwner\n"),
    ],
)
def test_a_stray_is_found(tmp_path: Path, path: str, text: str) -> None:
    """Each of the names is found in a file that may not speak it."""
    assert list(strays(planted(tmp_path, path, text)))


def test_an_owner_made_up_is_found(tmp_path: Path) -> None:
    """An owner made of a name is found also where owners may be spoken of."""
    text = "AdmittedOwner('usr_anna')\n"

    source = planted(tmp_path, "netra_backend/app/events/group_commit.py", text)

    assert list(made_up_owners(source))
