"""The fake platform keeps what every platform promises the gate."""

import pytest

from fakes.clock import ManualClock
from fakes.configurations import BACKEND
from fakes.fake_platform import fake_platform
from fakes.platform_contract import PlatformContract, Stage


class TestFakePlatform(PlatformContract):
    """The contract, on the fake."""

    @pytest.fixture
    def stage(self) -> Stage:
        """The fake, and a variable that may have many values."""
        texts = ("https://one.example", "https://two.example")
        return Stage(fake_platform(), BACKEND, "ALLOWED_ORIGINS", texts, ManualClock().timestamp)
