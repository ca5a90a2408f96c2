"""One taking of one run, from the lease to its end, or to where somebody else goes on.

Which runs are taken, and when they are stopped, is decided in `engine`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeAlias, TypeVar

from netra.agent_api import Agent, Question, RunFailed, ToolContext
from netra.clock import Clock
from netra.errors import (
    CouldNotDecide,
    DatabaseUnavailable,
    NotFound,
    PermissionDenied,
)
from netra.telemetry.log_events import event_logger
from netra.wire.chat_protocol import FailureReason
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.agents.instance_factory import for_user
from netra_backend.app.db.leases import Lease, RunLeases
from netra_backend.app.db.outage import CommitUncertain
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.events.writer import EventWriter, LeaseLost
from netra_backend.app.runs import endings
from netra_backend.app.runs.engine import RunLimits, Standing
from netra_backend.app.runs.journal.bounded import stopped
from netra_backend.app.runs.journal.emission import RunEvents, TakenRun
from netra_backend.app.runs.journal.run_context import JournalRun, Patience, storable
from netra_backend.app.runs.journal.steps import RunSteps
from netra_backend.app.runs.journal.taking import Asker, Later, Never, taking
from netra_backend.app.runs.journal.tool_use import ToolUse
from netra_backend.app.runs.service import TAKEN, Ending, RunService, StoredRun
from netra_backend.app.threads.own_changes import ThreadChanges
from netra_backend.app.threads.own_records import ThreadRecords

MAX_ANSWER_BYTES: Final = 1_048_576
_MICROSECONDS: Final = 1_000_000

T = TypeVar("T")

log: Final = event_logger("runs")


class Stop(Enum):
    """Why a run is stopped from outside."""

    CANCELLED = auto()
    RELEASED = auto()
    """Somebody else, or a later taking, goes on with it."""
    LOST = auto()
    """Nothing more can be recorded by this taking."""
    PARKED = auto()
    """It waits for its person."""


class Left(Enum):
    """In what state a taking leaves its run."""

    ENDED = auto()
    GONE = auto()
    """There is nobody, or nothing, to do it for."""
    UNFINISHED = auto()
    PARKED = auto()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a taking, and how long to wait before the next.

    Attributes:
        left: In what state the run is left.
        pause: How many seconds nobody takes it.
        until: If it waits for its person, until when; in microseconds since the epoch.
    """

    left: Left
    pause: float = 0.0
    until: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """What every execution works with."""

    database: Database
    leases: RunLeases
    writer: EventWriter
    agents: AgentCatalogue
    standing: Standing
    clock: Clock
    limits: RunLimits


_Failure: TypeAlias = tuple[FailureReason, str]


