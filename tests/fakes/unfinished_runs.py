"""Accepted runs as rows of a real store, and what is written of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fakes.stores import store_url
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.secret import Secret
from netra.wire.chat_protocol import EventName
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.session import Database
from netra_backend.app.db.tables import Run, RunLease, Thread
from netra_backend.app.events.journal import NewEvent
from netra_backend.app.events.writer import RunWrite

BEARER = CredentialMethod.BEARER
MOMENT = "2027-01-15T08:00:00.000000Z"


def person(name: str) -> UserPrincipal:
    """Give the principal of a person."""
    scopes = frozenset({"profile"})
    return UserPrincipal(
        f"usr_{name}", f"ses_{name}", "netra-chat", scopes, frozenset(), f"tok_{name}", 2e9
    )


ANNA, BERT = person("anna"), person("bert")


@asynccontextmanager
async def opened(store: Path) -> AsyncIterator[Database]:
    """Open a migrated store for the length of the context, as one process does."""
    database = Database(open_engine(Secret(store_url(store))))
    try:
        yield database
    finally:
        await database.aclose()


async def accept(
    database: Database,
    principal: UserPrincipal,
    run_id: str,
    *,
    thread_id: str | None = None,
    **lease: Any,
) -> None:
    """Store a run with its thread, if that is not there, and its lease, as accepting it does."""
    thread_id = thread_id or f"thr_{run_id}"
    owner_id = principal.user_id
    async with database.session_for(principal, BEARER) as session:
        if await session.get(Thread, thread_id) is None:
            session.add(
                Thread(id=thread_id, owner_id=owner_id, title="t", created_at=1, updated_at=1)
            )
            await session.flush()
        session.add(
            Run(
                id=run_id,
                owner_id=owner_id,
                thread_id=thread_id,
                message_id="msg_1",
                client_id=run_id,
                agent_name="assistant",
                principal=f"recorded of {owner_id}",
                state="accepted",
                cancelled=False,
                created_at=1,
            )
        )
        await session.flush()
        values = {"epoch": 0, "expires_at": 0, **lease}
        session.add(RunLease(run_id=run_id, owner_id=owner_id, thread_id=thread_id, **values))


def thought(run_id: str, key: str, payload: bytes = b'{"text":"hm"}') -> NewEvent:
    """Make an event of a run."""
    return NewEvent(
        key=f"{run_id}:{key}",
        run_id=run_id,
        thread_id=f"thr_{run_id}",
        agent_name="assistant",
        name=EventName.AGENT_THINKING,
        timestamp=MOMENT,
        payload=payload,
    )


def a_write(
    principal: UserPrincipal,
    run_id: str,
    *keys: str,
    epoch: int = 1,
    ends_run: bool = False,
    method: CredentialMethod = BEARER,
) -> RunWrite:
    """Write one thought for each key."""
    events = tuple(thought(run_id, key) for key in keys)
    return RunWrite(principal, method, run_id, epoch, events, ends_run)
