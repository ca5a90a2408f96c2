"""What a test needs from outside the repository: skipped loudly without it, unless it is demanded.

`NETRA_REQUIRE=wycheproof,postgres` names what must be there: then its absence is a failure.
"""

import os

import pytest


def require(name: str, available: bool, reason: str) -> None:  # noqa: FBT001 - the condition is the point of the call
    """Skip the running test when something is absent, or fail it when it was demanded.

    Args:
        name: What `NETRA_REQUIRE` calls it.
        available: Whether it is here.
        reason: What is missing and how to get it.
    """
    if available:
        return
    demanded = {entry.strip() for entry in os.environ.get("NETRA_REQUIRE", "").split(",")}
    if name in demanded:
        pytest.fail(f"{name} was demanded by NETRA_REQUIRE: {reason}")
    pytest.skip(f"{name}: {reason}")
