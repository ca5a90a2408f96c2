"""Leases on a real store: one living holder for a run, a cap for an owner, an order in a thread."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import delete

from fakes.running_backend import migrated
from fakes.unfinished_runs import ANNA, BEARER, BERT, accept, opened
from netra.errors import DatabaseUnavailable
from netra_backend.app.db.leases import LONGEST_PUT_OFF, Lease, RunLeases
from netra_backend.app.db.session import Database
from netra_backend.app.db.tables import Thread

Rows = Callable[[str], list[tuple[Any, ...]]]

NOW: Final = 1_800_000_000_000_000
LEASE: Final = 10_000_000
CAP: Final = 2


@pytest.fixture
async def database(store: Path) -> AsyncIterator[Database]:
    """Open the test's store."""
    async with opened(await migrated(store)) as database:
        yield database


@pytest.fixture
def leases(database: Database) -> RunLeases:
    """Give the leases of the test's store."""
    return RunLeases(database)


async def taken(
    leases: RunLeases,
    run_id: str,
    *,
    holder: str = "hld_a",
    now: int = NOW,
    needs_slot: bool = True,
    dead: tuple[str, ...] = (),
) -> Lease | None:
    """Try to take a lease."""
    return await leases.claim(
        run_id,
        holder=holder,
        now=now,
        lease_us=LEASE,
        slots=CAP,
        needs_slot=needs_slot,
        dead_holders=dead,
    )


async def claimable(leases: RunLeases, now: int = NOW, **changes: Any) -> list[str]:
    """Name the runs that could be taken."""
    asked: dict[str, Any] = {"dead_holders": (), "limit": 100, **changes}
    return [lease.run_id for lease in await leases.claimable(now=now, **asked)]


async def test_a_free_lease_is_taken_once(database: Database, leases: RunLeases) -> None:
    """The taker has it under the first epoch with a slot; nobody else gets it meanwhile."""
    await accept(database, ANNA, "run_1")

    first = await taken(leases, "run_1")

    assert first == Lease("run_1", "usr_anna", "thr_run_1", 0, "hld_a", 1, NOW + LEASE)
    assert await taken(leases, "run_1", holder="hld_b") is None
    assert await taken(leases, "run_1", holder="hld_a") is None
    assert await claimable(leases, now=NOW + LEASE - 1) == []


async def test_an_expired_lease_is_taken_under_the_next_epoch(
    database: Database, leases: RunLeases
) -> None:
    """Whoever comes after the time has passed has it, keeping its slot."""
    await accept(database, ANNA, "run_1")
    await taken(leases, "run_1")

    second = await taken(leases, "run_1", holder="hld_b", now=NOW + LEASE)

    assert second is not None
    assert (second.holder, second.epoch, second.slot) == ("hld_b", 2, 0)


async def test_the_lease_of_a_dead_holder_is_free_at_once(
    database: Database, leases: RunLeases
) -> None:
    """A holder that is known to be dead holds nothing, although its lease has not expired."""
    await accept(database, ANNA, "run_1")
    await taken(leases, "run_1")

    listed = await claimable(leases, dead_holders=("hld_a",))
    second = await taken(leases, "run_1", holder="hld_b", dead=("hld_a", "hld_x"))

    assert listed == ["run_1"]
    assert second is not None
    assert second.epoch == 2
    assert await leases.holders() == {"hld_b"}


async def test_an_unknown_run_has_no_lease(leases: RunLeases) -> None:
    """A run that has ended, or never was, cannot be taken."""
    assert await taken(leases, "run_none") is None


async def test_an_owner_has_so_many_slots(database: Database, leases: RunLeases) -> None:
    """The third run of a person waits until one of the two gives its slot back; others do not."""
    for run_id in ("run_1", "run_2", "run_3"):
        await accept(database, ANNA, run_id)
    await accept(database, BERT, "run_4")
    slots = [await taken(leases, run_id) for run_id in ("run_1", "run_2")]

    assert [lease.slot for lease in slots if lease] == [0, 1]
    assert await taken(leases, "run_3") is None
    assert await taken(leases, "run_4") is not None

    await leases.release(["run_1"], holder="hld_a")
    third = await taken(leases, "run_3")

    assert third is not None
    assert third.slot == 0


