"""The documents are true: commands, paths, tests and versions they name exist."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import typer

from architecture.house import ROOT, Finding, files, functions, judge, sources
from netra_ops.cli.program import program

_CODE: Final = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_MAKE: Final = re.compile(r"\bmake ([a-z][a-z-]*)")
_NETRA: Final = re.compile(r"(?:^|[\n`|;&] *)netra ((?:[a-z][a-z-]* ?)+)")
_PATH: Final = re.compile(r"[\w.][\w./-]*/[\w./-]*|[\w-]+\.(?:md|toml|txt)")
_NODE: Final = re.compile(r"tests/[\w/]+\.py(?:::\w+)+")
_CLAIM: Final = re.compile(r"^- .*(?:\n  .*)*", re.MULTILINE)
_NOT_PATHS: Final = (
    ".netra/",
    "asked/",
    "env/",
    "data/",
    "logs/",
    "ledger/",
    "revisions/",
    "front/",
    "application/",
    "path/",
)
"""Inside the state directory, media types, and placeholders."""

_EMOJI: Final = re.compile("[\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
_ELSEWHERE: Final = re.compile(
    "|".join(
        [
            # In pieces, so that this file does not hold what it looks for.
            r"(?<![\w.])/" + "work/",
            r"(?<![\w.])/" + "root/",
            r"(?<![\w.])/" + r"home/\w",
            r"(?<![\w.])/" + "Users/",
            r"[A-Z]:\\" + "Users",
            r"\bpypi" + r"\.org",
            "python" + "hosted",
            "npm" + r"js\.",
            r"(?:extra-)?index-" + r"url\s*[=h]",
        ]
    )
)
_TEXT: Final = frozenset(
    {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".mako", ".json", ".cfg", ".ini", ""}
)


def documents(root: Path = ROOT) -> list[Path]:
    """Give every document for people: those at the root and those in docs."""
    return [path for path in files(root) if path.suffix == ".md"]


def code_of(text: str) -> list[str]:
    """Give what a document sets as code, inline and fenced."""
    return [match.strip("`") for match in _CODE.findall(text)]


def commands() -> set[str]:
    """Give every command and group of `netra` as words."""
    found: set[str] = set()

    def walk(command: object, words: tuple[str, ...]) -> None:
        for word, child in getattr(command, "commands", {}).items():
            found.add(" ".join((*words, word)))
            walk(child, (*words, word))

    walk(typer.main.get_command(program()), ())
    return found


def targets(makefile: str) -> set[str]:
    """Give the targets a Makefile explains."""
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def unknown_commands(name: str, text: str, make: set[str], netra: set[str]) -> Iterator[Finding]:
    """Find `make x` and `netra x` in code that do not exist."""
    for code in code_of(text):
        for target in _MAKE.findall(code):
            if target not in make:
                yield Finding(name, 1, f"no such target: make {target}")
        for words in _NETRA.findall(code):
            spoken = words.split()
            if " ".join(spoken[:2]) not in netra and spoken[0] not in netra:
                yield Finding(name, 1, f"no such command: netra {words.strip()}")


def missing_paths(name: str, text: str, root: Path) -> Iterator[Finding]:
    """Find paths in code that do not exist, seen from the root or from the document's folder."""
    here = (root / name).parent
    for code in re.findall(r"`([^`\n]+)`", text):
        for path in _PATH.findall(code) if _PATH.fullmatch(code.partition("::")[0]) else ():
            if path.startswith(_NOT_PATHS) or "..." in path:
                continue
            if not ((root / path).exists() or (here / path).exists()):
                yield Finding(name, 1, f"no such path: {path}")


def known_tests(root: Path) -> set[str]:
    """Give every test as `file::test` or `file::Class::test`."""
    found: set[str] = set()
    for source in sources(root, ["tests"]):
        for node in source.tree.body:
            inside = node.body if isinstance(node, ast.ClassDef) else [node]
            prefix = (
                f"{source.path}::{node.name}" if isinstance(node, ast.ClassDef) else source.path
            )
            found |= {
                f"{prefix}::{step.name}"
                for step in inside
                if isinstance(step, ast.FunctionDef | ast.AsyncFunctionDef)
                and step.name.startswith("test_")
            }
    return found


def unproven_claims(text: str, known: set[str]) -> Iterator[Finding]:
    """Find claims of SECURITY.md without a test, or with one that does not exist."""
    for claim in _CLAIM.findall(text):
        named = _NODE.findall(claim)
        start = claim[:60].replace("\n", " ")
        if not named:
            yield Finding("SECURITY.md", 1, f"a claim without a test: {start}")
        for test in named:
            if test not in known:
                yield Finding("SECURITY.md", 1, f"no such test: {test}")


def test_every_command_in_the_documents_exists() -> None:
    """A reader can type what the documents show."""
    make, netra = targets((ROOT / "Makefile").read_text(encoding="utf-8")), commands()
    found = [
        finding
        for path in documents()
        for finding in unknown_commands(
            path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"), make, netra
        )
    ]

    assert judge(found) == ""


