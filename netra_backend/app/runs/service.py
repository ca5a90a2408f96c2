"""What can be done with the runs of the session's principal: accept, cancel, record, end.

When that is done, and by which process, is decided in `journal`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from netra.clock import Clock
from netra.errors import Conflict, NotFound
from netra.ids import row_id
from netra.wire.chat_protocol import MAX_EVENT_BYTES, EventName, FailureReason
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import ModelUsage, Run, RunLease, RunStep
from netra_backend.app.events import journal
from netra_backend.app.events.writer import LeaseLost
from netra_backend.app.runs.endings import MESSAGES
from netra_backend.app.runs.repository import HeldRun, RunRepository
from netra_backend.app.threads.service import ThreadService

_ACCEPTED: Final = "accepted"
_COMPLETED: Final = "completed"
_FAILED: Final = "failed"
_ENDS: Final = (_COMPLETED, _FAILED)
_END: Final = "end"
"""The key of the record of how a run ended."""
_MICROSECONDS: Final = 1_000_000

TAKEN: Final = "taken."
"""The records of takings after the first begin with it."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run by its ids."""

    run_id: str
    thread_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """For whom a run that is accepted now is kept: nobody else living takes it before `until`.

    `until` is in microseconds since the epoch.
    """

    holder: str
    until: int


class Ending(msgspec.Struct, frozen=True):
    """How a run ended: its last event, but for an answer's text, which is its message's."""

    name: EventName
    message_id: str | None = None
    tools: int = 0
    ms: int = 0
    reason: FailureReason | None = None
    message: str = ""

    def payload(self, answer: str) -> dict[str, Any]:
        """Give the payload of the run's last event, without an answer that is too long for one."""
        if self.name is not EventName.AGENT_COMPLETED:
            return {"reason": self.reason, "message": self.message}
        payload = {
            "message_id": self.message_id,
            "text": answer,
            "ms": self.ms,
            "tools": self.tools,
        }
        if len(msgspec.json.encode(payload)) > MAX_EVENT_BYTES:
            payload["text"] = None
        return payload


