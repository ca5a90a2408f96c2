"""The counters and the known browsers on PostgreSQL, where two instances really write at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from fakes.clock import ManualClock
from fakes.postgres_server import postgres_server
from netra.ids import row_id
from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.limits import table
from netra_auth.limits.counters.in_store import StoreCounters
from netra_auth.limits.counters.window import CountedWindow
from netra_auth.limits.failures import Failures
from netra_auth.limits.keys import counted
from netra_auth.limits.known_devices import MOST_DEVICES, KnownDevices
from netra_auth.store.engine import Database
from netra_auth.store.migrations.upgrade import upgrade_to_head
from netra_auth.store.repositories import users
from netra_auth.store.repositories.users import UserRow
from netra_auth.store.tables import known_devices, rate_limits

ORIGIN = Origin("req_1", "192.0.2.1")
ACT = Act(event=AuditEvent.LOGIN, outcome=Outcome.REFUSED, origin=ORIGIN, reason="wrong password")


@pytest.fixture
async def instances() -> AsyncIterator[tuple[Database, Database]]:
    """Give two ways to one migrated store."""
    async with postgres_server() as url:
        first, second = Database(Secret(url)), Database(Secret(url))
        try:
            await upgrade_to_head(first)
            yield first, second
        finally:
            await first.close()
            await second.close()


async def test_no_more_failures_are_told_than_the_limit_allows(
    instances: tuple[Database, Database], clock: ManualClock
) -> None:
    """Of forty failures at once at two instances five are told, the rest refused (58, 6.1.1)."""
    failures = [Failures(each, AuditTrail(each, clock), clock) for each in instances]
    whom = [
        counted(table.LOGIN_ADDRESS, "192.0.2.1"),
        counted(table.LOGIN_ACCOUNT_AT_ADDRESS, "ada@example.org", "192.0.2.1"),
        counted(table.LOGIN_ACCOUNT_HOUR, "ada@example.org"),
    ]

    answers = await asyncio.gather(
        *(failures[number % 2].record_alone(whom, ACT) for number in range(40)),
        return_exceptions=True,
    )

    assert [answer for answer in answers if answer is None] == [None] * 5
    assert {getattr(answer, "retry_after", None) for answer in answers} == {None, 900}


async def test_a_counter_starts_anew(
    instances: tuple[Database, Database], clock: ManualClock
) -> None:
    """Windows end by the clock that is given, on PostgreSQL as on SQLite."""
    item = table.CLIENT_ADDRESS.item

    async def hit(database: Database, whom: str) -> int:
        async with database.transaction() as transaction:
            return await CountedWindow(StoreCounters(transaction.connection, clock)).count(
                item, whom
            )

    assert [await hit(each, "a") for each in (*instances, *instances)] == [1, 2, 3, 4]
    clock.advance(60)
    assert await hit(instances[1], "a") == 1
    async with instances[0].reading() as connection:
        rows = (await connection.execute(select(rate_limits.c.hits))).scalars().all()
    assert list(rows) == [1]


async def test_browsers_are_remembered_renewed_and_bounded(
    instances: tuple[Database, Database], clock: ManualClock
) -> None:
    """Known browsers do on PostgreSQL what they do on SQLite."""
    database, user_id = instances[0], row_id("usr")
    devices = KnownDevices(database, clock)
    row = UserRow(
        user_id=user_id, email="ada@example.org", password_hash="x", roles="", created_at=1
    )
    async with database.transaction() as transaction:
        await users.add(transaction.connection, row)
        first = await devices.remember(transaction, user_id, None)
        renewed = await devices.remember(transaction, user_id, first)
        for _ in range(MOST_DEVICES + 5):
            clock.advance(1)
            await devices.remember(transaction, user_id, None)

    assert not await devices.is_of(first, user_id)
    assert await devices.is_of(renewed, user_id)
    async with database.reading() as connection:
        found = (await connection.execute(select(known_devices.c.device_hash))).scalars().all()
    assert len(found) == MOST_DEVICES