async def test_a_run_that_needs_no_slot_does_not_count(
    database: Database, leases: RunLeases
) -> None:
    """A run that is only to be ended is taken although all slots are, and takes none."""
    for run_id in ("run_1", "run_2", "run_3"):
        await accept(database, ANNA, run_id)
    await taken(leases, "run_1")
    await taken(leases, "run_2")

    third = await taken(leases, "run_3", needs_slot=False)

    assert third is not None
    assert third.slot is None


async def test_a_dead_holders_slot_is_given_to_who_asks(
    database: Database, leases: RunLeases
) -> None:
    """A slot of an expired lease does not keep a third run out; the slow holder learns it."""
    for run_id in ("run_1", "run_2", "run_3"):
        await accept(database, ANNA, run_id)
    await taken(leases, "run_1", holder="hld_slow")
    await taken(leases, "run_2", now=NOW + LEASE)

    third = await taken(leases, "run_3", now=NOW + LEASE)
    kept = await leases.renew(["run_1"], holder="hld_slow", now=NOW + LEASE, lease_us=LEASE)

    assert third is not None
    assert third.slot == 0
    assert kept == frozenset()


async def test_the_runs_of_a_thread_go_one_after_the_other(
    database: Database, leases: RunLeases
) -> None:
    """The later run of a thread waits until the earlier one has ended, taken or not.

    One that is only to be ended waits for nobody.
    """
    await accept(database, ANNA, "run_1", thread_id="thr_1")
    await accept(database, ANNA, "run_2", thread_id="thr_1")
    await accept(database, ANNA, "run_3", thread_id="thr_1")

    assert await taken(leases, "run_3", needs_slot=False) is not None
    assert await taken(leases, "run_2") is None
    assert await claimable(leases) == ["run_1"]
    await taken(leases, "run_1")
    assert await taken(leases, "run_2") is None
    await leases.drop("run_1")

    assert await taken(leases, "run_2") is not None


async def test_a_postponed_run_waits(database: Database, leases: RunLeases) -> None:
    """Nobody takes it before the time, and its slot is free meanwhile."""
    for run_id in ("run_1", "run_2", "run_3"):
        await accept(database, ANNA, run_id)
    await taken(leases, "run_1")
    await taken(leases, "run_2")

    await leases.postpone("run_1", holder="hld_a", until=NOW + 60)

    assert await taken(leases, "run_1", now=NOW + 59) is None
    assert await taken(leases, "run_3") is not None
    assert await claimable(leases, now=NOW + 60) == ["run_1"]


async def test_what_a_wrong_clock_put_off_is_not_put_off(
    database: Database, leases: RunLeases
) -> None:
    """Further ahead than anything is put off nothing waits, but for what waits for its person."""
    for run_id in ("run_1", "run_2"):
        await accept(database, ANNA, run_id)
        await taken(leases, run_id)
    ahead = NOW + LONGEST_PUT_OFF
    await leases.postpone("run_1", holder="hld_a", until=ahead + 1)
    await leases.park("run_2", holder="hld_a", until=ahead + 1)

    assert await claimable(leases, now=NOW) == ["run_1"]
    assert await claimable(leases, now=NOW + 1) == []


async def test_a_renewed_lease_lives_on(database: Database, leases: RunLeases) -> None:
    """Renewing keeps what the holder still has, says which that is, and nothing of others."""
    await accept(database, ANNA, "run_1")
    await accept(database, BERT, "run_2")
    await taken(leases, "run_1")
    await taken(leases, "run_2", holder="hld_b")

    kept = await leases.renew(
        ["run_1", "run_2", "run_none"], holder="hld_a", now=NOW + LEASE, lease_us=LEASE
    )

    assert kept == {"run_1"}
    assert await claimable(leases, now=NOW + LEASE) == ["run_2"]
    assert await leases.renew([], holder="hld_a", now=NOW, lease_us=LEASE) == frozenset()


async def test_only_the_holder_gives_a_lease_back(database: Database, leases: RunLeases) -> None:
    """Releasing and postponing what somebody else has taken changes nothing."""
    await accept(database, ANNA, "run_1")
    await taken(leases, "run_1", holder="hld_b")

    await leases.release(["run_1"], holder="hld_a")
    await leases.postpone("run_1", holder="hld_a", until=NOW)

    assert await leases.holders() == {"hld_b"}
    assert await claimable(leases) == []