class Execution:
    """One taking of one run.

    Args:
        parts: What it works with.
        lease: The lease that was taken.
    """

    def __init__(self, parts: Parts, lease: Lease) -> None:
        self._parts = parts
        self.lease = lease
        self.began_at = parts.clock.monotonic()
        self._stop: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()
        self._asker: Asker | None = None
        self._parked_until = 0
        self.cancelled_late = False

    def stop(self, why: Stop) -> None:
        """Stop it; the first reason holds."""
        if not self._stop.done():
            self._stop.set_result(why)
        elif why is Stop.CANCELLED:
            self.cancelled_late = True

    async def is_cancelled(self) -> bool:
        """Look into the run's row, whether another process was told to stop the run.

        Raises:
            DatabaseUnavailable: The database did not answer.
        """
        if self._asker is None or self._stop.done():
            return False

        async def look(session: PrincipalSession) -> bool:
            return await RunService(session, self._parts.clock).is_cancelled(self.lease.run_id)

        return await self._in_session(self._asker, look, writes=False)

    async def carried_out(self) -> Result:
        """Do the run; whatever goes wrong, say in what state it is left."""
        try:
            return await self._carried_out()
        except (LeaseLost, DatabaseUnavailable, CommitUncertain):
            return self._unfinished()
        except Exception as error:  # noqa: BLE001 - one run's fault must not reach the others
            log.error(  # noqa: TRY400 - the error's text may hold what the person said
                "run_broken", run_id=self.lease.run_id, error_type=type(error).__name__
            )
            return self._unfinished()

    async def _carried_out(self) -> Result:
        parts, lease = self._parts, self.lease
        found = await taking(
            lease,
            leases=parts.leases,
            standing=parts.standing,
            clock=parts.clock,
            limits=parts.limits,
        )
        if isinstance(found, Never):
            return Result(Left.GONE)
        if isinstance(found, Later):
            return Result(Left.UNFINISHED, found.seconds)
        self._asker = found

        async def load(session: PrincipalSession) -> StoredRun | None:
            runs = RunService(session, parts.clock)
            return await runs.load(lease.run_id, resumed=lease.epoch > 1)

        stored = await self._in_session(found, load, writes=False)
        if stored is None:
            return Result(Left.GONE)
        return await self._done(found, stored)

    async def _done(self, asker: Asker, stored: StoredRun) -> Result:
        run = TakenRun(
            principal=asker.principal,
            method=asker.method,
            run_id=stored.run_id,
            thread_id=stored.thread_id,
            agent_name=stored.agent_name,
            epoch=self.lease.epoch,
        )
        clock = self._parts.clock
        events = RunEvents(self._parts.writer, run, stored.journaled, clock, self._lost)
        await events.started(stored.client_id, stored.message_id)
        ending, answer = stored.ending, stored.answer
        calls = 0
        if ending is None:
            steps = RunSteps(
                self._parts.database,
                run,
                stored.steps,
                events,
                clock,
                lost=self._lost,
                cancelled=lambda: self.stop(Stop.CANCELLED),
            )
            said, calls = await self._answered(run, stored, events, steps)
            if said is None:
                return self._unfinished()
            ending = await self._recorded(asker, said, calls)
            answer = said if isinstance(said, str) else ""
        if ending.reason is FailureReason.CANCELLED:
            await self._erased_if_withdrawn(asker, events)
        await events.ended(ending.name, ending.payload(answer))
        log.info(
            "run_ended",
            run_id=run.run_id,
            user_id=run.principal.user_id,
            agent_name=run.agent_name,
            outcome=ending.name.value,
            reason=None if ending.reason is None else ending.reason.value,
            ms=self._ms(),
            tools=ending.tools,
            takings=run.epoch,
        )
        return Result(Left.ENDED)

    async def _answered(
        self, run: TakenRun, stored: StoredRun, events: RunEvents, steps: RunSteps
    ) -> tuple[str | _Failure | None, int]:
        """Have the agent answer; gives the answer, why there is none, or None if lost."""
        if stored.cancelled:
            return _failed(FailureReason.CANCELLED), 0
        if run.epoch > 1:
            await steps.record(f"{TAKEN}{run.epoch}", "{}")
            if stored.takings_in_vain() + 1 > self._parts.limits.takings:
                return _failed(FailureReason.GAVE_UP), 0
        agent = self._made(run)
        if not isinstance(agent, tuple):
            return await self._worked(agent, run, stored, events, steps)
        return agent, 0

    def _made(self, run: TakenRun) -> Agent | _Failure:
        try:
            factory = for_user(self._parts.agents, run.principal, run.method)
            return factory.make(run.agent_name)
        except NotFound:
            return FailureReason.GAVE_UP, endings.AGENT_GONE
        except PermissionDenied:
            return _failed(FailureReason.NOT_ALLOWED)
        except Exception as error:  # noqa: BLE001 - an agent's package may do anything
            return self._broken(error)

    async def _worked(
        self,
        agent: Agent,
        run: TakenRun,
        stored: StoredRun,
        events: RunEvents,
        steps: RunSteps,
    ) -> tuple[str | _Failure | None, int]:
        parts = self._parts
        records = ThreadRecords(steps.reading, parts.clock)

        async def runs_in(session: PrincipalSession, thread_id: str) -> bool:
            return await RunService(session, parts.clock).is_thread_busy(thread_id)

        context = ToolContext(
            principal=run.principal,
            permissions=agent.asker.permissions,
            thread_id=run.thread_id,
            records=records,
            clock=parts.clock,
            changes=ThreadChanges(steps.changing, runs_in, run.thread_id, parts.clock),
        )
        question = Question(stored.question, run.thread_id, stored.message_id)
        grace = parts.limits.grace_seconds
        journal_run = JournalRun(
            run,
            question,
            events=events,
            steps=steps,
            tools=ToolUse(agent.tools, context, grace=grace, run_id=run.run_id),
            records=records,
            patience=Patience(
                round(parts.limits.approval_seconds * _MICROSECONDS), parts.clock, self._park
            ),
        )
        said = await self._within_bounds(agent.answer(question, journal_run), events)
        await steps.settled()
        if self._stop.done() and self._stop.result() is not Stop.CANCELLED:
            said = None
        return said, journal_run.calls

    async def _within_bounds(
        self, answering: Coroutine[Any, Any, str], events: RunEvents
    ) -> str | _Failure | None:
        """Await the answer until it is there, is told to stop, or took too long."""
        limits = self._parts.limits
        task = asyncio.create_task(answering)
        try:
            await asyncio.wait(
                (task, self._stop),
                timeout=limits.run_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            # What a tool or an agent still says after this moment is refused.
            events.close()
            is_done = task.done()
            if not is_done:
                await stopped(
                    task, grace=limits.grace_seconds, what="agent", run_id=self.lease.run_id
                )
        if self._stop.done():
            # With what the work failed at the same time matters to nobody, and is not to be logged.
            if is_done and not task.cancelled():
                task.exception()
            is_cancelled = self._stop.result() is Stop.CANCELLED
            return _failed(FailureReason.CANCELLED) if is_cancelled else None
        return self._told(task) if is_done else _failed(FailureReason.TIMED_OUT)

    def _told(self, task: "asyncio.Task[str]") -> str | _Failure | None:
        """Give what an agent's work came to."""
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if isinstance(error, RunFailed):
            return endings.told(error)
        if isinstance(error, CouldNotDecide | LeaseLost):
            self.stop(Stop.LOST)
            return None
        return self._broken(error) if error is not None else self._fit(task.result())

    def _fit(self, answer: object) -> str | _Failure:
        """Give an answer that can be kept."""
        if not isinstance(answer, str):
            return self._broken(TypeError())
        if not answer.strip():
            return FailureReason.INTERNAL_ERROR, endings.NO_ANSWER
        if len(answer.encode("utf-8", "replace")) > MAX_ANSWER_BYTES:
            return _failed(FailureReason.TOO_LARGE)
        return storable(answer)

    async def _recorded(self, asker: Asker, said: str | _Failure, tools: int) -> Ending:
        """Persist the answer, or why there is none; a cancelled run ends as that."""
        run_id, epoch = self.lease.run_id, self.lease.epoch

        async def end(session: PrincipalSession) -> Ending:
            runs = RunService(session, self._parts.clock)
            if isinstance(said, str):
                return await runs.answer(run_id, epoch, said, tools=tools, ms=self._ms())
            return await runs.fail(run_id, epoch, *said)

        return await self._in_session(asker, end)

    async def _erased_if_withdrawn(self, asker: Asker, events: RunEvents) -> None:
        """Leave nothing of what was said for a question that its person has deleted."""
        await events.flushed()

        async def erase(session: PrincipalSession) -> None:
            await RunService(session, self._parts.clock).erase_if_withdrawn(self.lease.run_id)

        await self._in_session(asker, erase)

    async def _in_session(
        self,
        asker: Asker,
        work: Callable[[PrincipalSession], Coroutine[Any, Any, T]],
        *,
        writes: bool = True,
    ) -> T:
        return await self._parts.database.work_for(
            asker.principal, asker.method, work, writes=writes
        )

    def _broken(self, error: BaseException) -> _Failure:
        # Neither the error's text nor its traceback: they may hold what the person said.
        log.error(
            "agent_failed_unexpectedly",
            run_id=self.lease.run_id,
            error_type=type(error).__name__,
        )
        return _failed(FailureReason.INTERNAL_ERROR)

    def _lost(self, _error: BaseException) -> None:
        self.stop(Stop.LOST)

    def _park(self, until: int) -> None:
        self._parked_until = until
        self.stop(Stop.PARKED)

    def _unfinished(self) -> Result:
        if self._stop.done() and self._stop.result() is Stop.PARKED:
            return Result(Left.PARKED, until=self._parked_until)
        if self._stop.done() and self._stop.result() is Stop.RELEASED:
            return Result(Left.UNFINISHED)
        longest = self._parts.limits.longest_pause_seconds
        return Result(Left.UNFINISHED, min(2.0 ** min(self.lease.epoch - 1, 10), longest))

    def _ms(self) -> int:
        return round((self._parts.clock.monotonic() - self.began_at) * 1000)


def _failed(reason: FailureReason) -> _Failure:
    return reason, endings.MESSAGES[reason]
