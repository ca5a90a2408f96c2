"""A principal comes from a verified token, or from the record of one: from nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from architecture.house import Finding, Source, aliases, findings, full_name, planted, sources

MAKERS: Final = {
    "UserPrincipal": frozenset({"netra/tokens/claims.py", "netra_backend/app/runs/principals.py"}),
    # The auth service proves a client's secret itself.
    "ServicePrincipal": frozenset(
        {"netra/tokens/claims.py", "netra_auth/identities/services/account.py"}
    ),
}
"""Who makes a principal of a person, and of a service."""
RESTORERS: Final = frozenset({"netra_backend/app/runs/journal/taking.py"})
"""Who asks for a recorded principal: there the person's standing is asked besides."""
_RESTORED: Final = "netra_backend.app.runs.principals.restored"
_CHANGERS: Final = frozenset({"dataclasses.replace", "copy.replace"})


def foreign_makers(source: Source) -> Iterator[Finding]:
    """Find places that make a principal and are none of the makers."""
    known = aliases(source.tree)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        name = full_name(node.func, known)
        made = name.rpartition(".")[2] if name else ""
        if made in MAKERS and source.path not in MAKERS[made]:
            yield Finding(source.path, node.lineno, f"{made} is made here")
        if name == _RESTORED and source.path not in RESTORERS:
            yield Finding(source.path, node.lineno, "a recorded principal is restored here")
        if name in _CHANGERS and any("principal" in ast.unparse(part) for part in node.args):
            yield Finding(source.path, node.lineno, "a principal is changed here")


def test_principals_are_made_in_two_places() -> None:
    """Claims make them of a verified token, and `runs` restores what it recorded of one."""
    assert list(findings(foreign_makers, sources())) == []


@pytest.mark.parametrize(
    "text",
    [
        "from netra.principal import UserPrincipal\nUserPrincipal('usr_a')\n",
        "from netra.principal import UserPrincipal as U\nU('usr_a')\n",
        "from netra import principal\nprincipal.ServicePrincipal('x')\n",
        "from netra_backend.app.runs.principals import restored\nrestored('{}')\n",
        "from dataclasses import replace\nreplace(principal, user_id='usr_b')\n",
    ],
)
def test_another_place_is_found(tmp_path: Path, text: str) -> None:
    """A principal made elsewhere is found under any name it was imported by."""
    source = planted(tmp_path, "netra_backend/app/chat/elsewhere.py", text)

    assert list(foreign_makers(source))


def test_the_makers_make_them(tmp_path: Path) -> None:
    """The list of makers names places that are there and do it."""
    by_path = {source.path: source for source in sources()}
    for made, places in MAKERS.items():
        for path in places:
            text = ast.unparse(by_path[path].tree)
            assert f"{made}(" in text
    elsewhere = planted(tmp_path, "netra/other.py", "x = 1\n")
    assert list(foreign_makers(elsewhere)) == []
