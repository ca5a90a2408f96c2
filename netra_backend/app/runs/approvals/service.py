"""A person's answers to what runs of theirs ask: each question has one, whoever gives it first.

What follows from an answer is decided by the run itself, in `journal`.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from netra.clock import Clock
from netra.errors import Conflict, NotFound, PermissionDenied
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import Approval, EventName, RefusalReason
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.runs.approvals.records import (
    Answer,
    Ask,
    answer_key,
    answered_key,
    ask_key,
)
from netra_backend.app.runs.approvals.repository import ApprovalRepository, AskingRun
from netra_backend.app.runs.service import RunService

_MICROSECONDS: Final = 1_000_000
_NOT_FOUND: Final = "no such question of this principal"

APPROVED_BEFORE: Final = "This was approved before."
REFUSED_BEFORE: Final = "This was refused before, or not answered in time."
TOO_LATE: Final = "The time to answer this has passed. It counts as refused."
STOPPED: Final = "This is being stopped, so it is not asked any more."


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was answered just now, or before.

    Attributes:
        run_id: The run that asked.
        thread_id: The run's thread.
        agent_name: Who asked.
        approval_id: The question.
        approve: Whether the answer is yes.
        epoch: Under which the run was worked on last.
        duplicate: Whether it had been answered so before; nothing was written.
    """

    run_id: str
    thread_id: str
    agent_name: str
    approval_id: str
    approve: bool
    epoch: int
    duplicate: bool


class ApprovalService:
    """Questions to the session's principal.

    Every method raises `DatabaseUnavailable` when the database does not answer, `NotFound` for a
    run or a question that is unknown or another principal's, one like the other, and
    `PermissionDenied` for a service.
    """

    def __init__(self, session: PrincipalSession, clock: Clock) -> None:
        self._session = session
        self._rows = ApprovalRepository(session)
        self._clock = clock

    async def look(self, said: Approval) -> Answered | None:
        """Give what a person answered before if that is what is said again; None if it is open.

        Raises:
            Conflict: It was answered otherwise, or cannot be answered any more.
        """
        return (await self._found(said))[1]

    async def answer(self, said: Approval) -> Answered:
        """Record an answer and call for the run, so that it goes on at once.

        Raises:
            Conflict: It was answered otherwise, or cannot be answered any more.
        """
        # Held before anything is read: of two answers at once, the second finds the first.
        await self._rows.hold(said.run_id)
        run, before = await self._found(said)
        if before is not None:
            return before
        answer = Answer(None if said.approve else RefusalReason.REFUSED)
        await self._rows.add(
            said.run_id,
            answer_key(said.approval_id),
            msgspec.json.encode(answer).decode(),
            run.epoch or 0,
            self._now(),
        )
        await RunService(self._session, self._clock).call_for(said.run_id)
        return _answered(said, run, duplicate=False)

    async def _found(self, said: Approval) -> tuple[AskingRun, Answered | None]:
        if not isinstance(self._session.principal, UserPrincipal):
            # Also not one that maintains everybody's data: what people are asked is theirs to say.
            raise PermissionDenied("a service answers nothing for a person")
        run = await self._rows.run(said.run_id)
        if run is None:
            raise NotFound(_NOT_FOUND)
        asking, answering = ask_key(said.approval_id), answer_key(said.approval_id)
        steps = await self._rows.steps(said.run_id, asking, answering)
        if answering in steps:
            approved = msgspec.json.decode(steps[answering], type=Answer).approves
            return run, _same(said, run, approved=approved)
        if asking not in steps:
            return run, await self._answered_of_ended(said, run)
        if run.cancelled:
            raise Conflict("the run is cancelled", detail=STOPPED)
        if self._now() >= msgspec.json.decode(steps[asking], type=Ask).until:
            raise Conflict("the question has expired", detail=TOO_LATE)
        return run, None

    async def _answered_of_ended(self, said: Approval, run: AskingRun) -> Answered:
        """Look into the journal what was answered: of a run that has ended no step is kept."""
        name = await self._rows.said(f"{said.run_id}:{answered_key(said.approval_id)}")
        if name is None:
            raise NotFound(_NOT_FOUND)
        return _same(said, run, approved=name is EventName.APPROVAL_GIVEN)

    def _now(self) -> int:
        return int(self._clock.timestamp() * _MICROSECONDS)


def _same(said: Approval, run: AskingRun, *, approved: bool) -> Answered:
    if approved is not said.approve:
        detail = APPROVED_BEFORE if approved else REFUSED_BEFORE
        raise Conflict("the question was answered otherwise", detail=detail)
    return _answered(said, run, duplicate=True)


def _answered(said: Approval, run: AskingRun, *, duplicate: bool) -> Answered:
    return Answered(
        run_id=said.run_id,
        thread_id=run.thread_id,
        agent_name=run.agent_name,
        approval_id=said.approval_id,
        approve=said.approve,
        epoch=run.epoch or 0,
        duplicate=duplicate,
    )