@dataclass(frozen=True, slots=True)
class StoredRun:
    """All that is stored of a run that is taken up.

    Attributes:
        run_id: Its id.
        thread_id: Where it was asked.
        message_id: The message that asked.
        client_id: The client's id of that message.
        agent_name: Who is to answer.
        question: What was asked.
        cancelled: Whether its owner asked that it be stopped.
        steps: What was recorded, as JSON by key.
        epochs: The epoch under which each was recorded.
        journaled: The keys of its events but the deltas, in order.
        ending: How it ended, if only its last event is still to be written.
        answer: What was answered, if it ended so.
    """

    run_id: str
    thread_id: str
    message_id: str
    client_id: str
    agent_name: str
    question: str = field(repr=False)
    cancelled: bool
    steps: Mapping[str, str] = field(repr=False)
    epochs: Mapping[str, int]
    journaled: Sequence[str]
    ending: Ending | None = None
    answer: str = field(default="", repr=False)

    def takings_in_vain(self) -> int:
        """Count the takings since the last completed step, or all of them if there is none."""
        steps = (epoch for key, epoch in self.epochs.items() if not key.startswith(TAKEN))
        last = max(steps, default=0)
        later = sum(key.startswith(TAKEN) and epoch > last for key, epoch in self.epochs.items())
        return later + (last == 0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step cost, as it is booked on the asker."""

    model: str
    input_tokens: int
    output_tokens: int
    cost_micros: int | None


class RunService:
    """Runs of the session's principal.

    Every method raises `DatabaseUnavailable` when the database does not answer. Those that take an
    epoch raise `LeaseLost` when the run's lease is no longer of that epoch, or the run is gone.
    """

    def __init__(self, session: PrincipalSession, clock: Clock) -> None:
        self._session = session
        self._rows = RunRepository(session)
        self._clock = clock

    async def of_client(self, client_id: str) -> RunView | None:
        """Find the run a client began before with the same id of its own."""
        run = await self._rows.run_of_client(client_id)
        return None if run is None else RunView(*run)

    async def count_unfinished(self) -> int:
        """Count the runs that have not ended."""
        return await self._rows.count_unfinished()

    async def accept(
        self,
        *,
        thread_id: str,
        message_id: str,
        client_id: str,
        agent_name: str,
        principal: str,
        reserved: Reservation | None = None,
    ) -> RunView:
        """Store a run that nobody works on yet, kept for one process or for whoever comes first.

        Raises:
            Conflict: The client began one with this id before.
        """
        run_id = row_id("run")
        await self._rows.add(
            Run,
            id=run_id,
            thread_id=thread_id,
            message_id=message_id,
            client_id=client_id,
            agent_name=agent_name,
            principal=principal,
            state=_ACCEPTED,
            cancelled=False,
            created_at=self._now(),
            ended_at=None,
        )
        await self._rows.add(
            RunLease,
            run_id=run_id,
            thread_id=thread_id,
            slot=None,
            holder=None if reserved is None else reserved.holder,
            epoch=0,
            expires_at=0 if reserved is None else reserved.until,
            called=False,
        )
        return RunView(run_id, thread_id, message_id)

    async def cancel(self, run_id: str) -> bool:
        """Ask that a run be stopped; say whether there is still something to stop.

        Raises:
            NotFound: The principal has no such run.
        """
        run = await self._rows.run(run_id)
        if run is None:
            raise NotFound("no such run of this principal")
        if run.state == _ACCEPTED:
            await self._stop(run)
        return run.state == _ACCEPTED

    async def withdraw(self, thread_id: str, message_id: str) -> Sequence[str]:
        """Stop the run that a message began, since the message is being deleted; name it.

        Raises:
            Conflict: A run of the thread has ended and its last event, which may hold what is to
                be deleted, is just being written.
        """
        if await self._rows.is_last_event_due(thread_id, _ENDS):
            raise Conflict(
                "the last event of a run is due",
                detail="An answer is just being written. Try again.",
            )
        stopped = [
            run
            for run in await self._rows.runs_of_question(message_id)
            if run.thread_id == thread_id and run.state == _ACCEPTED
        ]
        for run in stopped:
            await self._stop(run)
        return [run.id for run in stopped]

    async def stop_thread(self, thread_id: str) -> Sequence[str]:
        """Stop the runs of a thread that have not ended and are not stopped yet; name them."""
        stopped = await self._rows.runs_to_stop(thread_id, _ACCEPTED)
        for run in stopped:
            await self._stop(run)
        return [run.id for run in stopped]

    async def is_thread_busy(self, thread_id: str) -> bool:
        """Say whether a run of a thread has not said its last event."""
        return await self._rows.is_thread_busy(thread_id)

    async def call_for(self, run_id: str) -> None:
        """Have a run look at what happened: one that waits for its person goes on at once."""
        await self._rows.call_for(run_id)

    async def hold(self, run_id: str, epoch: int) -> bool:
        """Keep a run held until this session ends; say whether it is cancelled."""
        return (await self._held(run_id, epoch)).cancelled

    async def erase_if_withdrawn(self, run_id: str) -> None:
        """Empty the events of a run whose question was deleted meanwhile."""
        run = await self._rows.loaded(run_id)
        if run is not None and run.question is None:
            await journal.erase_run(self._session, run_id)

    async def is_unfinished(self, run_id: str) -> bool:
        """Say whether a run has not ended.

        Raises:
            NotFound: The principal has no such run.
        """
        run = await self._rows.run(run_id)
        if run is None:
            raise NotFound("no such run of this principal")
        return run.state == _ACCEPTED

    async def is_cancelled(self, run_id: str) -> bool:
        """Say whether a run is to be stopped, or gone with its thread."""
        run = await self._rows.run(run_id)
        return run is None or run.cancelled

    async def load(self, run_id: str, *, resumed: bool) -> StoredRun | None:
        """Read all that is stored of a run; None if it is gone with its thread.

        Args:
            run_id: The run.
            resumed: Whether somebody may have worked on it before.
        """
        run = await self._rows.loaded(run_id)
        if run is None:
            return None
        steps = await self._rows.steps(run_id) if resumed else ()
        results = {step.key: step.result for step in steps}
        ending = results.pop(_END, None)
        ended = None if ending is None else msgspec.json.decode(ending, type=Ending)
        answer = None
        if ended is not None and ended.message_id is not None:
            answer = await self._rows.message(ended.message_id)
        return StoredRun(
            run_id=run.run_id,
            thread_id=run.thread_id,
            message_id=run.message_id,
            client_id=run.client_id,
            agent_name=run.agent_name,
            question=run.question or "",
            # Whoever deletes the question wants no answer.
            cancelled=run.cancelled or run.question is None,
            steps=results,
            epochs={step.key: step.epoch for step in steps},
            journaled=await self._rows.event_keys(run_id) if resumed else (),
            ending=ended,
            answer="" if answer is None else answer.text,
        )

    async def record_step(
        self, run_id: str, epoch: int, key: str, result: str, cost: Cost | None = None
    ) -> bool:
        """Remember what a step gave, and book what it cost; say whether the run is cancelled."""
        run = await self._held(run_id, epoch)
        await self._add_step(run_id, epoch, key, result)
        if cost is not None:
            await self._add_usage(run_id, cost)
        return run.cancelled

    async def book(self, run_id: str, cost: Cost) -> None:
        """Book what a run spent without a step to show for it; no lease is needed for that.

        Of somebody who erased everything meanwhile, nothing is written.
        """
        if await self._rows.is_journaled(run_id):
            await self._add_usage(run_id, cost)

    async def answer(self, run_id: str, epoch: int, text: str, *, tools: int, ms: int) -> Ending:
        """Persist the answer and end the run; a run that was cancelled ends as that."""
        run = await self._held(run_id, epoch)
        if run.cancelled:
            reason = FailureReason.CANCELLED
            return await self._failed(run, epoch, reason, MESSAGES[reason])
        reply = await ThreadService(self._session, self._clock).post_reply(run.thread_id, text)
        ending = Ending(EventName.AGENT_COMPLETED, message_id=reply.id, tools=tools, ms=ms)
        return await self._end(run, epoch, _COMPLETED, ending)

    async def fail(self, run_id: str, epoch: int, reason: FailureReason, message: str) -> Ending:
        """End the run without an answer."""
        return await self._failed(await self._held(run_id, epoch), epoch, reason, message)

    async def _stop(self, run: Run) -> None:
        # The lease comes first: whoever holds a run locks its rows in this order.
        await self._rows.call_for(run.id)
        run.cancelled = True

    async def _failed(
        self, run: HeldRun, epoch: int, reason: FailureReason, message: str
    ) -> Ending:
        ending = Ending(EventName.AGENT_FAILED, reason=reason, message=message)
        return await self._end(run, epoch, _FAILED, ending)

    async def _end(self, run: HeldRun, epoch: int, state: str, ending: Ending) -> Ending:
        await self._rows.end(run.run_id, state, self._now())
        await self._add_step(run.run_id, epoch, _END, msgspec.json.encode(ending).decode())
        return ending

    async def _held(self, run_id: str, epoch: int) -> HeldRun:
        run = await self._rows.held(run_id, epoch)
        if run is None or run.state != _ACCEPTED:
            raise LeaseLost("somebody else has the run, or it is gone or has ended")
        return run

    async def _add_usage(self, run_id: str, cost: Cost) -> None:
        await self._rows.add(
            ModelUsage,
            id=row_id("use"),
            run_id=run_id,
            model=cost.model,
            input_tokens=cost.input_tokens,
            output_tokens=cost.output_tokens,
            cost_micros=cost.cost_micros,
            created_at=self._now(),
        )

    async def _add_step(self, run_id: str, epoch: int, key: str, result: str) -> None:
        await self._rows.add(
            RunStep, run_id=run_id, key=key, result=result, epoch=epoch, created_at=self._now()
        )

    def _now(self) -> int:
        return int(self._clock.timestamp() * _MICROSECONDS)