async def test_a_released_lease_is_free_at_once(database: Database, leases: RunLeases) -> None:
    """A successor takes it in the same moment, under the next epoch."""
    await accept(database, ANNA, "run_1")
    await taken(leases, "run_1")

    await leases.release(["run_1"], holder="hld_a")
    second = await taken(leases, "run_1", holder="hld_b")

    assert second is not None
    assert second.epoch == 2


async def test_many_waiting_runs_of_one_do_not_hide_anothers(
    database: Database, leases: RunLeases
) -> None:
    """A person whose slots are all taken is left out of what could be taken."""
    for number in range(6):
        await accept(database, ANNA, f"run_{number}")
    await accept(database, BERT, "run_9")
    await taken(leases, "run_0")
    await taken(leases, "run_1")

    assert await claimable(leases, limit=1, slots=CAP) == ["run_9"]
    assert await claimable(leases, limit=1) == ["run_2"]
    assert await claimable(leases, now=NOW + LEASE, limit=1, slots=CAP) == ["run_0"]


async def test_unfinished_runs_are_counted_by_owner(database: Database, leases: RunLeases) -> None:
    """Waiting and running ones count, those of others do not."""
    await accept(database, ANNA, "run_1")
    await accept(database, ANNA, "run_2")
    await accept(database, BERT, "run_3")
    await taken(leases, "run_1")

    assert await leases.unfinished_of("usr_anna") == 2
    assert await leases.unfinished_of("usr_nobody") == 0


async def test_the_recorded_principal_is_read_for_its_owner_only(
    database: Database, leases: RunLeases
) -> None:
    """The one column of a run that is read outside a session is given for the right pair only."""
    await accept(database, ANNA, "run_1")

    assert await leases.recorded_principal("run_1", "usr_anna") == "recorded of usr_anna"
    assert await leases.recorded_principal("run_1", "usr_bert") is None
    assert await leases.recorded_principal("run_2", "usr_anna") is None


async def test_a_deleted_thread_takes_its_leases_with_it(
    database: Database, leases: RunLeases
) -> None:
    """Nobody works on a run whose thread is gone."""
    await accept(database, ANNA, "run_1")
    async with database.session_for(ANNA, BEARER) as session:
        thread = await session.get(Thread, "thr_run_1")
        assert thread is not None
        await session.execute(delete(Thread).where(Thread.id == thread.id))

    assert await leases.unfinished_of("usr_anna") == 0
    assert await taken(leases, "run_1") is None


@pytest.mark.sqlite_only
async def test_a_lost_store_is_an_outage(
    store: Path, database: Database, leases: RunLeases
) -> None:
    """Leases of a store that went away cannot be decided; when it is back they can."""
    await accept(database, ANNA, "run_1")
    aside = store.with_name("aside.db")
    shutil.move(store, aside)
    with pytest.raises(DatabaseUnavailable):
        await taken(leases, "run_1")
    with pytest.raises(DatabaseUnavailable):
        await leases.holders()

    shutil.move(aside, store)

    assert await taken(leases, "run_1") is not None


async def test_claimers_never_exceed_the_cap_and_never_share_a_run(
    store: Path, database: Database, rows: Rows
) -> None:
    """Eight processes' worth of claimers take what twenty runs of two people allow, no more.

    Each has connections of its own to the store, so only the database stands between them.
    """
    run_ids = [f"run_{number:02}" for number in range(20)]
    for number, run_id in enumerate(run_ids):
        await accept(database, ANNA if number % 2 else BERT, run_id)
    async with AsyncExitStack() as stack:
        claimers = [
            RunLeases(await stack.enter_async_context(opened(store))) for _number in range(8)
        ]
        for _round in range(5):
            found = await asyncio.gather(
                *(
                    taken(claimer, run_id, holder=f"hld_{number}")
                    for number, claimer in enumerate(claimers)
                    for run_id in run_ids
                )
            )
            held = [lease for lease in found if lease is not None]

            assert Counter(lease.owner_id for lease in held) == {"usr_anna": CAP, "usr_bert": CAP}
            assert len({lease.run_id for lease in held}) == len(held)
            assert {(lease.owner_id, lease.slot) for lease in held} == {
                (owner, slot) for owner in ("usr_anna", "usr_bert") for slot in range(CAP)
            }
            for lease in held:
                await claimers[0].drop(lease.run_id)
    assert rows("SELECT count(*) FROM t_run_leases") == [(0,)]
