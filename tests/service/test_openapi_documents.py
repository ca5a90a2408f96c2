"""Schemathesis over both services' OpenAPI documents: every check it has, on real servers."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import pytest

from fakes.auth_service import FakeAuthService
from fakes.log_lines import log_lines
from fakes.running_auth import running_auth_service
from fakes.running_backend import running_backend

_SCHEMATHESIS: Final = Path(sys.executable).parent / "schemathesis"
_CONFIG: Final = Path(__file__).parent / "schemathesis.toml"

pytestmark = pytest.mark.long


async def _findings(url: str, token: str, folder: Path) -> str:
    """Run every phase but the stateful one and give what was found, empty if nothing."""
    run = await asyncio.create_subprocess_exec(
        _SCHEMATHESIS,
        "--config-file",
        _CONFIG,
        "--no-color",
        "run",
        f"{url}/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        "--checks=all",
        "--phases=examples,coverage,fuzzing",
        "--max-examples=30",
        "--seed=20261121",
        "--warnings=off",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    said, _ = await run.communicate()
    text = said.decode()
    return text[text.find("= FAILURES =") :] if run.returncode else ""


async def test_the_backend_keeps_its_document(tmp_path: Path) -> None:
    """Every answer is documented, well-formed and never a 500, for a user (checklist 44)."""
    auth = FakeAuthService()
    with log_lines("CRITICAL"):
        async with auth.running(), running_backend(tmp_path / "app.db", auth=auth) as backend:
            found = await _findings(backend.url, auth.issuer.user_token("usr_fuzz"), tmp_path)

    assert not found, found


async def test_the_auth_service_keeps_its_document(tmp_path: Path) -> None:
    """Every answer is documented, well-formed and never a 500, for a service (checklist 44)."""
    with log_lines("CRITICAL"):
        # One caller sends thousands within a minute: far more than the usual number.
        factor = {"REQUEST_LIMIT_FACTOR": "100"}
        async with running_auth_service(tmp_path, overrides=factor) as auth:
            found = await _findings(auth.url, await auth.service_token("netra-ops"), tmp_path)

    assert not found, found
