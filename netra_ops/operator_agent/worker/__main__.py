"""The worker's process: a look on its standard input, what was found on its output.

It is a process of its own so that a chat is not kept waiting by it, nothing of it stays in the
service's memory, and its time is bounded whatever it does.
"""

import os
import resource
import sys
from typing import Final

import msgspec

from netra.clock import SystemClock
from netra_ops.operator_agent.looks import Found, Look

try:
    from netra_ops.operator_agent.worker import work
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] == "netra_ops":
        raise
    _NOT_INSTALLED: str | None = missing.name
else:
    _NOT_INSTALLED = None

_UMASK: Final = 0o077
_NICE: Final = 10
_CPU_SECONDS: Final = 300
"""So long it lives at most if nobody ends it, because the service was killed meanwhile."""


def main() -> int:
    """Do one look."""
    os.umask(_UMASK)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    look = msgspec.json.decode(sys.stdin.buffer.read(), type=Look)
    sys.stdout.buffer.write(msgspec.json.encode(_found(look)))
    return 0


def _found(look: Look) -> Found:
    if _NOT_INSTALLED is not None:
        return Found(
            refused=f"The operations toolkit is not installed beside this service: {_NOT_INSTALLED}"
            " is missing. Install the extra `ops` of netra-apex."
        )
    return work.found(look, SystemClock())


if __name__ == "__main__":
    sys.exit(main())
