"""Names are nouns of the domain: no campaign words, no history in file names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

from architecture.house import ROOT, Finding, Source, files, findings, judge, planted, sources

FIXED: Final = (
    "unified_websocket_auth",
    "UnifiedWebSocketAuth",
    "websocket_core",
    "auth_client_core",
    "AuthClientCore",
)
"""The paths and classes whose names are given; they are taken out before a name is judged."""

_WORDS: Final = frozenset(
    {"manager", "helper", "util", "unified", "core", "ssot", "enhanced", "legacy", "v2"}
)
_PARTS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")
_HISTORY: Final = re.compile(
    r"[._-](?:backup|copy|old|new|fixed|final|tmp|simple|comprehensive|improved|v\d+)(?:\.|\Z)"
    r"|\.(?:bak|backup|orig)"
    r"|\d{4}[-_]?\d{2}[-_]?\d{2}"
    r"|\.py[co]\Z"
    r"|~\Z",
    re.IGNORECASE,
)


def banned_words(name: str) -> list[str]:
    """Give the words of a name, snake or camel case, that must not be in it."""
    for fixed in FIXED:
        name = name.replace(fixed, "")
    words = [part.lower() for part in _PARTS.findall(name)]
    return [word for word in words if word in _WORDS or word.removesuffix("s") in _WORDS]


def _named(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Give what others can name: classes, functions, and values of modules and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        if isinstance(node, ast.ClassDef | ast.Module):
            for step in node.body:
                if isinstance(step, ast.Assign):
                    targets = step.targets
                elif isinstance(step, ast.AnnAssign):
                    targets = [step.target]
                else:
                    continue
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, step.lineno


def campaign_names(source: Source) -> Iterator[Finding]:
    """Find banned words in the names a module gives."""
    for name, line in _named(source.tree):
        for word in banned_words(name):
            yield Finding(source.path, line, f"the word {word!r} in the name {name}")


def campaign_paths(paths: list[str]) -> Iterator[Finding]:
    """Find banned words in folder and module names."""
    for path in paths:
        for part in PurePosixPath(path).parts:
            for word in banned_words(part.partition(".")[0]):
                yield Finding(path, 1, f"the word {word!r} in the path part {part}")


def history_paths(paths: list[str]) -> Iterator[Finding]:
    """Find file names that say when or how often a file was changed: git knows that."""
    for path in paths:
        if _HISTORY.search(PurePosixPath(path).name):
            yield Finding(path, 1, "history in a file name")


def _paths(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in files(root)]


def test_names_are_nouns_of_the_domain() -> None:
    """No class, function, value, module or folder carries a campaign word."""
    found = findings(campaign_names, sources())

    assert judge([*found, *campaign_paths(_paths(ROOT))]) == ""


def test_file_names_hold_no_history() -> None:
    """No file is a backup, a fixed copy, a second version or dated."""
    assert judge(history_paths(_paths(ROOT))) == ""


@pytest.mark.parametrize(
    "name",
    [
        "SessionManager",
        "DatabaseHelper",
        "string_utils",
        "util",
        "UnifiedConfig",
        "core",
        "SSOTLoader",
        "EnhancedAuth",
        "legacy_token",
        "TokenV2",
        "auth_v2",
        "CORE_ROUTES",
    ],
)
def test_a_banned_word_is_found(tmp_path: Path, name: str) -> None:
    """Each banned word is found in snake case, camel case and capitals, as name and as path."""
    assert list(campaign_names(planted(tmp_path, "netra/planted.py", f"{name} = 1\n")))
    assert list(campaign_paths([f"netra/{name}.py"]))


@pytest.mark.parametrize("name", [*FIXED, "score", "Corpus", "utility", "coreutils_free", "helped"])
def test_a_fixed_or_ordinary_name_passes(name: str) -> None:
    """The given names pass, and so do words that only contain a banned one."""
    assert banned_words(name) == []


@pytest.mark.parametrize(
    "name",
    [
        "auth.py.backup_20250917_101500",
        "auth_fixed.py",
        "token_v2.py",
        "session_old.py",
        "report-2025-09-17.md",
        "auth_new.py",
        "auth.pyc",
        "auth.py~",
        "auth_comprehensive.py",
    ],
)
def test_history_in_a_file_name_is_found(name: str) -> None:
    """Backups, copies, versions and dates in file names are found."""
    assert list(history_paths([f"netra/{name}"]))


@pytest.mark.parametrize("name", ["new_session.py", "0001_threads.py", "renewal.py"])
def test_an_ordinary_file_name_passes(name: str) -> None:
    """Numbers and words that are part of the domain pass."""
    assert not list(history_paths([f"netra/{name}"]))
