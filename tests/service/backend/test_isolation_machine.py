"""Isolation under any order of what many users, a service and a maintainer do side by side.

Hypothesis writes the programs: sessions that are held open and interleaved over pools of one to
three connections, reads and writes of every kind, attacks, failures and cancellations. After each
step what was read is compared with a model, and again and again the whole store is.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from secrets import randbelow
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from fakes.crowd import EVERYBODY, KINDS, Crowd, Step
from fakes.owned_rows import Leak, Loss
from fakes.running_backend import migrated
from fakes.stores import Plain, is_sqlite, plain, store_url
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.session import Database

_POOLS: Final = (1, 2, 3)
_IS_SOAK: Final = 1000
"""From how many examples on a profile means a soak."""

_STEPS: Final = {False: 50_000, True: 1_000_000}
"""How many steps must be taken on each kind of store, by whether it is a soak."""

_RULES: Final = 60
_AT_ONCE: Final = 40
_EXAMPLES: Final = 15
"""How many programs of up to so many rules, each of up to so many steps, one seed gives."""

_SOON: Final = 15_000
"""Within how many steps a fault that was put in must be noticed."""

_PICKS: Final = 2 * 3 * 4 * 5 * 7

_STEP: Final = st.builds(
    Step,
    st.sampled_from([*KINDS, "add", "add", "open", "open"]),
    st.integers(0, len(EVERYBODY) - 1),
    st.integers(0, _PICKS - 1),
)

_SETTINGS: Final = settings(
    max_examples=_EXAMPLES,
    stateful_step_count=_RULES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Isolation(RuleBasedStateMachine):
    """A crowd at an empty store, and the store read past everything."""

    store: Path
    databases: dict[int, Database]
    runner: asyncio.Runner
    plain: Plain
    taken: Counter[str]

    @initialize(pool_size=st.sampled_from(_POOLS))
    def begin(self, pool_size: int) -> None:
        """Begin with an empty store and a pool of some size."""
        with plain(self.store) as connection:
            for table in ("messages", "threads", "model_usage", "events", "journal_heads"):
                connection.execute(f"DELETE FROM t_{table}")  # noqa: S608 - a name of ours
        self.crowd = Crowd(
            self.databases[pool_size], pool_size, is_postgres=not is_sqlite(self.store)
        )

    @rule(steps=st.lists(_STEP, min_size=1, max_size=_AT_ONCE))
    def take(self, steps: list[Step]) -> None:
        """Take some steps, and look at the whole store."""
        self.runner.run(self._taken(steps))
        self.crowd.look(self.plain)

    def teardown(self) -> None:
        """Count what was done, and leave nothing open."""
        if hasattr(self, "crowd"):
            self.taken.update(self.crowd.done)
            self.runner.run(self.crowd.leave())
            self.crowd.done.clear()

    async def _taken(self, steps: list[Step]) -> None:
        for step in steps:
            await self.crowd.take(step)


@contextmanager
def machine(store: Path, fault: str = "") -> Iterator[type[Isolation]]:
    """Give the machine at a store, whose isolation may have a fault."""
    with asyncio.Runner() as runner, ExitStack() as stack:
        runner.run(migrated(store))
        opened = {
            size: Database(open_engine(Secret(store_url(store)), pool_size=size)) for size in _POOLS
        }
        if fault:
            _put_in(store, fault, opened.values())
        for database in opened.values():
            stack.callback(_close, runner, database)

        class AtStore(Isolation):
            pass

        AtStore.store, AtStore.databases, AtStore.runner = store, opened, runner
        AtStore.plain, AtStore.taken = stack.enter_context(plain(store)), Counter()
        yield AtStore


def _close(runner: asyncio.Runner, database: Database) -> None:
    runner.run(database.aclose())


def _put_in(store: Path, fault: str, opened: Iterable[Database]) -> None:
    if not is_sqlite(store):
        with plain(store) as connection:
            connection.execute(fault)
        return
    name, value = fault.split()

    def replace(connection: Any, _record: Any) -> None:
        connection.create_function(name, 0, lambda: value)

    for database in opened:
        event.listen(database._engine.sync_engine, "connect", replace)


def noticed(store: Path, fault: str) -> int:
    """Give after how many steps the machine noticed a fault.

    Raises:
        AssertionError: It did not.
    """
    with machine(store, fault) as isolation:
        first = settings(_SETTINGS, phases=[Phase.generate], derandomize=True, database=None)
        # Whoever comes first shows it: one who sees too much or too little, or one who is refused.
        with pytest.raises((Leak, Loss, DBAPIError)):
            run_state_machine_as_test(isolation, settings=first)
        return isolation.taken.total()


@pytest.mark.long
@pytest.mark.sqlite_only
@pytest.mark.parametrize("fault", ["netra_maintains 1", "netra_owner usr_anna"])
def test_a_hole_in_the_views_of_sqlite_is_noticed(store: Path, fault: str) -> None:
    """Views that show everybody's rows, or always the same person's, are noticed soon."""
    assert noticed(store, fault) <= _SOON


@pytest.mark.long
@pytest.mark.postgres_only
@pytest.mark.parametrize(
    "fault",
    [
        "ALTER POLICY principal ON t_messages USING (true)",
        "CREATE POLICY hole ON t_threads FOR UPDATE USING (true)",
        "CREATE POLICY hole ON t_model_usage FOR DELETE USING (true)",
        "CREATE POLICY hole ON t_threads FOR INSERT WITH CHECK (true)",
        "ALTER POLICY principal ON t_events USING (owner_id = 'usr_anna')",
        "ALTER TABLE t_threads DISABLE ROW LEVEL SECURITY",
    ],
)
def test_a_hole_in_the_policies_of_postgres_is_noticed(store: Path, fault: str) -> None:
    """One policy of one table that lets too much or too little through is noticed soon."""
    assert noticed(store, fault) <= _SOON


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:DELETE statement on table:sqlalchemy.exc.SAWarning")
def test_nobody_ever_reaches_anothers_rows(store: Path) -> None:
    """In 50,000 steps on each database, a million in a soak, nothing leaks and nothing is lost."""
    wanted = _STEPS[settings().max_examples >= _IS_SOAK]
    seeds = count(0 if settings().derandomize else randbelow(2**32))
    with machine(store) as isolation:
        while isolation.taken.total() < wanted:
            run_state_machine_as_test(seed(next(seeds))(isolation), settings=_SETTINGS)
        taken = isolation.taken

    print(f"{taken.total()} steps: {dict(taken)}")  # noqa: T201 - what is counted is to be seen
    assert taken.total() >= wanted
    assert all(taken[kind] >= wanted // 200 for kind in KINDS), taken
