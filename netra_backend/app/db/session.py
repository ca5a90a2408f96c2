"""Sessions: one for one principal and one piece of work, committed once, never shared.

`sessions.service_session` is how the service's own work gets one. What a session's statements may
reach is fenced in `fence`.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Delete, ScalarResult, Select, Update
from sqlalchemy import Row as ResultRow
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from netra.clock import Clock, SystemClock
from netra.errors import (
    Conflict,
    DatabaseBusy,
    DatabaseUnavailable,
    InternalError,
    PermissionDenied,
)
from netra.ids import row_id
from netra.policy import CredentialMethod, Denied, Permission, decide
from netra.principal import (
    AuthenticatedPrincipal,
    UserPrincipal,
)
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.engine import WRITES, Transactions, closed, connected
from netra_backend.app.db.isolation.admission import (
    ADMISSION,
    Admission,
    Duty,
    admission_of,
    may_maintain,
)
from netra_backend.app.db.isolation.constants import Constant
from netra_backend.app.db.isolation.fence import Fence, FencedSession, put_in, run_constant
from netra_backend.app.db.isolation.in_thread import SessionInThread, whole
from netra_backend.app.db.isolation.journal_transaction import JournalTransaction
from netra_backend.app.db.outage import outage_translated
from netra_backend.app.db.schema_version import stored_schema
from netra_backend.app.db.sessions.course import begun, commit, left
from netra_backend.app.db.sessions.life import Ending, SessionLife
from netra_backend.app.db.tables import Owned

_PING_SECONDS: Final = 1.0
_WRITE_TURN_SECONDS: Final = 5.0
_AT_ONCE: Final = nullcontext()

T = TypeVar("T")
Row = TypeVar("Row", bound=Owned)

_log = event_logger("db")


class PrincipalSession:
    """A database session that belongs to one principal and ends with the work it was opened for.

    Every method raises `DatabaseUnavailable` when the database does not answer, `FenceCrossed`
    when a statement reaches beyond the principal's rows or cannot be judged, and `InternalError`
    once the session has ended.
    """

    def __init__(
        self, session: AsyncSession | SessionInThread, principal: AuthenticatedPrincipal
    ) -> None:
        self._session: AsyncSession | SessionInThread | None = session
        self._principal = principal

    @property
    def principal(self) -> AuthenticatedPrincipal:
        """Whose session this is."""
        return self._principal

    @property
    def owner_id(self) -> str:
        """The owner of the rows this session makes.

        Raises:
            PermissionDenied: The principal is a service: it owns no rows.
        """
        if not isinstance(self._principal, UserPrincipal):
            raise PermissionDenied("a service owns no rows")
        return self._principal.user_id

    async def execute(self, statement: Update | Delete) -> None:
        """Run one update or delete over mapped classes within the principal's rows."""
        with outage_translated():
            await self._open.execute(statement)

    async def scalars(self, statement: Select[T]) -> ScalarResult[T]:
        """Run one select and give the first column of its rows."""
        with outage_translated():
            return await self._open.scalars(statement)

    async def scalar(self, statement: Select[T]) -> T | None:
        """Run one select and give the first column of its first row, or None."""
        return (await self.scalars(statement)).first()

    async def run_constant(
        self, statement: Constant, parameters: Mapping[str, Any]
    ) -> Sequence[ResultRow[*tuple[Any, ...]]]:
        """Run a statement that is made once, with the parameters it names; give its rows.

        It is much cheaper than one made anew: the fence judges it once, and puts the owner in each
        time. Objects that were loaded do not learn of a change.

        Raises:
            Conflict: A constraint of the database refuses it.
        """
        with _refusal_translated(), outage_translated():
            return await self._open.run_sync(run_constant, statement, parameters)

    async def put_in(self, entity: type[Owned], values: Mapping[str, Any]) -> None:
        """Write a new row of this principal at once: every column but the owner's, by name.

        Raises:
            Conflict: A constraint of the database refuses it.
        """
        with _refusal_translated(), outage_translated():
            await self._open.run_sync(put_in, entity, values)

    async def get(self, entity: type[Row], row_id: str) -> Row | None:
        """Find a row of this principal by its id, or None: foreign and unknown are alike."""
        if "\x00" in row_id:
            return None  # No row has such an id, and PostgreSQL would refuse to look for it.
        with outage_translated():
            return await self._open.get(entity, row_id)

    def add(self, row: Owned) -> None:
        """Put a new row in; it is checked and written at the next flush."""
        self._open.add(row)

    async def flush(self) -> None:
        """Write what is pending.

        Raises:
            Conflict: A constraint of the database refuses it.
        """
        with _refusal_translated(), outage_translated():
            await self._open.flush()

    @property
    def _open(self) -> AsyncSession | SessionInThread:
        if self._session is None:
            raise InternalError("the session has ended with the work it was opened for")
        return self._session

    def _end(self) -> None:
        self._session = None


