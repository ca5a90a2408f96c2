"""What holds for every test: a clean environment, this machine only, known property settings."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from fakes.network import refuse_outside_connections
from fakes.process_variables import remove_ours
from netra.isolated_environment import process_environment, replaced_environment

settings.register_profile("default", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow]
)


def pytest_configure() -> None:
    """Clean the environment before anything is imported, and close the way out."""
    remove_ours()
    refuse_outside_connections()


@pytest.fixture(autouse=True)
def _environment_as_it_was() -> Iterator[None]:
    """Give every test the same environment and snapshot, whatever the one before did to them."""
    before = dict(os.environ)
    with replaced_environment(process_environment()):
        yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)
