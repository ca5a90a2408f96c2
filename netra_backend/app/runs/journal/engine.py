"""The engine of runs on the journal: which run is taken when, kept while it lasts, and stopped.

What taking one comes to is decided in `execution`; who may take one, by the leases of `db.leases`.
On standby it takes only what was accepted here, and that is kept for it.
"""

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Any, Final

from netra.clock import Clock
from netra.errors import DatabaseUnavailable, InternalError
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.serving import Standby
from netra.telemetry.current_work import work_for
from netra.telemetry.log_events import event_logger
from netra.wire.chat_protocol import RefusalReason
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.db.leases import Lease, RunLeases
from netra_backend.app.db.presence.port import Presence
from netra_backend.app.db.session import Database
from netra_backend.app.events.writer import EventWriter, LeaseLost
from netra_backend.app.runs.approvals.records import Answer, needed_key
from netra_backend.app.runs.approvals.service import Answered
from netra_backend.app.runs.engine import RunLimits, Standing
from netra_backend.app.runs.journal.emission import RunEvents, TakenRun
from netra_backend.app.runs.journal.execution import Execution, Left, Parts, Result, Stop
from netra_backend.app.runs.journal.waiting import OwnRuns, Waiting
from netra_backend.app.runs.service import Reservation

_MICROSECONDS: Final = 1_000_000
_CLAIMED_AT_ONCE: Final = 500
_IS_OVER: Final = frozenset({Left.ENDED, Left.GONE})

_log: Final = event_logger("runs")


