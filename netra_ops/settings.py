"""What the toolkit assumes: the services' names and programs, addresses, deadlines, trust.

Nothing here reads the environment: commands take arguments, and services read their env files.
"""

import ssl
from dataclasses import dataclass
from typing import Final

AUTH: Final = "netra-auth"
BACKEND: Final = "netra-backend"
OPS: Final = "netra-ops"
"""The toolkit's own service account, which the auth service knows from its registry."""

LOOPBACK: Final = "127.0.0.1"
DEFAULT_STATE: Final = ".netra"
USER_AGENT: Final = "netra-ops"

PROBE_HEADER: Final = ("x-netra-probe", "golden-path")
"""What the golden path's requests say of themselves, so that nobody counts them among people's."""
SERVED_REVISION_HEADER: Final = "x-served-revision"
"""In which a platform's proxy names the revision that answered, if it does."""
_MACHINES_OWN: Final = ".localhost"


@dataclass(frozen=True, slots=True)
class Program:
    """A service as something that can be started.

    Attributes:
        service: Its service id, which also names its env file, store and log folder.
        module: What `python -m` runs.
        schema: What `python -m` runs to be told whether its code may serve on its store.
        packages: Whose code makes it what it is; a change in them is a new revision.
        default_port: Where it listens if nobody says otherwise.
    """

    service: str
    module: str
    schema: str
    packages: tuple[str, ...]
    default_port: int


PROGRAMS: Final = (
    Program(
        AUTH,
        "netra_auth.main",
        "netra_auth.store.schema_version",
        ("netra", "netra_auth"),
        8001,
    ),
    Program(
        BACKEND,
        "netra_backend.app.main",
        "netra_backend.app.db.readiness",
        ("netra", "netra_backend"),
        8000,
    ),
)
"""In the order they are started; they are stopped in reverse."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long the local platform waits, in seconds."""

    ready: float = 60.0
    """For a started service to answer that it is ready."""
    settled: float = 5.0
    """For a ready service to say that everything is well, before it is reported as degraded."""
    stop: float = 10.0
    """For a service to end by itself before it is killed."""
    schema: float = 20.0
    """For code to tell whether it may serve on its store."""
    answer: float = 2.0
    """For one health question."""


def reached_at(host: str) -> str:
    """Say where a host is reached: names below `localhost` are this machine (RFC 6761 section 6.3).

    Not every resolver knows that, and one that asks a server must not be asked.
    """
    return LOOPBACK if host.lower().rstrip(".").endswith(_MACHINES_OWN) else host


def trusted_authorities(url: str) -> ssl.SSLContext:
    """Say whose certificates count at an address: the system's authorities, over http nobody's.

    Reading the system's authorities takes longer than a whole request on one machine.
    """
    if url.startswith("https:"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