class Database:
    """The store: gives sessions to principals and says whether it answers."""

    def __init__(self, engine: AsyncEngine, clock: Clock | None = None) -> None:
        self.origin = row_id("prc")
        """What tells this process's notifications from others'."""
        self.life = SessionLife(clock or SystemClock())
        """How its sessions began and ended."""
        self._engine = engine
        self._transactions = Transactions(engine)
        # SQLite has one writer at a time and lets the others poll; here they wait in order.
        self._write_turn = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    def session_for(
        self,
        principal: AuthenticatedPrincipal,
        method: CredentialMethod | None,
        *,
        writes: bool = True,
    ) -> AbstractAsyncContextManager[PrincipalSession]:
        """Open a session for a principal; commit when the block ends, roll back if it raises.

        Args:
            principal: Who was verified.
            method: How the credential came; the policy depends on it.
            writes: Whether the work is going to write. On SQLite only one such session is open at
                a time, so none may be opened within another.

        Raises:
            PermissionDenied: The principal may not open sessions.
            DatabaseUnavailable: The database gave no session; nothing was written.
            InternalError: The commit failed; whether it took effect is not known.
        """
        _admit(principal, method)
        return self._opened(principal, method, writes=writes)

    @asynccontextmanager
    async def _opened(
        self,
        principal: AuthenticatedPrincipal,
        method: CredentialMethod | None,
        *,
        writes: bool,
    ) -> AsyncIterator[PrincipalSession]:
        options = {WRITES: writes, ADMISSION: admission_of(principal, method)}
        with self.life.booked(principal) as booked:
            async with self._turn(writes=writes):
                session = AsyncSession(
                    self._engine, sync_session_class=FencedSession, expire_on_commit=False
                )
                try:
                    _put_up_fence(session, principal, method, writes=writes)
                    with outage_translated():
                        await connected(self._engine, session.run_sync(begun, options))
                    booked.ending = Ending.ROLLED_BACK
                    scoped = PrincipalSession(session, principal)
                    try:
                        yield scoped
                        if session.new or session.dirty or session.deleted:
                            await scoped.flush()
                        booked.ending = Ending.UNKNOWN
                        await commit(session)
                        booked.ending = Ending.COMMITTED
                    finally:
                        scoped._end()  # noqa: SLF001 - only the one who opened a session ends it
                finally:
                    await left(session)

    async def work_for(
        self,
        principal: AuthenticatedPrincipal,
        method: CredentialMethod | None,
        work: Callable[[PrincipalSession], Coroutine[Any, Any, T]],
        *,
        writes: bool = True,
    ) -> T:
        """Do a piece of work in a session for a principal, as `session_for` gives; commit it.

        On SQLite it is done whole in a thread: a fraction of the time, for work that awaits nothing
        but its session and gives no row of it. Work that was begun goes on to its end even if
        whoever waits for it is cancelled.

        Raises:
            PermissionDenied: The principal may not open sessions.
            DatabaseUnavailable: The database gave no session; nothing was written.
            InternalError: The commit failed, and whether it took effect is not known; or the work
                awaited something else.
        """
        _admit(principal, method)
        if not self._transactions.are_in_thread:
            async with self.session_for(principal, method, writes=writes) as session:
                return await work(session)

        async def fenced(session: SessionInThread) -> T:
            booked.ending = Ending.ROLLED_BACK
            _put_up_fence(session, principal, method, writes=writes)
            scoped = PrincipalSession(session, principal)
            try:
                result = await work(scoped)
                await scoped.flush()
            finally:
                scoped._end()  # noqa: SLF001 - only the one who opened a session ends it
            booked.ending = Ending.UNKNOWN
            return result

        with self.life.booked(principal) as booked:
            async with self._turn(writes=writes):
                try:
                    with outage_translated():
                        result = await self._transactions.run(
                            partial(whole, work=fenced),
                            admission_of(principal, method),
                            writes=writes,
                        )
                except asyncio.CancelledError:
                    booked.ending = Ending.UNKNOWN
                    raise
            booked.ending = Ending.COMMITTED
            return result

    async def journal_transaction(self, work: Callable[[JournalTransaction], T]) -> T:
        """Run one transaction over journals; only the event writer does (a test holds that).

        Raises:
            DatabaseUnavailable: The database did not answer; nothing was written.
            InternalError: The commit failed; whether it took effect is not known.
        """
        return await self.beneath_the_fence(
            lambda c: work(JournalTransaction(c, self.origin)), writes=True
        )

    async def beneath_the_fence(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        """Run one transaction that no fence guards, of fixed statements.

        Only `leases` and `journal_transaction` do (a test holds that). On SQLite one that writes
        takes its turn among the sessions that write, so none may be open in the same task.

        Raises:
            DatabaseUnavailable: The database did not answer; nothing was written.
            InternalError: The commit failed; whether it took effect is not known.
        """
        async with self._turn(writes=writes):
            with outage_translated():
                return await self._transactions.run(work, Admission(duty=Duty.RUNS), writes=writes)

    async def ping(self) -> None:
        """Ask the database for its schema version, for at most a second.

        Raises:
            DatabaseUnavailable: It did not answer, or holds no schema.
        """
        try:
            async with asyncio.timeout(_PING_SECONDS):
                schema = await stored_schema(self._engine)
        except TimeoutError as error:
            raise DatabaseUnavailable("the database did not answer in time") from error
        if schema.version is None:
            raise DatabaseUnavailable("the database holds no schema")

    async def aclose(self) -> None:
        """Close every connection; those in use are given two seconds to be given back."""
        await self._transactions.aclose()
        await closed(self._engine)

    def _turn(self, *, writes: bool) -> AbstractAsyncContextManager[None]:
        return _AT_ONCE if self._write_turn is None or not writes else _turn_of(self._write_turn)


@asynccontextmanager
async def _turn_of(writers: asyncio.Lock) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_WRITE_TURN_SECONDS):
            await writers.acquire()
    except TimeoutError as error:
        raise DatabaseBusy("another write did not end in time") from error
    try:
        yield
    finally:
        writers.release()


@contextmanager
def _refusal_translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict("a constraint refused the write") from error


def _admit(principal: AuthenticatedPrincipal, method: CredentialMethod | None) -> None:
    decision = decide(principal, Permission.SESSIONS_OPEN, method)
    if isinstance(decision, Denied):
        raise PermissionDenied(decision.reason)


def _put_up_fence(
    session: AsyncSession | SessionInThread,
    principal: AuthenticatedPrincipal,
    method: CredentialMethod | None,
    *,
    writes: bool,
) -> None:
    if isinstance(principal, UserPrincipal):
        fence = Fence(principal.user_id, writes=writes)
    else:
        fence = Fence(None, every_owner=may_maintain(principal, method), writes=writes)
    fenced = session.sync_session
    if not isinstance(fenced, FencedSession):
        raise InternalError("a session without a fence was about to be opened")
    fenced.put_up(fence)
