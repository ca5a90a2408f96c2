"""No module, function or room outgrows what a reader can hold."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Final

import pytest

from architecture.house import (
    Exemption,
    Finding,
    Source,
    findings,
    functions,
    judge,
    planted,
    sources,
)

MODULE_LINES: Final = 400
MODULE_MEDIAN: Final = 120
FUNCTION_LINES: Final = 60
ROOM_MODULES: Final = 9
DEPTH: Final = 4
ENTRANCE_LINES: Final = 150

ENTRANCES: Final = frozenset({"netra_backend/app/main.py", "netra_backend/app/dependencies.py"})
"""Compose and hand on; logic lives elsewhere."""

CATALOGUES: Final = frozenset(
    {
        "api",
        "grants",
        "repositories",
        "causes",
        "drills",
        "catalogue",
        "checks",
        "steps",
        "documents",
        "versions",
    }
)
"""Rooms with one file per entry: their number grows with what they list."""

PACKAGE_DEPTH: Final = {"netra_backend": 1}
"""Folders that only lead to the package proper."""

EXEMPTIONS: Final[tuple[Exemption, ...]] = ()


def long_modules(source: Source) -> Iterator[Finding]:
    """Find modules above their line budget."""
    lines = len(source.lines)
    budget = ENTRANCE_LINES if source.path in ENTRANCES else MODULE_LINES
    if lines > budget:
        yield Finding(source.path, 1, f"module of {lines} lines, budget {budget}")


def long_functions(source: Source) -> Iterator[Finding]:
    """Find functions above their line budget, signature and docstring included."""
    for function in functions(source.tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            what = f"function {function.name} of {lines} lines, budget {FUNCTION_LINES}"
            yield Finding(source.path, function.lineno, what)


def busy_packages(source: Source) -> Iterator[Finding]:
    """Find `__init__.py` files that hold more than a docstring, re-exports and `__all__`."""
    if not source.path.endswith("__init__.py"):
        return
    for node in source.tree.body:
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        exports = isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Assign)
            and all(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
        )
        if not (documents or exports):
            yield Finding(source.path, node.lineno, "__init__.py does more than re-export")


def deep_folders(source: Source) -> Iterator[Finding]:
    """Find modules in folders nested too deep below their package."""
    depth = len(PurePosixPath(source.path).parts) - 2 - PACKAGE_DEPTH.get(source.package, 0)
    if depth > DEPTH:
        yield Finding(source.path, 1, f"{depth} folders deep, budget {DEPTH}")


def crowded_rooms(read: Iterable[Source]) -> Iterator[Finding]:
    """Find folders with too many modules that are not catalogues."""
    modules = Counter(
        PurePosixPath(source.path).parent
        for source in read
        if not source.path.endswith("__init__.py")
    )
    for room, number in sorted(modules.items()):
        if number > ROOM_MODULES and room.name not in CATALOGUES:
            yield Finding(str(room), 1, f"room of {number} modules, budget {ROOM_MODULES}")


def heavy_median(read: Iterable[Source]) -> Iterator[Finding]:
    """Find out whether half of the modules are above the budget for the median."""
    middle = median(len(source.lines) for source in read if source.tree.body)
    if middle > MODULE_MEDIAN:
        yield Finding(".", 1, f"median module of {middle} lines, budget {MODULE_MEDIAN}")


RULES: Final = (long_modules, long_functions, busy_packages, deep_folders)


def test_the_repository_is_within_its_budgets() -> None:
    """Every module, function, room and folder is within its budget or exempt with a reason."""
    read = sources()
    found = [finding for rule in RULES for finding in findings(rule, read)]
    found += [*crowded_rooms(read), *heavy_median(read)]

    assert judge(found, EXEMPTIONS) == ""


def test_every_exemption_has_a_reason() -> None:
    """An exemption without a sentence of explanation is refused."""
    assert all(len(exemption.reason.split()) > 3 for exemption in EXEMPTIONS)


def test_a_module_over_its_budget_is_found(tmp_path: Path) -> None:
    """One line too many is found, the last allowed one is not."""
    fits = planted(tmp_path, "netra/fits.py", "x = 1\n" * MODULE_LINES)
    over = planted(tmp_path, "netra/over.py", "x = 1\n" * (MODULE_LINES + 1))

    assert not list(long_modules(fits))
    assert list(long_modules(over))


def test_an_entrance_over_its_budget_is_found(tmp_path: Path) -> None:
    """The composition roots have a smaller budget of their own."""
    text = "x = 1\n" * (ENTRANCE_LINES + 1)

    assert list(long_modules(planted(tmp_path, "netra_backend/app/dependencies.py", text)))


def test_a_function_over_its_budget_is_found(tmp_path: Path) -> None:
    """A function of 61 lines is found, also as a method and when it is asynchronous."""
    text = "class C:\n    async def f(self):\n" + "        x = 1\n" * FUNCTION_LINES

    (found,) = long_functions(planted(tmp_path, "netra/over.py", text))

    assert found.what == "function f of 61 lines, budget 60"


@pytest.mark.parametrize(
    ("text", "busy"),
    [
        ("", False),
        ('"""Words."""\nfrom netra import ids\n\n__all__ = ["ids"]\n', False),
        ("VERSION = '1'\n", True),
        ("def f():\n    pass\n", True),
    ],
)
def test_a_package_file_with_code_is_found(tmp_path: Path, text: str, *, busy: bool) -> None:
    """An `__init__.py` may be empty or re-export; anything more is found."""
    assert bool(list(busy_packages(planted(tmp_path, "netra/__init__.py", text)))) is busy


def test_a_folder_too_deep_is_found(tmp_path: Path) -> None:
    """The fifth folder below a package is found, the fourth is not."""
    fits = planted(tmp_path, "netra_backend/app/a/b/c/d/m.py", "")
    over = planted(tmp_path, "netra_auth/a/b/c/d/e/m.py", "")

    assert not list(deep_folders(fits))
    assert list(deep_folders(over))


def test_a_crowded_room_is_found_but_not_a_catalogue(tmp_path: Path) -> None:
    """Ten modules are too many for a room, not for a catalogue."""
    room = [planted(tmp_path, f"netra/room/m{n}.py", "") for n in range(ROOM_MODULES + 1)]
    catalogue = [planted(tmp_path, f"netra/causes/m{n}.py", "") for n in range(ROOM_MODULES + 1)]

    (found,) = crowded_rooms(room + catalogue)

    assert found.path == "netra/room"


def test_a_heavy_median_is_found(tmp_path: Path) -> None:
    """Many modules of middling size are found although each is within its own budget."""
    read = [planted(tmp_path, f"netra/m{n}.py", "x = 1\n" * 121) for n in range(3)]

    assert list(heavy_median(read))


def test_an_exemption_that_covers_nothing_is_reported() -> None:
    """An exemption fails the rule once its file is within budget."""
    exemption = Exemption("netra/gone.py", "module of *", "kept to prove this very rule")
    finding = Finding("netra/gone.py", 1, "module of 401 lines, budget 400")

    assert judge([finding], [exemption]) == ""
    assert "covers nothing" in judge([], [exemption])
