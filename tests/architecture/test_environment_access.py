"""What only one module may touch is touched there only: environment, clocks, ids, output."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from architecture.house import (
    PACKAGES,
    Exemption,
    Finding,
    Source,
    aliases,
    findings,
    full_name,
    functions,
    judge,
    planted,
    sources,
)

ONE_OWNER: Final = {
    "os.environ": "netra/isolated_environment.py",
    "os.environb": "netra/isolated_environment.py",
    "os.getenv": "netra/isolated_environment.py",
    "os.getenvb": "netra/isolated_environment.py",
    "os.putenv": "netra/isolated_environment.py",
    "os.unsetenv": "netra/isolated_environment.py",
    "datetime.datetime.now": "netra/clock.py",
    "datetime.datetime.today": "netra/clock.py",
    "datetime.datetime.utcnow": "netra/clock.py",
    "datetime.date.today": "netra/clock.py",
    "time.time": "netra/clock.py",
    "time.time_ns": "netra/ids.py",
    "uuid.uuid1": "netra/ids.py",
    "uuid.uuid4": "netra/ids.py",
}
"""Name to the one file that may use it; a folder's name ends in a slash."""

PRINTS: Final = ("netra_ops/cli/",)

EVERYTHING: Final = frozenset({"Exception", "BaseException"})

_REASONED: Final = re.compile(r"#\s*noqa:[^#]*\bBLE001\b[^#]*?\s-\s+\S+")

EXEMPTIONS: Final = (
    Exemption(
        "netra_backend/app/bootstrap.py",
        "import inside a function",
        "Clients of language models take a second to import, and few installations have them.",
    ),
    Exemption(
        "netra_backend/app/db/readiness.py",
        "import inside a function",
        "Alembic takes a fifth of a second to import, and a ready store does not need it.",
    ),
    Exemption(
        "netra_auth/main.py",
        "import inside a function",
        "Alembic takes a fifth of a second to import, and a ready store does not need it.",
    ),
    Exemption(
        "netra/telemetry/request_context.py",
        "suppress of everything",
        "The failure is logged already, and the client it is sent to may be gone.",
    ),
)


