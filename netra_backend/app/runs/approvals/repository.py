"""The queries about questions for approval and their answers; all within one principal's session.

A question and its answer are steps of their run, so they go when it has ended; the events stay.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, select

from netra.wire.chat_protocol import EventName
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Event, Run, RunLease, RunStep

_RUN: Final = (
    select(Run.thread_id, Run.agent_name, Run.cancelled, RunLease.epoch)
    .outerjoin(RunLease, and_(RunLease.run_id == Run.id, RunLease.owner_id == Run.owner_id))
    .where(Run.id == bindparam("run"))
)
_HOLD: Final = select(RunLease.epoch).where(RunLease.run_id == bindparam("run")).with_for_update()
_STEPS: Final = select(RunStep.key, RunStep.result).where(
    RunStep.run_id == bindparam("run"), RunStep.key.in_(bindparam("keys", expanding=True))
)
_SAID: Final = select(Event.name).where(Event.key == bindparam("named"))


class AskingRun(NamedTuple):
    """A run that may have asked something; without an epoch it has ended."""

    thread_id: str
    agent_name: str
    cancelled: bool
    epoch: int | None


class ApprovalRepository:
    """Finds and adds what is recorded of approvals."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def hold(self, run_id: str) -> None:
        """Let nobody else take, end or answer a run until this session ends."""
        await self._session.run_constant(_HOLD, {"run": run_id})

    async def run(self, run_id: str) -> AskingRun | None:
        """Find a run of the principal."""
        rows = await self._session.run_constant(_RUN, {"run": run_id})
        return AskingRun(*rows[0]) if rows else None

    async def steps(self, run_id: str, *keys: str) -> Mapping[str, str]:
        """Find what is recorded of a run under some keys."""
        rows = await self._session.run_constant(_STEPS, {"run": run_id, "keys": list(keys)})
        return {row[0]: row[1] for row in rows}

    async def said(self, event_key: str) -> EventName | None:
        """Name the event that the principal's journal has under a key."""
        rows = await self._session.run_constant(_SAID, {"named": event_key})
        return EventName(rows[0][0]) if rows else None

    async def add(self, run_id: str, key: str, result: str, epoch: int, now: int) -> None:
        """Record a step.

        Raises:
            Conflict: There is one under this key.
        """
        await self._session.put_in(
            RunStep,
            {"run_id": run_id, "key": key, "result": result, "epoch": epoch, "created_at": now},
        )
