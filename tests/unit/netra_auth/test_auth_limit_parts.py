"""The parts of the limits that need no service: keys, windows, counters in memory, the table."""

import re
from pathlib import Path

import pytest
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.strategies import FixedWindowRateLimiter

from architecture.house import ROOT
from fakes.clock import ManualClock
from netra_auth.limits import table
from netra_auth.limits.counters.in_process import ProcessCounters
from netra_auth.limits.counters.window import CountedWindow, is_milestone
from netra_auth.limits.keys import NOWHERE, counted, network_of
from netra_auth.limits.request_rates import scaled
from netra_auth.limits.table import Limit

FIVE = RateLimitItemPerMinute(5, 1, "five")
PAGE = Path(ROOT) / "docs" / "flows" / "limits_and_lockout.md"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        (None, NOWHERE),
        ("", NOWHERE),
        ("unix:", NOWHERE),
        ("192.0.2.7:1234", NOWHERE),
        ("x" * 10_000, NOWHERE),
    ],
)
def test_an_address_counts_by_its_network(address: str | None, network: str) -> None:
    """IPv4 counts by itself, IPv6 by 64 bits, and all that cannot be read together (58)."""
    assert network_of(address) == network


def test_keys_are_hashes_that_do_not_run_together() -> None:
    """No key holds what it counts, and no two lists of parts give one key."""
    limit = table.LOGIN_ACCOUNT_AT_ADDRESS
    keys = {
        counted(limit, *parts).whom
        for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", ""), ("2:ab", "c"))
    }

    assert len(keys) == 5
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
    assert counted(limit, "\ud800").whom


@pytest.mark.parametrize("limit", [*table.FAILURES, *table.REQUESTS], ids=lambda each: each.name)
def test_every_key_fits_its_column(limit: Limit) -> None:
    """A counter's key has at most 128 characters, scaled amounts included."""
    item = scaled(100)[limit.name].item if limit in table.REQUESTS else limit.item

    assert len(item.key_for("f" * 64)) <= 128


def test_names_are_unique_and_every_limit_is_listed() -> None:
    """The table lists each limit once, under a name of its own."""
    listed = [*table.FAILURES, *table.REQUESTS]
    defined = [value for value in vars(table).values() if isinstance(value, Limit)]

    assert len({limit.name for limit in listed}) == len(listed)
    assert {limit.name for limit in listed} == {limit.name for limit in defined}


def test_the_page_has_the_table() -> None:
    """What the page says of each limit is what the code does."""
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \| (.+) \| (\d+) \| (\d+) (\w+?)s? \|$",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert rows == [
        (
            limit.name,
            limit.counts,
            limit.scope.value,
            str(limit.item.amount),
            str(limit.item.multiples),
            limit.item.GRANULARITY.name,
        )
        for limit in (*table.FAILURES, *table.REQUESTS)
    ]


def test_the_factor_scales_rates_alone() -> None:
    """Every rate is multiplied but the number of audit rows; the table itself stays as it is."""
    before = [limit.item.amount for limit in table.REQUESTS]
    amounts = {name: limit.item.amount for name, limit in scaled(100).items()}

    assert amounts == {
        limit.name: limit.item.amount * (1 if limit is table.REFUSALS_NOTED else 100)
        for limit in table.REQUESTS
    }
    assert [limit.item.amount for limit in table.REQUESTS] == before


def test_milestones_are_powers_of_ten() -> None:
    """1, 10, 100 and so on, and nothing else."""
    assert [n for n in range(-3, 20_000) if is_milestone(n)] == [1, 10, 100, 1000, 10_000]


async def test_a_window_begins_with_its_first_hit() -> None:
    """It ends after its time by a clock that a test moves, whatever the wall clock does."""
    clock = ManualClock()
    limiter = FixedWindowRateLimiter(ProcessCounters(clock))

    assert [await limiter.hit(FIVE, "a") for _ in range(6)] == [True] * 5 + [False]
    assert await limiter.hit(FIVE, "b")
    clock.jump(-10_000)
    clock.advance(59.5)
    assert not await limiter.hit(FIVE, "a")
    clock.advance(0.5)
    assert await limiter.test(FIVE, "a")
    assert await limiter.hit(FIVE, "a")


async def test_the_wait_is_whole_seconds_of_one_at_least() -> None:
    """Retry-After is never 0, and never longer than the window (checklist 58)."""
    clock = ManualClock()
    window = CountedWindow(ProcessCounters(clock))

    async def left(item: RateLimitItem = FIVE) -> int:
        return await window.seconds_left(item, "a", clock.timestamp())

    assert await left() == 1
    await window.count(FIVE, "a")
    waits = [await left()]
    for seconds in (0.1, 58.8, 1):
        clock.advance(seconds)
        waits.append(await left())
    assert waits == [60, 60, 2, 1]


async def test_memory_is_bounded() -> None:
    """However many callers there are, so many counters are kept; the oldest goes first."""
    counters = ProcessCounters(ManualClock(), max_keys=100)
    for number in range(1000):
        await counters.incr(f"key-{number}", 60)

    assert await counters.get("key-0") == 0
    assert await counters.get("key-900") == 1
    assert await counters.reset() == 100
    assert await counters.get("key-999") == 0


async def test_counters_can_be_read_and_forgotten() -> None:
    """The storage does all that the library asks of one."""
    clock = ManualClock()
    counters = ProcessCounters(clock)

    assert await counters.incr("a", 60, 3) == 3
    assert await counters.get_expiry("a") == clock.timestamp() + 60
    assert await counters.get_expiry("b") == clock.timestamp()
    await counters.clear("a")
    assert await counters.get("a") == 0
    assert await counters.check()