def owned_elsewhere(source: Source) -> Iterator[Finding]:
    """Find uses of a name outside the one file that owns it, under whatever alias."""
    names = aliases(source.tree)
    imported = {full: alias for alias, full in names.items()}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            used = [f"{module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute | ast.Name):
            name = full_name(node, names)
            # A bare name counts only if it was imported, and then where it is imported.
            used = [name] if name and (isinstance(node, ast.Attribute) or name in imported) else []
        else:
            continue
        for name in used:
            owner = ONE_OWNER.get(name)
            if owner and source.path != owner:
                yield Finding(source.path, node.lineno, f"{name} belongs to {owner}")


def prints(source: Source) -> Iterator[Finding]:
    """Find output that does not go through a log event, outside the command line."""
    if source.path.startswith(PRINTS):
        return
    names = aliases(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and full_name(node.func, names) in {"print", "pprint.pprint"}:
            yield Finding(source.path, node.lineno, "print outside the command line")


def late_imports(source: Source) -> Iterator[Finding]:
    """Find imports inside functions and imports that only a type checker sees."""
    for function in functions(source.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield Finding(source.path, node.lineno, "import inside a function")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield Finding(
                source.path, node.lineno, "import for the type checker only hides a cycle"
            )


def blind_excepts(source: Source) -> Iterator[Finding]:
    """Find handlers of everything without a reason beside them, and handlers that do nothing."""
    names = aliases(source.tree)
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and full_name(node.func, names) == "contextlib.suppress"
            and any(full_name(kind, names) in EVERYTHING for kind in node.args)
        ):
            yield Finding(source.path, node.lineno, "suppress of everything")
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        blind = node.type is None or any(
            kind is not None and full_name(kind, names) in EVERYTHING for kind in caught
        )
        passes = all(isinstance(step, ast.Pass) for step in node.body)
        cleans_up = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if blind and not cleans_up and not _REASONED.search(source.lines[node.lineno - 1]):
            yield Finding(source.path, node.lineno, "blind except without a reason")
        if blind and passes:
            yield Finding(source.path, node.lineno, "blind except that does nothing")


RULES: Final = (owned_elsewhere, prints, late_imports, blind_excepts)


def test_the_repository_touches_each_thing_in_one_place() -> None:
    """Environment, clocks, ids and output are used where they belong; no error is swallowed."""
    read = sources(folders=PACKAGES)

    assert judge([f for rule in RULES for f in findings(rule, read)], EXEMPTIONS) == ""


def test_every_exemption_has_a_reason() -> None:
    """An exemption without a sentence of explanation is refused."""
    assert all(len(exemption.reason.split()) > 3 for exemption in EXEMPTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "import os\nhome = os.environ['HOME']\n",
        "import os as system\nhome = system.getenv('HOME')\n",
        "from os import environ\n",
        "from os import getenv as read\n",
        "import datetime\nx = datetime.datetime.now()\n",
        "from datetime import datetime as moment\nx = moment.now()\n",
        "from datetime import date\nx = date.today()\n",
        "import time\nx = time.time()\n",
        "from time import time\n",
        "import uuid\nx = uuid.uuid4()\n",
        "from uuid import uuid4\n",
    ],
)
def test_a_use_outside_its_owner_is_found(tmp_path: Path, text: str) -> None:
    """Every spelling of the environment, the clocks and random ids is found."""
    assert list(owned_elsewhere(planted(tmp_path, "netra/planted.py", text)))


def test_the_owner_may_use_what_it_owns(tmp_path: Path) -> None:
    """The one reader of the environment reads it; other uses of the module are free."""
    reader = planted(tmp_path, "netra/isolated_environment.py", "import os\nx = os.environ\n")
    other = planted(tmp_path, "netra/other.py", "import os, time\nx = os.getpid(), time.sleep\n")

    assert not list(owned_elsewhere(reader))
    assert not list(owned_elsewhere(other))


def test_a_print_is_found_outside_the_command_line(tmp_path: Path) -> None:
    """A command may print; a service may not."""
    assert list(prints(planted(tmp_path, "netra_auth/planted.py", "print(1)\n")))
    assert not list(prints(planted(tmp_path, "netra_ops/cli/planted.py", "print(1)\n")))


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    import json\n",
        "class C:\n    async def f(self):\n        from json import loads\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json\n",
    ],
)
def test_a_late_import_is_found(tmp_path: Path, text: str) -> None:
    """An import in a function or for the type checker alone is found."""
    assert list(late_imports(planted(tmp_path, "netra/planted.py", text)))


@pytest.mark.parametrize(
    ("handler", "wrong"),
    [
        ("except:\n    x = 1\n", True),
        ("except Exception:\n    x = 1\n", True),
        ("except (ValueError, BaseException) as error:\n    x = 1\n", True),
        ("except Exception:  # noqa: BLE001\n    x = 1\n", True),
        ("except Exception:  # noqa: BLE001 - the loop must go on\n    pass\n", True),
        ("except Exception:  # noqa: BLE001 - the loop must go on\n    x = 1\n", False),
        ("except BaseException:\n    x = 1\n    raise\n", False),
        ("except ValueError:\n    x = 1\n", False),
        ("except ValueError:\n    pass\n", False),
    ],
)
def test_a_blind_except_is_found(tmp_path: Path, handler: str, *, wrong: bool) -> None:
    """Catching everything needs a reason or must raise again; doing nothing is never right."""
    source = planted(tmp_path, "netra/planted.py", f"try:\n    x = 0\n{handler}")

    assert bool(list(blind_excepts(source))) is wrong


def test_a_suppression_of_everything_is_found(tmp_path: Path) -> None:
    """`suppress` takes the errors that are meant, never all of them."""
    text = "from contextlib import suppress\nwith suppress({}):\n    x = 1\n"

    assert list(blind_excepts(planted(tmp_path, "netra/wide.py", text.format("Exception"))))
    assert not list(blind_excepts(planted(tmp_path, "netra/narrow.py", text.format("OSError"))))
