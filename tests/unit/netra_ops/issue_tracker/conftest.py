"""What the tests of the issue tracker share: a GitHub of this machine."""

from collections.abc import Iterator

import pytest

from fakes.github_server import FakeGitHub, github


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    """Serve a GitHub."""
    with github() as fake:
        yield fake
