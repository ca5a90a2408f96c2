"""Whatever people answer, stop or wait for, and whatever dies: one answer holds, acted on once."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.approvals import (
    ANSWERED,
    GIVEN,
    NEEDED,
    Careful,
    answer,
    is_parked,
    question_of,
)
from fakes.clock import ManualClock
from fakes.run_engines import SUBPROTOCOL, Journal, RunningEngine, person, running_engine
from fakes.running_backend import migrated
from fakes.timing import UNIT, eventually
from netra.errors import Conflict, NotFound
from netra.wire.chat_protocol import FailureReason

DAY = 86_400.0

steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.booleans()),
        st.tuples(st.just("say_together"), st.lists(st.booleans(), min_size=2, max_size=4)),
        st.tuples(st.sampled_from(("meddle", "stop", "restart", "crash"))),
        st.tuples(st.just("wait"), st.sampled_from((1.0, DAY / 2, DAY))),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """Give one event loop to all examples."""
    with asyncio.Runner() as runner:
        yield runner


@settings(max_examples=25)
@given(example=steps)
def test_one_answer_holds_and_is_acted_on_once(
    loop: asyncio.Runner, example: list[tuple[Any, ...]]
) -> None:
    """The first of yes, no, a day's silence and a stop decides; later words change nothing."""
    with tempfile.TemporaryDirectory() as folder:
        loop.run(Story(Path(folder) / "netra-backend.db").play(example))


class Story:
    """One run that asks, what is done to it, and what should come of that.

    Attributes:
        outcome: What decided: `yes`, `no`, `expired` or `stopped`; None while nothing has.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self.journal = Journal(store)
        self.clock = ManualClock()
        self.careful = Careful()
        self.outcome: str | None = None
        self.asked_at = self.clock.timestamp()
        self.processes = AsyncExitStack()
        self.running: RunningEngine

    async def play(self, example: list[tuple[Any, ...]]) -> None:
        """Do every step, then see to an end and look at all that was said and done."""
        await migrated(self.store)
        await self._begin()
        self.turn = await self.running.ask("letters")
        await eventually(lambda: is_parked(self.journal, self.turn.run_id), within=10 * UNIT)
        for what, *arguments in example:
            await getattr(self, what)(*arguments)
        if self.outcome is None:
            await self.say(True)
        await self.journal.ended(self.turn.run_id)
        await self.processes.aclose()
        self._check()

    async def _begin(self) -> None:
        engine = running_engine(self.store, self.careful.agents, clock=self.clock)
        self.running = await self.processes.enter_async_context(engine)

    def _check(self) -> None:
        self.journal.check()
        names = self.journal.names(self.turn.run_id)
        end = self.journal.end(self.turn.run_id)
        assert end is not None
        assert names.count(NEEDED) == 1
        assert sum(name in ANSWERED for name in names) == 1
        if self.outcome == "yes":
            # It may be done twice where a process died in it; stopped after the yes, not at all.
            assert GIVEN in names
            assert set(self.careful.used) <= {"letters"}
        else:
            assert GIVEN not in names
            assert self.careful.used == []
        expected = {"stopped": FailureReason.CANCELLED}.get(self.outcome or "")
        if expected is not None:
            assert end["reason"] == expected

    async def say(self, approve: bool) -> None:  # noqa: FBT001 - drawn by position
        """Answer, and compare what comes of it with what was decided before."""
        await self.say_together([approve])

    async def say_together(self, answers: list[bool]) -> None:
        """Answer from several windows at once."""
        question = question_of(self.journal, self.turn.run_id)
        assert question is not None
        before = self._decided()
        given = await asyncio.gather(
            *(answer(self.running, question, approve=approve) for approve in answers),
            return_exceptions=True,
        )
        taken = [
            approve
            for approve, one in zip(answers, given, strict=True)
            if not isinstance(one, BaseException)
        ]
        assert all(isinstance(one, Conflict) for one in given if isinstance(one, BaseException))
        new = [one for one in given if not isinstance(one, BaseException) and not one.duplicate]
        if before is None:
            assert len(new) == 1
            self.outcome = "yes" if new[0].approve else "no"
        else:
            assert new == []
        assert set(taken) <= {self.outcome == "yes"}

    def _decided(self) -> str | None:
        if self.outcome is None and self.clock.timestamp() >= self.asked_at + DAY:
            self.outcome = "expired"
        return self.outcome

    async def meddle(self) -> None:
        """Somebody else answers."""
        question = question_of(self.journal, self.turn.run_id)
        assert question is not None
        with pytest.raises(NotFound):
            await answer(self.running, question, who=person("berta"))

    async def stop(self) -> None:
        """Stop the run, which may have gone on or ended."""
        is_first = self._decided() is None
        await self.running.chat.cancel(person(), SUBPROTOCOL, self.turn.run_id)
        if is_first:
            self.outcome = "stopped"

    async def restart(self) -> None:
        """Stop the process and begin another."""
        await self.processes.aclose()
        await self._begin()

    async def crash(self) -> None:
        """Begin another process while the first, known to be dead, is still about."""
        self.running.crash()
        await self._begin()

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self._decided()
