"""A state directory, a server that it points at, and the command run on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.netra_command import Run, runner, set_values
from fakes.netra_over_http import SERVICES, FakeNetra, fake_netra
from netra_ops.platform.local import configuration
from netra_ops.platform.local.state_directory import StateDirectory, created


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    """A state directory whose env files name the fake's secrets."""
    directory = created(tmp_path / "state")
    configuration.make(directory, {"netra-auth": 8001, "netra-backend": 8000})
    for service, secret in SERVICES.items():
        set_values(directory, service, SERVICE_SECRET=secret)
    return directory


@pytest.fixture
def netra(state: StateDirectory) -> Iterator[FakeNetra]:
    """A right server that the state directory points at."""
    with fake_netra() as server:
        set_values(state, "netra-ops", AUTH_SERVICE_URL=server.url, BACKEND_URL=server.url)
        yield server


@pytest.fixture
def run(
    state: StateDirectory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run a command on the state directory."""
    return runner(state, capsys, monkeypatch)
