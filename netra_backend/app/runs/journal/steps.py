"""The steps of one taking of a run: what was done before, and recording what is done now.

Each is recorded in a session of the run's principal that is opened for it, and only while the run
is held under this taking's epoch.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from netra.clock import Clock
from netra.errors import DatabaseUnavailable, InternalError
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.events.writer import LeaseLost
from netra_backend.app.runs.journal.emission import RunClosed, RunEvents, TakenRun
from netra_backend.app.runs.service import Cost, RunService

MAX_STEP_BYTES: Final = 4_194_304
MAX_KEY: Final = 150

log: Final = event_logger("runs")


class RunSteps:
    """What a run need not do again.

    Args:
        database: Where sessions are opened.
        run: Whose steps.
        done: The results of an earlier taking, as JSON by key.
        events: What the run says; it is committed before a step is recorded.
        clock: The records' time.
        lost: Told of an error after which this taking must end.
        cancelled: Told when the run's row says that it is cancelled.
    """

    def __init__(
        self,
        database: Database,
        run: TakenRun,
        done: Mapping[str, str],
        events: RunEvents,
        clock: Clock,
        *,
        lost: Callable[[BaseException], None],
        cancelled: Callable[[], None],
    ) -> None:
        self._database = database
        self._run = run
        self._done = dict(done)
        self._events = events
        self._clock = clock
        self._lost = lost
        self._cancelled = cancelled
        self._recording: set[asyncio.Task[None]] = set()

    def result(self, key: str) -> str | None:
        """Give what a step gave, as JSON, if it was completed before."""
        return self._done.get(key)

    def beginning_with(self, start: str) -> Sequence[str]:
        """Give what steps gave, as JSON, whose keys begin so."""
        return [result for key, result in self._done.items() if key.startswith(start)]

    async def record(self, key: str, result: str, cost: Cost | None = None) -> None:
        """Remember what a step gave.

        What was done is recorded even if whoever waits for it is cancelled meanwhile.

        Raises:
            LeaseLost: Somebody else has the run.
            DatabaseUnavailable: It could not be recorded.
            InternalError: It is too large, or whether it was recorded is not known.
            RunClosed: The run was stopped.
        """
        try:
            self._check(key, result)
        except InternalError:
            if cost is not None:
                self.book(cost)
            raise
        self._done[key] = result
        task = asyncio.create_task(self._recorded(key, result, cost))
        self._recording.add(task)
        task.add_done_callback(self._settled)
        await asyncio.shield(task)

    def book(self, cost: Cost) -> None:
        """Book what was spent on a step that is not recorded, also after the run was stopped.

        Done again by a later taking, the step costs anew and is booked anew.
        """
        task = asyncio.create_task(self._booked(cost))
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)

    async def settled(self) -> None:
        """Wait until what is being recorded or booked is, or has failed."""
        while self._recording:
            await asyncio.wait(tuple(self._recording))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[PrincipalSession]:
        """Open a session of the run's principal for reading.

        Raises:
            RunClosed: The run has ended or was stopped.
            DatabaseUnavailable: The database gave no session.
        """
        if self._events.closed:
            raise RunClosed("nothing more is read in a run that has ended or was stopped")
        try:
            async with self._database.session_for(
                self._run.principal, self._run.method, writes=False
            ) as session:
                yield session
        except DatabaseUnavailable as error:
            # Whoever reads may take it for an answer; the run must not go on from there.
            self._lost(error)
            raise

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[PrincipalSession]:
        """Open a session of the run's principal for changing what it has, while the run is held.

        Raises:
            RunClosed: The run has ended or was stopped.
            LeaseLost: Somebody else has the run; nothing was changed.
            DatabaseUnavailable: The database gave no session.
            InternalError: Whether it was changed is not known.
        """
        run = self._run
        if self._events.closed:
            raise RunClosed("nothing more is changed in a run that has ended or was stopped")
        await self._events.flushed()
        try:
            async with self._database.session_for(run.principal, run.method) as session:
                await self._held(session)
                yield session
        except RunClosed:
            self._cancelled()
            raise
        except (DatabaseUnavailable, InternalError) as error:
            # Whoever changes may take it for an answer; the run must not go on from there.
            self._lost(error)
            raise

    async def _held(self, session: PrincipalSession) -> None:
        run = self._run
        if await RunService(session, self._clock).hold(run.run_id, run.epoch):
            raise RunClosed("nothing more is changed in a run that is to be stopped")

    def _check(self, key: str, result: str) -> None:
        if len(key) > MAX_KEY:
            raise InternalError("the name of a step is too long")
        if len(result) > MAX_STEP_BYTES:
            raise InternalError("the result of a step is too large")
        if self._events.closed:
            raise RunClosed("nothing more is done in a run that has ended or was stopped")

    async def _recorded(self, key: str, result: str, cost: Cost | None) -> None:
        try:
            await self._recorded_while_held(key, result, cost)
        except LeaseLost:
            # Nothing was written, but it was done: the run may be gone with its thread.
            if cost is not None:
                self.book(cost)
            raise

    async def _recorded_while_held(self, key: str, result: str, cost: Cost | None) -> None:
        run = self._run
        await self._events.flushed()

        async def write(session: PrincipalSession) -> bool:
            runs = RunService(session, self._clock)
            return await runs.record_step(run.run_id, run.epoch, key, result, cost)

        if await self._database.work_for(run.principal, run.method, write):
            self._cancelled()

    async def _booked(self, cost: Cost) -> None:
        run = self._run

        async def write(session: PrincipalSession) -> None:
            await RunService(session, self._clock).book(run.run_id, cost)

        try:
            # What cannot be said any more, of a run that is gone, needs not be waited for.
            with suppress(LeaseLost):
                await self._events.flushed()
            await self._database.work_for(run.principal, run.method, write)
        except Exception as error:  # noqa: BLE001 - the run ends as it would without
            log.warning("usage_not_booked", run_id=run.run_id, error_type=type(error).__name__)

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._recording.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._lost(error)
