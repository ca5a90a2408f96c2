"""A turn of a conversation: a message and the run that answers it are stored, then the run begins.

What comes of the run is said by its events and not here.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from netra.clock import Clock
from netra.errors import (
    Conflict,
    ContentInvalid,
    DatabaseUnavailable,
    NotFound,
    TooManyRequests,
)
from netra.policy import CredentialMethod
from netra.principal import AuthenticatedPrincipal, UserPrincipal
from netra.wire.chat_protocol import Approval, SendMessage
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.agents.instance_factory import AgentInstanceFactory, for_user
from netra_backend.app.db.outage import CommitUncertain
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.runs.approvals.service import Answered, ApprovalService
from netra_backend.app.runs.engine import RunEngine, RunLimits
from netra_backend.app.runs.principals import recorded
from netra_backend.app.runs.service import RunService, RunView
from netra_backend.app.threads.service import ThreadService
from netra_backend.app.threads.views import MessageView

MAX_DERIVED_TITLE: Final = 60
_UNTITLED: Final = "New conversation"
_RETRY_SECONDS: Final = 5
_STOPPING_SECONDS: Final = 10.0
"""More than another process takes to see that a run is cancelled, and its agent to stop."""
_LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class AcceptedTurn:
    """A message and its run are stored and will not be lost.

    Attributes:
        message_id: What was said.
        run_id: The run that answers it.
        thread_id: Where.
        duplicate: Whether it had been accepted before; nothing new was begun.
    """

    message_id: str
    run_id: str
    thread_id: str
    duplicate: bool


class ChatTurns:
    """Begins and cancels turns, each in a session of its own.

    Args:
        database: Where messages and runs are.
        engine: Carries out the runs.
        agents: Who can be asked.
        clock: The time.
        limits: How many may be unfinished.
    """

    def __init__(
        self,
        database: Database,
        engine: RunEngine,
        agents: AgentCatalogue,
        clock: Clock,
        limits: RunLimits | None = None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._agents = agents
        self._clock = clock
        self._limits = limits or RunLimits()

    async def begin(
        self, principal: UserPrincipal, method: CredentialMethod, message: SendMessage
    ) -> AcceptedTurn:
        """Store what a person said and begin the run that answers it.

        The same `client_id` again gives the same turn, also when both come at once.

        Raises:
            PermissionDenied: The person may not run agents by this credential.
            NotFound: There is no such thread of theirs, or no such agent.
            Conflict: Another message was sent with the same `client_id`.
            ContentInvalid: The text holds what cannot be stored.
            TooManyRequests: Too many of their runs have not ended.
            DatabaseUnavailable: The database did not answer. The same may be said again.
        """
        agents = for_user(self._agents, principal, method)
        if "\x00" in message.text:
            raise ContentInvalid("a NUL in a text", detail="The text must not contain U+0000.")
        try:
            with _can_be_said_again():
                turn = await self._stored(principal, method, message, agents)
        except (Conflict, NotFound, TooManyRequests):
            # Said before, it is the same turn, whatever has become of the agent or its line since.
            before = await self._before(principal, method, message)
            if before is None:
                raise
            return before
        self._engine.begin(turn.run_id, principal.user_id, turn.thread_id)
        return turn

    async def cancel(self, principal: UserPrincipal, method: CredentialMethod, run_id: str) -> None:
        """Stop a run; one that has ended stays as it ended.

        Raises:
            NotFound: There is no such run of theirs.
            DatabaseUnavailable: The database did not answer.
        """

        async def find(session: PrincipalSession) -> bool:
            return await RunService(session, self._clock).is_unfinished(run_id)

        async def cancel(session: PrincipalSession) -> bool:
            return await RunService(session, self._clock).cancel(run_id)

        # Looked at first: what cannot be cancelled must not keep others from writing.
        if not await self._database.work_for(principal, method, find, writes=False):
            return
        with _can_be_said_again():
            is_cancelled = await self._database.work_for(principal, method, cancel)
        if is_cancelled:
            self._engine.cancelled(run_id, principal.user_id)

    async def answer(
        self, principal: UserPrincipal, method: CredentialMethod, said: Approval
    ) -> Answered:
        """Store a person's answer to what a run of theirs asks, and let the run go on.

        The same answer again changes nothing.

        Raises:
            PermissionDenied: The person may not run agents by this credential.
            NotFound: There is no such run of theirs, or it asked no such thing.
            Conflict: It was answered otherwise, or cannot be answered any more.
            DatabaseUnavailable: The database did not answer. The same may be said again.
        """
        for_user(self._agents, principal, method)

        async def look(session: PrincipalSession) -> Answered | None:
            return await ApprovalService(session, self._clock).look(said)

        async def answer(session: PrincipalSession) -> Answered:
            return await ApprovalService(session, self._clock).answer(said)

        # Looked at first: what cannot be answered must not keep others from writing.
        before = await self._database.work_for(principal, method, look, writes=False)
        if before is not None:
            return before
        with _can_be_said_again():
            answered = await self._database.work_for(principal, method, answer)
        if not answered.duplicate:
            self._engine.answered(answered, principal, method)
        return answered

    async def withdraw(
        self,
        principal: AuthenticatedPrincipal,
        method: CredentialMethod | None,
        thread_id: str,
        message_id: str,
    ) -> None:
        """Delete a message and what its run said; a run that is to answer it is stopped.

        Raises:
            NotFound: There is no such message of theirs in this thread.
            Conflict: An answer of this thread is just being written.
            DatabaseUnavailable: The database did not answer.
        """

        async def delete(session: PrincipalSession) -> Sequence[str]:
            _refuse_what_no_row_has(thread_id, message_id)
            stopped = await RunService(session, self._clock).withdraw(thread_id, message_id)
            await session.flush()
            await ThreadService(session, self._clock).delete_message(thread_id, message_id)
            return stopped

        for run_id in await self._database.work_for(principal, method, delete):
            self._engine.cancelled(run_id, str(principal))

    async def delete_thread(
        self,
        principal: AuthenticatedPrincipal,
        method: CredentialMethod | None,
        thread_id: str,
    ) -> None:
        """Delete a thread; what runs in it is stopped before, so that every run says its end.

        Raises:
            NotFound: There is no such thread of theirs.
            Conflict: A run of it did not stop in time; nothing was deleted.
            DatabaseUnavailable: The database did not answer.
        """

        async def stop(session: PrincipalSession) -> Sequence[str]:
            return await RunService(session, self._clock).stop_thread(thread_id)

        async def goes_on(session: PrincipalSession) -> bool:
            return await RunService(session, self._clock).is_thread_busy(thread_id)

        _refuse_what_no_row_has(thread_id)
        now = asyncio.get_running_loop().time
        deadline = now() + _STOPPING_SECONDS
        while not await self._deleted(principal, method, thread_id):
            for run_id in await self._database.work_for(principal, method, stop):
                self._engine.cancelled(run_id, str(principal))
            while await self._database.work_for(principal, method, goes_on, writes=False):
                if now() > deadline:
                    raise Conflict(
                        "a run of the thread does not stop",
                        detail="An answer in this conversation is just being stopped. Try again.",
                    )
                # Looked for in the store: another process may be the one that stops it.
                await asyncio.sleep(_LOOK_SECONDS)

    async def _deleted(
        self,
        principal: AuthenticatedPrincipal,
        method: CredentialMethod | None,
        thread_id: str,
    ) -> bool:
        """Delete a thread unless a run of it has not ended."""

        async def delete(session: PrincipalSession) -> bool:
            threads = ThreadService(session, self._clock)
            # Held first: nobody begins a run in it between the look and the deletion.
            await threads.hold_thread(thread_id)
            if await RunService(session, self._clock).is_thread_busy(thread_id):
                return False
            await threads.delete_thread(thread_id)
            return True

        return await self._database.work_for(principal, method, delete)

    async def _stored(
        self,
        principal: UserPrincipal,
        method: CredentialMethod,
        message: SendMessage,
        agents: AgentInstanceFactory,
    ) -> AcceptedTurn:
        reserved = await self._engine.reservation()

        async def store(session: PrincipalSession) -> AcceptedTurn:
            runs = RunService(session, self._clock)
            agent_name = agents.chosen(message.agent)
            if await runs.count_unfinished() >= self._limits.unfinished_per_user:
                raise TooManyRequests("too many unfinished runs", retry_after=_RETRY_SECONDS)
            said = await self._said(session, message)
            run = await runs.accept(
                thread_id=said.thread_id,
                message_id=said.id,
                client_id=message.client_id,
                agent_name=agent_name,
                principal=recorded(principal, method),
                reserved=reserved,
            )
            return _accepted(run, duplicate=False)

        return await self._database.work_for(principal, method, store)

    async def _said(self, session: PrincipalSession, message: SendMessage) -> MessageView:
        threads = ThreadService(session, self._clock)
        if message.thread_id is None:
            return await threads.begin_thread(title_of(message.text), message.text)
        return await threads.post_message(message.thread_id, message.text)

    async def _before(
        self, principal: UserPrincipal, method: CredentialMethod, message: SendMessage
    ) -> AcceptedTurn | None:
        """Find the turn that was begun by this message when it was sent before.

        Raises:
            Conflict: Another message was sent with its id: to call this one a repetition would
                lose it.
        """

        async def find(session: PrincipalSession) -> tuple[RunView, str] | None:
            runs = RunService(session, self._clock)
            run = await runs.of_client(message.client_id)
            stored = None if run is None else await runs.load(run.run_id, resumed=False)
            return None if run is None or stored is None else (run, stored.question)

        found = await self._database.work_for(principal, method, find, writes=False)
        if found is None:
            return None
        run, question = found
        is_elsewhere = message.thread_id not in {None, run.thread_id}
        if is_elsewhere or (question and question != message.text):
            raise Conflict(
                "one client_id for two messages",
                detail="Another message was sent with this client_id.",
            )
        return _accepted(run, duplicate=True)


def title_of(text: str) -> str:
    """Make a thread's title of what was said first: its first line, cut at a word."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), _UNTITLED)
    line = " ".join(line.split())
    if len(line) <= MAX_DERIVED_TITLE:
        return line
    cut = line[: MAX_DERIVED_TITLE - 1]
    whole, space, _rest = cut.rpartition(" ")
    return f"{(whole if space and not line[len(cut)].isspace() else cut).rstrip()}…"


@contextmanager
def _can_be_said_again() -> Iterator[None]:
    """Have whoever does not learn whether it was stored say it again: twice is once."""
    try:
        yield
    except CommitUncertain as error:
        raise DatabaseUnavailable(error.reason) from error


def _accepted(run: RunView, *, duplicate: bool) -> AcceptedTurn:
    return AcceptedTurn(
        message_id=run.message_id,
        run_id=run.run_id,
        thread_id=run.thread_id,
        duplicate=duplicate,
    )


def _refuse_what_no_row_has(*row_ids: str) -> None:
    """Answer for an id with U+0000: PostgreSQL has no such text, and would not look for it."""
    if any("\x00" in row_id for row_id in row_ids):
        raise NotFound("no row has such an id")
