"""The tracker at GitHub: the contract, strangers, limits, refusals and races, over real sockets."""

import pytest

from fakes.github_server import FakeGitHub
from fakes.tracker_contract import Stage, TrackerContract
from fakes.trackers import on_github


@pytest.fixture
def stage(fake: FakeGitHub) -> Stage:
    """Give a repository."""
    return on_github(fake)


class TestTheContract(TrackerContract):
    """GitHub promises what every tracker promises."""
