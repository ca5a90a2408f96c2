"""Which variables of the process belong to Netra or steer its connections: tests start without."""

import os
import re
from typing import Final

_OURS: Final = re.compile(
    r"(?:NETRA|SERVICE|JWT|TOKEN|TLS|KEYRING|ISSUER|AUTH|ALLOWED|TRUSTED|ACCESS_TOKEN|USER_AUDIENCE"
    r"|KEY_ROTATION|LIMITS|REQUEST_LIMIT|RETENTION|STANDBY|OPERATIONS"
    r"|SELF_REGISTRATION|MAIL|CHAT_ORIGINS|DATABASE_URL|DATABASE_OWNER_URL|ENVIRONMENT|REVISION|K_REVISION|LOG_LEVEL|HOST"
    r"|PORT)(?:_|\Z)"
    r"|(?:HTTP|HTTPS|ALL|NO)_PROXY\Z",
    re.IGNORECASE,
)
_FOR_THE_TESTS: Final = frozenset({"NETRA_ARTIFACTS", "NETRA_REQUIRE"})
"""Read by the tests themselves: where screenshots are kept, and what must not be skipped."""


def is_ours(name: str) -> bool:
    """Tell whether a variable could change what a test sees."""
    return name not in _FOR_THE_TESTS and _OURS.match(name) is not None


def remove_ours() -> None:
    """Take every such variable out of this process."""
    for name in [name for name in os.environ if is_ours(name)]:
        del os.environ[name]
