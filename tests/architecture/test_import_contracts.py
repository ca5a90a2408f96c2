"""The import contracts hold, and each one breaks when it is violated."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.house import PACKAGES, ROOT

_LINT = "import sys; from importlinter.cli import lint_imports_command as c; c(sys.argv[1:])"

VIOLATIONS = [
    ("packages", "netra_backend/app/main.py", "import netra_auth"),
    ("packages", "netra_ops/findings.py", "import netra_backend.app"),
    ("packages", "netra/clock.py", "import netra_ops"),
    ("netra-layers", "netra/errors.py", "import netra.principal"),
    ("netra-layers", "netra/clock.py", "import netra.ids"),
    ("netra-layers", "netra/new_room.py", ""),
    ("auth-layers", "netra_auth/settings.py", "import netra_auth.store"),
    ("auth-layers", "netra_auth/new_room/__init__.py", ""),
    (
        "backend-layers",
        "netra_backend/app/app_state.py",
        "import netra_backend.app.auth_integration",
    ),
    ("backend-layers", "netra_backend/app/middleware.py", "import netra_backend.app.routes"),
    ("backend-layers", "netra_backend/app/new_room.py", ""),
    ("ops-layers", "netra_ops/findings.py", "import netra_ops.cli"),
    ("ops-layers", "netra_ops/new_room.py", ""),
    ("ops-layers", "netra_ops/ledger/chain.py", "import netra_ops.gate.decision"),
    ("ground-floor-list", "netra/ids.py", "import sqlalchemy"),
    ("pure-rooms", "netra/policy/permissions.py", "import structlog"),
    ("pure-rooms", "netra/tokens/extra.py", "import socket"),
    ("pure-rooms", "netra/principal.py", "import os"),
    ("pure-rooms", "netra_ops/gate/waivers.py", "import yaml"),
    ("pure-rooms", "netra_ops/ledger/chain.py", "import os"),
    ("pure-rooms", "netra_ops/issue_tracker/planning.py", "import netra_ops.issue_tracker.files"),
    ("pure-rooms", "netra_ops/platform/local/front/layout.py", "import pathlib"),
    (
        "pure-rooms",
        "netra_backend/app/websocket_core/session_protocol.py",
        "import netra_backend.app.websocket_core.connection",
    ),
    ("portable-queries", "netra_ops/gardener/portable/keys.py", "import duckdb"),
    ("portable-queries", "netra_ops/gardener/on_disk/folding.py", "import pathlib"),
    ("duckdb", "netra_ops/gardener/gathering.py", "import netra_ops.gardener.on_disk.engine"),
    ("database", "netra_backend/app/routes/extra.py", "import netra_backend.app.db.session"),
    (
        "credentials",
        "netra_backend/app/dependencies.py",
        "import netra_backend.app.auth_integration.credentials",
    ),
    (
        "repositories",
        "netra_backend/app/bootstrap.py",
        "import netra_backend.app.threads.repository",
    ),
    ("dynamic-imports", "netra/secret.py", "from importlib import import_module"),
    ("test-tools", "netra_auth/bootstrap.py", "from unittest import mock"),
]


def contracts(root: Path) -> list[str]:
    """Give the ids of the contracts of a tree."""
    parser = configparser.ConfigParser()
    parser.read(root / ".importlinter", encoding="utf-8")
    prefix = "importlinter:contract:"
    return [name.removeprefix(prefix) for name in parser.sections() if name.startswith(prefix)]


def lint(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree as its command does."""
    return subprocess.run(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-c", _LINT, "--no-logo", "--no-cache", *options],
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the packages that a test may damage and mend again."""
    copy = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / ".importlinter", copy)
    contract_types = Path("tests/architecture/contracts.py")
    (copy / contract_types).parent.mkdir(parents=True)
    shutil.copy(ROOT / contract_types, copy / contract_types)
    return copy


def test_every_contract_is_kept() -> None:
    """The repository keeps all of its import contracts."""
    outcome = lint(ROOT)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_contract_has_a_planted_violation() -> None:
    """No contract is without a proof that it can break."""
    assert {contract for contract, _, _ in VIOLATIONS} == set(contracts(ROOT))


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS)
def test_a_violation_breaks_its_contract(house: Path, contract: str, path: str, line: str) -> None:
    """A forbidden import, or a room nobody placed, breaks the contract that forbids it."""
    target = house / path
    before = target.read_text(encoding="utf-8") if target.exists() else None
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        outcome = lint(house, "--contract", contract)
    finally:
        if before is not None:
            target.write_text(before, encoding="utf-8")
        elif target.name == "__init__.py":
            shutil.rmtree(target.parent)
        else:
            target.unlink()

    report = " ".join(outcome.stdout.split())
    assert outcome.returncode == 1, report + outcome.stderr
    assert "0 kept, 1 broken" in report
