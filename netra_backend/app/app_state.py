"""What the running backend consists of, made by `bootstrap` and read through `state_of`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from prometheus_client import CollectorRegistry
from starlette.requests import HTTPConnection

from netra.clock import Clock
from netra.errors import InternalError
from netra.serving import Standby
from netra.tokens import AccessTokenVerifier, RevocationSet
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.chat.turn import ChatTurns
from netra_backend.app.clients.auth_client_core import AuthServiceClient
from netra_backend.app.clients.circuit_breaker import CircuitBreaker
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.events.bus import EventBus
from netra_backend.app.events.writer import EventWriter
from netra_backend.app.runs.engine import RunEngine
from netra_backend.app.settings import Settings

ServiceSessions: TypeAlias = Callable[[str], AbstractAsyncContextManager[PrincipalSession]]
"""`service_authentication_context` with everything but the operation bound."""


class RevocationFeed(Protocol):
    """Says whether revocations arrive."""

    @property
    def up(self) -> bool:
        """Whether the last attempt to read the feed succeeded."""


@dataclass(frozen=True, slots=True)
class AppState:
    """The parts of one running backend; nothing in it changes hands while it runs."""

    settings: Settings
    clock: Clock
    database: Database
    verifier: AccessTokenVerifier
    revocations: RevocationSet
    revocation_feed: RevocationFeed
    auth_client: AuthServiceClient
    auth_breaker: CircuitBreaker
    catalogue: AgentCatalogue
    service_authentication_context: ServiceSessions
    bus: EventBus
    writer: EventWriter
    runs: RunEngine
    chat: ChatTurns
    metrics: CollectorRegistry
    standby: Standby


def state_of(connection: HTTPConnection) -> AppState:
    """Give the state of the app that serves a request or a socket.

    Raises:
        InternalError: The app was not made by `bootstrap`.
    """
    state = getattr(connection.app.state, "netra", None)
    if not isinstance(state, AppState):
        raise InternalError("the app has no state: it was not made by bootstrap")
    return state
