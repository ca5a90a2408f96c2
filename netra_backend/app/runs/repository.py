"""The queries about runs, their steps and their leases; all within one principal's session."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select

from netra.wire.chat_protocol import EventName
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Event, Message, ModelUsage, Run, RunLease, RunStep


class RunRepository:
    """Finds and adds rows of runs."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def run(self, run_id: str) -> Run | None:
        """Find a run of the principal."""
        return await self._session.get(Run, run_id)

    async def run_of_client(self, client_id: str) -> Run | None:
        """Find the run a client began with an id of its own."""
        return await self._session.scalar(select(Run).where(Run.client_id == client_id))

    async def message(self, message_id: str) -> Message | None:
        """Find a message of the principal."""
        return await self._session.get(Message, message_id)

    async def held(self, run_id: str, epoch: int) -> Run | None:
        """Find a run that is held under an epoch, and keep its lease so until this session ends."""
        query = select(Run).join(
            RunLease, and_(RunLease.run_id == Run.id, RunLease.owner_id == Run.owner_id)
        )
        query = query.where(Run.id == run_id, RunLease.epoch == epoch)
        return await self._session.scalar(query.with_for_update(read=True, of=RunLease))

    async def count_unfinished(self) -> int:
        """Count the principal's runs that have not ended."""
        return await self._session.scalar(select(func.count(RunLease.run_id))) or 0

    async def steps(self, run_id: str) -> Sequence[RunStep]:
        """List what was recorded of a run."""
        return (await self._session.scalars(select(RunStep).where(RunStep.run_id == run_id))).all()

    async def event_keys(self, run_id: str) -> Sequence[str]:
        """List the keys of a run's events but the deltas, in order."""
        query = select(Event.key).where(Event.run_id == run_id, Event.name != EventName.TEXT_DELTA)
        return (await self._session.scalars(query.order_by(Event.seq))).all()

    async def add(self, *rows: Run | RunLease | RunStep | ModelUsage) -> None:
        """Write new rows."""
        for row in rows:
            self._session.add(row)
        await self._session.flush()
