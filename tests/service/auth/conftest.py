"""One running auth service per test, with a clock that the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from fakes.clock import ManualClock
from fakes.running_auth import TRUST, RunningAuth, running_auth_service
from netra_auth.settings import TokenTrustMode

IN_BOTH_TRUST_MODES: Final = frozenset(
    {
        "test_auth_code_grant",
        "test_auth_flow",
        "test_auth_introspection_revocation",
        "test_auth_refresh",
        "test_auth_token_endpoint",
    }
)
"""Modules about tokens: whatever signs them, the service behaves the same."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of tokens once in each trust mode."""
    module = metafunc.module.__name__.rpartition(".")[2]
    if "trust_mode" in metafunc.fixturenames and module in IN_BOTH_TRUST_MODES:
        metafunc.parametrize("trust_mode", list(TokenTrustMode), ids=lambda mode: mode.value)


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture
def trust_mode() -> TokenTrustMode:
    """Give the trust mode that `auth` runs in."""
    return TokenTrustMode.KEYRING


@pytest.fixture
async def auth(
    tmp_path: Path, clock: ManualClock, trust_mode: TokenTrustMode
) -> AsyncIterator[RunningAuth]:
    """Run the real service on a real socket and a real SQLite file."""
    async with running_auth_service(tmp_path, clock=clock, overrides=TRUST[trust_mode]) as running:
        yield running