class JournalRunEngine:
    """Carries out runs that are recorded in the journal's database.

    Args:
        database: Where runs, steps and answers are, and who has which run.
        holders: Who lives.
        writer: Commits and publishes events.
        agents: Who can be asked.
        standing: How a person stands; asked before a run goes on without a fresh token.
        clock: The time.
        limits: How much and how long.
        standby: Whether other processes' runs are left alone; by default they never are.
    """

    def __init__(
        self,
        database: Database,
        holders: Presence,
        writer: EventWriter,
        agents: AgentCatalogue,
        standing: Standing,
        clock: Clock,
        limits: RunLimits | None = None,
        standby: Standby | None = None,
    ) -> None:
        self._limits = limits or RunLimits()
        self._standby = standby or Standby(begins=False)
        self._leases = leases = RunLeases(database)
        self._parts = Parts(database, leases, writer, agents, standing, clock, self._limits)
        self._holders = holders
        self._clock = clock
        self._active: dict[str, Execution] = {}
        self._waiting = Waiting()
        self._own = OwnRuns()
        self._claiming: set[str] = set()
        self._to_end: set[str] = set()
        self._serving: set[str] = set()
        self._again: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._is_running = False
        self._trouble: str | None = None

    async def reservation(self) -> Reservation | None:
        """Say for whom a run that is accepted now is kept: on standby for this process."""
        if not self._standby.is_on:
            return None
        return Reservation(await self._holders.name(), self._now() + self._lease_us())

    def begin(self, run_id: str, owner_id: str, thread_id: str) -> None:
        """Take note of a run that was committed: it starts as soon as its owner's turn allows."""
        if self._standby.is_on:
            self._own.accept(run_id)
        self._waiting.add(owner_id, run_id, thread_id)
        self._serve(owner_id)

    def cancelled(self, run_id: str, owner_id: str) -> None:
        """Take note that a run's row says cancelled: it is stopped now."""
        execution = self._active.get(run_id)
        if execution is not None:
            execution.stop(Stop.CANCELLED)
            return
        self._waiting.remove(owner_id, run_id)
        if not self._may_take(run_id):
            return
        # It needs no turn to be ended; if somebody else has it, they will see its row.
        self._to_end.add(run_id)
        self._spawn(self._began(run_id))

    def answered(
        self, answer: Answered, principal: UserPrincipal, method: CredentialMethod
    ) -> None:
        """Take note that a person answered what a run asked: it is said, and the run goes on."""
        self._spawn(self._go_on(answer, principal, method))

    def subjects_ended(self, subjects: Collection[str]) -> None:
        """Take note that all tokens of these people were revoked: their live runs stop."""
        for execution in self._active.values():
            if execution.lease.owner_id in subjects:
                execution.stop(Stop.RELEASED)

    def problem(self) -> str | None:
        """Say why runs are not carried out, or None if they are."""
        return self._trouble if self._is_running else "the engine of runs does not run"

    async def run(self) -> None:
        """Look for runs that nobody works on and keep those that are worked on, for ever.

        Raises:
            InternalError: It runs already.
        """
        if self._is_running:
            raise InternalError("there is one engine of runs, and it runs")
        self._is_running = True
        renewed_at = self._clock.monotonic()
        try:
            while True:
                try:
                    await self._look()
                    if self._clock.monotonic() - renewed_at >= self._limits.renew_seconds:
                        renewed_at = self._clock.monotonic()
                        await self._keep()
                except DatabaseUnavailable as error:
                    self._say(error.reason)
                else:
                    self._say(None)
                await asyncio.sleep(self._limits.look_seconds)
        finally:
            self._is_running = False

    async def aclose(self) -> None:
        """Stop all work so that whoever comes next goes on from the last completed step at once."""
        self._is_closing = True
        for execution in tuple(self._active.values()):
            execution.stop(Stop.RELEASED)
        while self._tasks:
            _done, late = await asyncio.wait(
                tuple(self._tasks), timeout=2 * self._limits.grace_seconds
            )
            for task in late:
                task.cancel()
        await self._holders.release()

    async def _go_on(
        self, answer: Answered, principal: UserPrincipal, method: CredentialMethod
    ) -> None:
        """Say the answer to all windows now, since the run may have to wait for its turn.

        It says so itself when it goes on, unless that is in the journal by then.
        """
        _log.info(
            "approval_answered",
            run_id=answer.run_id,
            user_id=principal.user_id,
            approval_id=answer.approval_id,
            approve=answer.approve,
        )
        run = TakenRun(
            principal, method, answer.run_id, answer.thread_id, answer.agent_name, answer.epoch
        )
        asked = (f"{answer.run_id}:{needed_key(answer.approval_id)}",)
        events = RunEvents(self._parts.writer, run, asked, self._clock, lambda _error: None)
        refusal = None if answer.approve else RefusalReason.REFUSED
        await events.answered(answer.approval_id, Answer(refusal))
        with suppress(LeaseLost):
            await events.flushed()
        self._waiting.put_first(principal.user_id, answer.run_id, answer.thread_id)
        self._serve(principal.user_id)

    async def _look(self) -> None:
        """Take what nobody works on, as far as turns and room allow."""
        room = self._limits.per_process - len(self._active)
        is_on_standby = self._standby.is_on
        if room <= 0 or self._is_closing or (is_on_standby and not self._own):
            return
        others = await self._leases.holders()
        dead = await self._holders.dead(others)
        found = await self._leases.claimable(
            now=self._now(),
            dead_holders=dead,
            limit=min(room, _CLAIMED_AT_ONCE),
            slots=self._limits.per_user,
            taker=await self._holders.name() if self._own.untaken else "",
            among=tuple(self._own) if is_on_standby else None,
        )
        for lease in found:
            if lease.run_id not in self._active and lease.run_id not in self._claiming:
                self._spawn(self._began(lease.run_id, dead_holders=dead))

    async def _keep(self) -> None:
        """Renew the leases; stop what was lost, and what another process was told to stop."""
        held, untaken = dict(self._active), frozenset(self._own.untaken)
        kept = await self._leases.renew(
            (*held, *untaken),
            holder=await self._holders.name(),
            now=self._now(),
            lease_us=self._lease_us(),
        )
        self._own.lost(untaken - kept)
        for run_id, execution in held.items():
            if run_id not in kept:
                execution.stop(Stop.LOST)
            elif await execution.is_cancelled():
                execution.stop(Stop.CANCELLED)

    def _serve(self, owner_id: str) -> None:
        """Let an owner's waiting runs begin, in their order, as far as they may."""
        if owner_id in self._serving:
            self._again.add(owner_id)
        elif not self._is_closing:
            self._serving.add(owner_id)
            self._spawn(self._served(owner_id))

    async def _served(self, owner_id: str) -> None:
        try:
            self._again.add(owner_id)
            while owner_id in self._again:
                self._again.discard(owner_id)
                await self._served_once(owner_id)
        finally:
            self._again.discard(owner_id)
            self._serving.discard(owner_id)

    async def _served_once(self, owner_id: str) -> None:
        for run_id in self._waiting.next_of(owner_id, self._busy_threads(owner_id)):
            running = len(self._busy_threads(owner_id))
            if running >= self._limits.per_user or len(self._active) >= self._limits.per_process:
                return
            if run_id in self._active:
                self._waiting.remove(owner_id, run_id)
                continue
            began = await self._began(run_id)
            # With nothing of the owner's running here, nothing here would say when it may.
            if began or not self._busy_threads(owner_id):
                self._waiting.remove(owner_id, run_id)

    async def _began(self, run_id: str, *, dead_holders: Collection[str] = ()) -> bool:
        """Take a run if it is free and its turn has come; say whether it was."""
        if self._is_closing or run_id in self._claiming or not self._may_take(run_id):
            return False
        self._claiming.add(run_id)
        try:
            lease = None
            if run_id not in self._to_end:
                lease = await self._claimed(run_id, dead_holders, needs_slot=True)
            # Also one that was cancelled while that was under way needs no turn to be ended.
            if lease is None and run_id in self._to_end:
                lease = await self._claimed(run_id, dead_holders, needs_slot=False)
        finally:
            self._claiming.discard(run_id)
            self._to_end.discard(run_id)
        if lease is None:
            return False
        self._own.begun(run_id)
        before = self._active.get(run_id)
        if before is not None or self._is_closing:
            # An execution whose lease ran out is still ending: whoever looks next takes it.
            if before is not None:
                before.stop(Stop.LOST)
            await self._leases.release((run_id,), holder=lease.holder or "")
            return False
        execution = Execution(self._parts, lease)
        self._active[run_id] = execution
        self._spawn(self._executed(execution))
        return True

    async def _claimed(
        self, run_id: str, dead_holders: Collection[str], *, needs_slot: bool
    ) -> Lease | None:
        return await self._leases.claim(
            run_id,
            holder=await self._holders.name(),
            now=self._now(),
            lease_us=self._lease_us(),
            slots=self._limits.per_user,
            needs_slot=needs_slot,
            dead_holders=dead_holders,
        )

    async def _executed(self, execution: Execution) -> None:
        lease = execution.lease
        try:
            result = await execution.carried_out()
            await self._left(lease, result)
            if result.left in _IS_OVER:
                self._own.lost((lease.run_id,))
        finally:
            self._active.pop(lease.run_id, None)
            self._serve(lease.owner_id)
        if result.left is Left.PARKED:
            self._look_again(execution)

    def _look_again(self, execution: Execution) -> None:
        """Take a run that was just put to wait at once, if it was called for meanwhile."""
        lease = execution.lease
        if execution.cancelled_late:
            self.cancelled(lease.run_id, lease.owner_id)
        else:
            self._spawn(self._began(lease.run_id))

    async def _left(self, lease: Lease, result: Result) -> None:
        """Leave a run's lease so that it is taken again when, and only if, it should be."""
        if result.left is Left.GONE:
            await self._leases.drop(lease.run_id)
        elif result.left is Left.PARKED:
            await self._leases.park(lease.run_id, holder=lease.holder or "", until=result.until)
            _log.info("run_waits_for_approval", run_id=lease.run_id, user_id=lease.owner_id)
        elif result.left is Left.UNFINISHED and result.pause:
            until = self._now() + round(result.pause * _MICROSECONDS)
            await self._leases.postpone(lease.run_id, holder=lease.holder or "", until=until)
        elif result.left is Left.UNFINISHED:
            await self._leases.release((lease.run_id,), holder=lease.holder or "")

    def _may_take(self, run_id: str) -> bool:
        return not self._standby.is_on or run_id in self._own

    def _busy_threads(self, owner_id: str) -> Collection[str]:
        """Name the threads of an owner in which a run is running; each has one at most."""
        return {
            execution.lease.thread_id
            for execution in self._active.values()
            if execution.lease.owner_id == owner_id
        }

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(self._watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watched(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            with work_for("an agent's runs"):
                await work
        except DatabaseUnavailable as error:
            # What was to be taken or given back is found again among the leases.
            _log.info("run_engine_waits", reason=error.reason)
        except Exception:  # noqa: BLE001 - one run's fault must not reach the others
            _log.exception("run_engine_failed")

    def _now(self) -> int:
        return int(self._clock.timestamp() * _MICROSECONDS)

    def _lease_us(self) -> int:
        return round(self._limits.lease_seconds * _MICROSECONDS)

    def _say(self, trouble: str | None) -> None:
        """Keep what is wrong for the health report, and log when that changes."""
        before, self._trouble = self._trouble, trouble
        if trouble and not before:
            _log.warning("runs_not_looked_after", reason=trouble)
        elif before and not trouble:
            _log.info("runs_looked_after")
