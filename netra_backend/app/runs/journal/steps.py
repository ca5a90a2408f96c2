"""The steps of one taking of a run: what was done before, and recording what is done now.

Each is recorded in a session of the run's principal that is opened for it, and only while the run
is held under this taking's epoch.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from netra.clock import Clock
from netra.errors import DatabaseUnavailable, InternalError
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.runs.journal.emission import RunClosed, RunEvents, TakenRun
from netra_backend.app.runs.service import Cost, RunService

MAX_STEP_BYTES: Final = 4_194_304
MAX_KEY: Final = 150


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

    async def record(self, key: str, result: str, cost: Cost | None = None) -> None:
        """Remember what a step gave.

        What was done is recorded even if whoever waits for it is cancelled meanwhile.

        Raises:
            LeaseLost: Somebody else has the run.
            DatabaseUnavailable: It could not be recorded.
            InternalError: It is too large, or whether it was recorded is not known.
            RunClosed: The run was stopped.
        """
        if len(key) > MAX_KEY:
            raise InternalError("the name of a step is too long")
        if len(result) > MAX_STEP_BYTES:
            raise InternalError("the result of a step is too large")
        if self._events.closed:
            raise RunClosed("nothing more is done in a run that has ended or was stopped")
        self._done[key] = result
        task = asyncio.create_task(self._recorded(key, result, cost))
        self._recording.add(task)
        task.add_done_callback(self._settled)
        await asyncio.shield(task)

    async def settled(self) -> None:
        """Wait until what is being recorded is recorded, or has failed."""
        if self._recording:
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

    async def _recorded(self, key: str, result: str, cost: Cost | None) -> None:
        run = self._run
        await self._events.flushed()

        async def write(session: PrincipalSession) -> bool:
            runs = RunService(session, self._clock)
            return await runs.record_step(run.run_id, run.epoch, key, result, cost)

        if await self._database.work_for(run.principal, run.method, write):
            self._cancelled()

    def _settled(self, task: asyncio.Task[None]) -> None:
        self._recording.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._lost(error)
