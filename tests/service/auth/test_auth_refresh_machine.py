"""A family of refresh tokens under any order of uses, retries, thefts and waits.

The machine runs the real grant on a real store and compares it with what the rules say.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from fakes.clock import ManualClock
from fakes.relying_party import SCOPES, RelyingParty, relying_party
from fakes.running_auth import Person, RunningAuth, running_auth_service
from netra.ids import random_token, row_id
from netra_auth.grants.families import new_family
from netra_auth.grants.refresh_token import RETRY_SECONDS
from netra_auth.identities.sessions import ABSOLUTE_SECONDS
from netra_auth.store.repositories import sessions
from netra_auth.store.repositories.sessions import SessionRow
from netra_auth.store.tables import refresh_tokens

T = TypeVar("T")
_SETTINGS = settings(
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class Family(RuleBasedStateMachine):
    """One family: `chain` is every token ever given, `spent_at` when each was first used."""

    auth: RunningAuth
    clock: ManualClock
    runner: asyncio.Runner
    person: Person
    shop: RelyingParty

    def done(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self.runner.run(coroutine)

    @initialize()
    def begin(self) -> None:
        """Begin a family with one token, and with no refusals counted."""
        self.clock.advance(15 * 60)
        self.chain = [self.done(self._first())]
        self.spent_at: list[float] = []
        self.ended = False

    @rule(data=st.data(), together=st.integers(1, 3))
    def present(self, data: st.DataObject, together: int) -> None:
        """Present any token ever given, up to three times at once."""
        index = data.draw(st.integers(0, len(self.chain) - 1))
        outcomes = self.done(self._presented(self.chain[index], together))
        if self.ended or self._is_theft(index):
            self.ended = True
            assert outcomes == [None] * together
            return
        if index == len(self.spent_at):
            self.spent_at.append(self.clock.timestamp())
            assert outcomes[0] is not None
            assert outcomes[0] not in self.chain
            self.chain.append(outcomes[0])
        assert outcomes == [self.chain[index + 1]] * together

    @rule(seconds=st.sampled_from([0.5, 4.0, 9.75, RETRY_SECONDS, 60.0]))
    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    @precondition(lambda self: not self.ended)
    @rule()
    def present_a_guess(self) -> None:
        """A text that was never given gives nothing, and ends nothing."""
        assert self.done(self._presented(self.chain[-1] + "x", 1)) == [None]

    @invariant()
    def at_most_one_token_is_unspent(self) -> None:
        """There is one leaf while the family lives, and none after it ended (checklist 35)."""
        if hasattr(self, "chain"):
            assert self.done(self._leaves()) == (0 if self.ended else 1)

    def _is_theft(self, index: int) -> bool:
        if index >= len(self.spent_at):
            return False
        was_followed = index + 1 < len(self.spent_at)
        return was_followed or self.clock.timestamp() - self.spent_at[index] >= RETRY_SECONDS

    async def _first(self) -> str:
        state, now, self.family_id = self.auth.state, self.clock.timestamp(), new_family()
        row = SessionRow(
            session_id=row_id("ses"),
            cookie_hash=random_token(),
            user_id=self.person.user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE_SECONDS,
            authenticated_at=now,
        )
        client = await state.user_clients.find(self.shop.client_id)
        assert client is not None
        async with state.database.transaction() as transaction:
            await sessions.add(transaction.connection, row)
            session = await state.sessions.behind(transaction, row.session_id)
            assert session is not None
            return await state.refresh_tokens.first(
                transaction, session, client, SCOPES, self.family_id
            )

    async def _presented(self, token: str, times: int) -> list[str | None]:
        answers = await asyncio.gather(*(self.shop.refreshed(token) for _ in range(times)))
        for answer in answers:
            assert answer.status_code == 200 or answer.json()["error"] == "invalid_grant"
        return [answer.json().get("refresh_token") for answer in answers]

    async def _leaves(self) -> int:
        async with self.auth.state.database.reading() as connection:
            unspent = (
                select(func.count())
                .select_from(refresh_tokens)
                .where(
                    refresh_tokens.c.family_id == self.family_id,
                    refresh_tokens.c.spent_at.is_(None),
                )
            )
            found: int = (await connection.execute(unspent)).scalar_one()
        return found


def test_a_family_has_one_leaf_and_never_forks(tmp_path: Path) -> None:
    """In whatever order its tokens come back, a family never has two heirs (checklist 35)."""
    clock = ManualClock()
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        # The clock stands still while thousands of tokens are presented.
        service = running_auth_service(
            tmp_path, clock=clock, overrides={"REQUEST_LIMIT_FACTOR": "100"}
        )
        auth = runner.run(stack.enter_async_context(service))
        try:

            class ThisFamily(Family):
                pass

            ThisFamily.auth, ThisFamily.clock, ThisFamily.runner = auth, clock, runner
            ThisFamily.person = runner.run(auth.registered_person())
            ThisFamily.shop = runner.run(relying_party(auth))
            run_state_machine_as_test(ThisFamily, settings=_SETTINGS)
        finally:
            runner.run(stack.aclose())
