"""How the architecture tests read the repository: files, syntax trees, findings, exemptions."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("netra", "netra_auth", "netra_backend", "netra_ops")

_NOT_OURS: Final = frozenset(
    {"build", "dist", "artifacts", "__pycache__", "node_modules", "site-packages"}
)
_HIDDEN_BUT_OURS: Final = frozenset({".ci", ".importlinter", ".gitignore"})


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that breaks a rule; `path` is relative to the tree that was read."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Exemption:
    """One reviewed exception: which findings of which file, and why it is right."""

    path: str
    what: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding is the one meant; both fields may hold `*`."""
        return fnmatch(finding.path, self.path) and fnmatch(finding.what, self.what)


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file that was read and parsed."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """Give the first folder."""
        return self.path.partition("/")[0]

    @property
    def lines(self) -> list[str]:
        """Give the lines without their ends."""
        return self.text.splitlines()


Rule = Callable[[Source], Iterator[Finding]]


def files(root: Path = ROOT) -> Iterator[Path]:
    """Walk everything that is ours under a folder, sorted; caches and hidden folders are not."""
    for entry in sorted(root.iterdir()):
        name = entry.name
        if name in _NOT_OURS or name.endswith(".egg-info"):
            continue
        if name.startswith(".") and name not in _HIDDEN_BUT_OURS:
            continue
        if entry.is_dir():
            yield from files(entry)
        else:
            yield entry


def sources(root: Path = ROOT, folders: Iterable[str] = PACKAGES) -> list[Source]:
    """Parse every Python file in the given folders of a tree."""
    return [
        parsed(path, root)
        for folder in folders
        if (root / folder).is_dir()
        for path in files(root / folder)
        if path.suffix == ".py"
    ]


def parsed(path: Path, root: Path) -> Source:
    """Read and parse one file."""
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(root).as_posix(), text, _tree(text))


@cache
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def planted(tmp_path: Path, path: str, text: str) -> Source:
    """Write a file into a tree of its own and parse it, to see that a rule finds what it should."""
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return parsed(target, tmp_path)


def findings(rule: Rule, read: Iterable[Source]) -> list[Finding]:
    """Apply a rule to every file."""
    return sorted(finding for source in read for finding in rule(source))


def judge(found: Iterable[Finding], exemptions: Iterable[Exemption] = ()) -> str:
    """Say what stays when the exemptions are taken off; empty when the rule is kept.

    An exemption that covers nothing is reported too: it has outlived its reason.
    """
    remaining, unused = list(found), []
    for exemption in exemptions:
        covered = [finding for finding in remaining if exemption.covers(finding)]
        if not covered:
            unused.append(f"exemption covers nothing: {exemption.path} ({exemption.what})")
        remaining = [finding for finding in remaining if finding not in covered]
    return "\n".join([*map(str, remaining), *unused])


def dotted(node: ast.AST) -> str | None:
    """Give `a.b.c` for an attribute chain that starts at a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def aliases(tree: ast.Module) -> dict[str, str]:
    """Give what each imported name of a module stands for, in full."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node: ast.AST, names: dict[str, str]) -> str | None:
    """Give the full dotted name of an expression, imports resolved."""
    name = dotted(node)
    if name is None:
        return None
    first, dot, rest = name.partition(".")
    return names.get(first, first) + dot + rest


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def docstrings(tree: ast.Module) -> set[int]:
    """Give the ids of the nodes that are docstrings or strings standing alone."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
