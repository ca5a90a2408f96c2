"""The queries about runs, their steps and their leases; all within one principal's session."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, case, func, select, update

from netra.wire.chat_protocol import EventName
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Event, Message, ModelUsage, Run, RunLease, RunStep

# What every turn asks is made once (`PrincipalSession.run_constant`).
_OF_CLIENT: Final = select(Run.id, Run.thread_id, Run.message_id).where(
    Run.client_id == bindparam("client")
)
_UNFINISHED: Final = select(func.count(RunLease.run_id))
_LOADED: Final = (
    select(
        Run.id,
        Run.thread_id,
        Run.message_id,
        Run.client_id,
        Run.agent_name,
        Run.cancelled,
        Message.text,
    )
    .outerjoin(Message, and_(Message.id == Run.message_id, Message.owner_id == Run.owner_id))
    .where(Run.id == bindparam("run"))
)
_HELD: Final = (
    select(Run.id, Run.thread_id, Run.state, Run.cancelled)
    .join(RunLease, and_(RunLease.run_id == Run.id, RunLease.owner_id == Run.owner_id))
    .where(Run.id == bindparam("run"), RunLease.epoch == bindparam("held_under"))
    # The run's row too: its end must not overtake the withdrawal of its question.
    .with_for_update(read=True, of=(RunLease, Run))
)
_JOURNALED: Final = (
    select(Event.seq).where(Event.run_id == bindparam("run")).limit(1).with_for_update(read=True)
)
_END: Final = (
    update(Run)
    .where(Run.id == bindparam("run"))
    .values(state=bindparam("becomes"), ended_at=bindparam("at"))
)

# A run that waits is free to be taken from now on; one that is worked on hears of it when it waits.
_CALL: Final = (
    update(RunLease)
    .where(RunLease.run_id == bindparam("run"))
    .values(called=True, expires_at=case((RunLease.holder.is_(None), 0), else_=RunLease.expires_at))
)


class LoadedRun(NamedTuple):
    """A run and its question; without the text the question is gone."""

    run_id: str
    thread_id: str
    message_id: str
    client_id: str
    agent_name: str
    cancelled: bool
    question: str | None


class HeldRun(NamedTuple):
    """A run that is held under an epoch."""

    run_id: str
    thread_id: str
    state: str
    cancelled: bool


class RunIds(NamedTuple):
    """A run by its ids."""

    run_id: str
    thread_id: str
    message_id: str


class RunRepository:
    """Finds and adds rows of runs."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def run(self, run_id: str) -> Run | None:
        """Find a run of the principal."""
        return await self._session.get(Run, run_id)

    async def run_of_client(self, client_id: str) -> RunIds | None:
        """Find the run a client began with an id of its own."""
        rows = await self._session.run_constant(_OF_CLIENT, {"client": client_id})
        return RunIds(*rows[0]) if rows else None

    async def loaded(self, run_id: str) -> LoadedRun | None:
        """Find a run of the principal with its question."""
        rows = await self._session.run_constant(_LOADED, {"run": run_id})
        return LoadedRun(*rows[0]) if rows else None

    async def message(self, message_id: str) -> Message | None:
        """Find a message of the principal."""
        return await self._session.get(Message, message_id)

    async def held(self, run_id: str, epoch: int) -> HeldRun | None:
        """Find a run that is held under an epoch, and keep its lease so until this session ends."""
        rows = await self._session.run_constant(_HELD, {"run": run_id, "held_under": epoch})
        return HeldRun(*rows[0]) if rows else None

    async def is_journaled(self, run_id: str) -> bool:
        """Say whether a run has events, and keep one of them until this session ends.

        They outlive the run and its thread, and go when their owner erases everything.
        """
        return bool(await self._session.run_constant(_JOURNALED, {"run": run_id}))

    async def count_unfinished(self) -> int:
        """Count the principal's runs that have not ended."""
        [(count,)] = await self._session.run_constant(_UNFINISHED, {})
        return int(count)

    async def runs_of_question(self, message_id: str) -> Sequence[Run]:
        """Find the runs that a message began, ended or not."""
        return (await self._session.scalars(select(Run).where(Run.message_id == message_id))).all()

    async def runs_to_stop(self, thread_id: str, state: str) -> Sequence[Run]:
        """Find the runs of a thread that are in a state and not cancelled."""
        query = select(Run).where(
            Run.thread_id == thread_id, Run.state == state, Run.cancelled.is_(False)
        )
        return (await self._session.scalars(query)).all()

    async def is_thread_busy(self, thread_id: str) -> bool:
        """Say whether a run of a thread has a lease: it goes when the run's last event is there."""
        query = select(func.count(RunLease.run_id)).where(RunLease.thread_id == thread_id)
        return bool(await self._session.scalar(query))

    async def is_last_event_due(self, thread_id: str, ended: Sequence[str]) -> bool:
        """Say whether a run of a thread has ended in one of some ways, and has not said so yet."""
        query = (
            select(func.count(RunLease.run_id))
            .join(Run, and_(Run.id == RunLease.run_id, Run.owner_id == RunLease.owner_id))
            .where(RunLease.thread_id == thread_id, Run.state.in_(ended))
        )
        return bool(await self._session.scalar(query))

    async def call_for(self, run_id: str) -> None:
        """Let a run that waits be taken at once, and one that is about to wait not do so."""
        await self._session.run_constant(_CALL, {"run": run_id})

    async def end(self, run_id: str, state: str, now: int) -> None:
        """Say how a run ended."""
        await self._session.run_constant(_END, {"run": run_id, "becomes": state, "at": now})

    async def steps(self, run_id: str) -> Sequence[RunStep]:
        """List what was recorded of a run."""
        return (await self._session.scalars(select(RunStep).where(RunStep.run_id == run_id))).all()

    async def event_keys(self, run_id: str) -> Sequence[str]:
        """List the keys of a run's events but the deltas, in order."""
        query = select(Event.key).where(Event.run_id == run_id, Event.name != EventName.TEXT_DELTA)
        return (await self._session.scalars(query.order_by(Event.seq))).all()

    async def add(self, entity: type[Run | RunLease | RunStep | ModelUsage], **values: Any) -> None:
        """Write a new row of the principal."""
        await self._session.put_in(entity, values)