def test_a_command_that_does_not_exist_is_found() -> None:
    """A wrong target and a wrong command are found, inline and in a block; right ones pass."""
    text = "Run `make tset` or\n```\nnetra verfy --url x\nmake test\nnetra users add you\n```\n"

    found = unknown_commands("README.md", text, {"test"}, {"verify", "users", "users add"})

    assert [finding.what for finding in found] == [
        "no such target: make tset",
        "no such command: netra verfy",
    ]


def test_every_path_in_the_documents_exists() -> None:
    """A reader can open what the documents name."""
    found = [
        finding
        for path in documents()
        for finding in missing_paths(
            path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"), ROOT
        )
    ]

    assert judge(found) == ""


def test_every_test_named_in_the_documents_exists() -> None:
    """A rule that a document says is enforced has the test it names."""
    known = known_tests(ROOT)
    found = [
        Finding(path.relative_to(ROOT).as_posix(), 1, f"no such test: {test}")
        for path in documents()
        for test in _NODE.findall(path.read_text(encoding="utf-8"))
        if test not in known
    ]

    assert judge(found) == ""


def test_a_path_that_does_not_exist_is_found(tmp_path: Path) -> None:
    """A wrong file and a wrong folder are found; routes, media types and state files are not."""
    (tmp_path / "netra").mkdir()
    text = "`netra/gone.py` `gone/` `GONE.md` `netra/` `/api/me` `.netra/env` `application/json`"

    found = missing_paths("README.md", text, tmp_path)

    assert [f.what.rpartition(" ")[2] for f in found] == ["netra/gone.py", "gone/", "GONE.md"]


def test_every_claim_on_security_names_its_test() -> None:
    """What SECURITY.md promises is proven by a test that exists."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    claims = text.partition("## What is promised")[2].partition("\n## What is not")[0]

    assert _CLAIM.search(claims)
    assert judge(unproven_claims(claims, known_tests(ROOT))) == ""


def test_a_claim_without_its_test_is_found() -> None:
    """A claim that names no test, or one that is gone, is found."""
    known = {"tests/unit/test_a.py::test_kept"}
    text = (
        "- Held.\n  `tests/unit/test_a.py::test_kept`\n- Bare.\n- Gone.\n"
        "  `tests/unit/test_a.py::test_gone`\n"
    )

    found = [finding.what for finding in unproven_claims(text, known)]

    assert found == [
        "a claim without a test: - Bare.",
        "no such test: tests/unit/test_a.py::test_gone",
    ]


def test_every_test_says_what_holds() -> None:
    """Every test function has a docstring."""
    found = [
        Finding(source.path, function.lineno, f"{function.name} has no docstring")
        for source in sources(folders=["tests"])
        for function in functions(source.tree)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert judge(found) == ""


def _lines() -> Iterator[tuple[str, int, str]]:
    for path in files(ROOT):
        if path.suffix in _TEXT:
            text = path.read_text(encoding="utf-8")
            for number, line in enumerate(text.splitlines(), start=1):
                yield path.relative_to(ROOT).as_posix(), number, line


def test_no_test_is_named_by_a_representation() -> None:
    """Sets and made-up values print differently in each process; parallel runs need one name."""
    named = [
        path
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "ids=" + "repr" in path.read_text(encoding="utf-8")
    ]

    assert not named


def test_no_file_holds_an_emoji() -> None:
    """Source and documents are words."""
    found = [
        Finding(path, number, "emoji") for path, number, line in _lines() if _EMOJI.search(line)
    ]

    assert judge(found) == ""


def test_no_file_names_one_machine_or_one_index() -> None:
    """Paths of somebody's machine and addresses of package indexes are nowhere."""
    found = [
        Finding(path, number, "a machine's path or a package index")
        for path, number, line in _lines()
        if _ELSEWHERE.search(line)
    ]

    assert judge(found) == ""


@pytest.mark.parametrize(
    "line",
    [
        "see /" + "work/main/netra",
        "open('/" + "home/me/x')",
        "https://pypi" + ".org/simple",
        "--index-" + "url https://mirror",
    ],
)
def test_a_machine_path_or_an_index_is_found(line: str) -> None:
    """Each kind of foreign address is found."""
    assert _ELSEWHERE.search(line)


@pytest.mark.parametrize("line", ["tests/" + "work/x", "framework/root", "GET /" + "users/me"])
def test_an_ordinary_path_is_not_a_machine_path(line: str) -> None:
    """Relative paths and routes pass."""
    assert not _ELSEWHERE.search(line)


def test_an_emoji_is_found() -> None:
    """Pictures are found, arrows and typographic signs are not."""
    assert _EMOJI.search(chr(0x1F680))
    assert _EMOJI.search(chr(0x2705))
    assert not _EMOJI.search("a → b ≤ c … «d»")


def test_the_changelog_begins_with_the_version() -> None:
    """The newest entry of the changelog is the version that is built."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## (\S+)", changelog, re.MULTILINE)

    assert entries[0] == project["version"]


def test_every_decision_is_numbered_short_and_enforced() -> None:
    """Decision records are numbered without gaps, at most forty lines, and name their rule."""
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    texts = [record.read_text(encoding="utf-8") for record in records]

    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    assert all(len(text.splitlines()) <= 40 for text in texts)
    assert all("**Enforced by**" in text for text in texts)


def test_every_target_explains_itself() -> None:
    """`make help` lists every target that is meant to be called."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert called
    assert set(called[1].split()) == targets(makefile)
