"""This machine's platform keeps what every platform promises the gate."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from fakes.installation import Installation
from fakes.platform_contract import PlatformContract, Stage
from fakes.requirements import require
from netra.clock import SystemClock
from netra_ops.platform.local import state_directory
from netra_ops.platform.local.deployments.local_platform import LocalPlatform
from netra_ops.platform.local.front import binary

pytestmark = [pytest.mark.live, pytest.mark.long]

BACKEND: Final = "netra-backend"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation behind a front."""
    require("haproxy", binary.find().path is not None, binary.find().remark)
    installation = Installation(tmp_path_factory.mktemp("platform") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    yield installation
    installation.end()


@pytest.fixture
def stage(running: Installation) -> Iterator[Stage]:
    """The platform of the installation, on which the same revision serves before every test."""
    directory = state_directory.opened(Path(running.state))
    assert directory is not None
    platform = LocalPlatform(directory, SystemClock(), lambda _: None)
    (serving,) = platform.state(BACKEND).split
    yield Stage(platform, BACKEND, "LOG_LEVEL", ("DEBUG", "WARNING"), SystemClock().timestamp)
    platform.shift(BACKEND, {serving: 100})
    for revision in platform.state(BACKEND).revisions:
        if revision.name != serving:
            platform.retire(BACKEND, revision.name)


class TestLocalPlatform(PlatformContract):
    """The contract, on real processes behind a real proxy."""
