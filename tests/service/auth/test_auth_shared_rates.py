"""Requests counted in Redis by several instances, and what happens without it."""

import subprocess
import sys
from pathlib import Path

from fakes.addresses import attempts, failures, statuses
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.redis_server import PASSWORD, redis_server
from fakes.running_auth import RunningAuth, running_auth_service
from netra.errors import TooManyRequests
from netra_auth.audit import Origin
from netra_auth.limits import table
from netra_auth.limits.counters.in_redis import SharedCounters
from netra_auth.limits.refusals import Caller

BACKEND = "netra-backend"
ISSUER = {"ISSUER_URL": "http://127.0.0.1:8001"}
NOWHERE = "redis://:unused-password-of-a-test@127.0.0.1:1/0"


async def asked(auth: RunningAuth) -> int:
    """Ask for a service's token and give the status."""
    return (await auth.service_answer(BACKEND)).status_code


async def admitted(auth: RunningAuth, number: int) -> int:
    """Count requests of the service until one is refused, and say how many were not."""
    caller = Caller(origin=Origin(None, "127.0.0.1"))
    for done in range(number):
        try:
            await auth.state.limits.rates.admit(table.SERVICE_TOKENS, BACKEND, caller)
        except TooManyRequests:
            return done
    return number


async def test_two_instances_count_together(tmp_path: Path, clock: ManualClock) -> None:
    """With LIMITS_REDIS_URL the instances share one rate for each caller (checklist 58)."""
    limit = table.SERVICE_TOKENS.item.amount
    async with redis_server(tmp_path) as redis:
        with log_lines() as lines:
            overrides = {**ISSUER, "LIMITS_REDIS_URL": redis.url}
            async with (
                running_auth_service(tmp_path, clock=clock, overrides=overrides) as first,
                running_auth_service(tmp_path, clock=clock, overrides=overrides) as second,
            ):
                assert isinstance(first.state.limits.counters, SharedCounters)
                assert await first.state.limits.counters.check()
                assert await admitted(first, limit - 1) == limit - 1
                answers = [await asked(second), await asked(second), await asked(first)]
                slowed = await first.service_answer(BACKEND)

    assert answers == [200, 429, 429]
    assert 1 <= int(slowed.headers["retry-after"]) <= 60
    assert lines.of("limits_redis_unavailable") == []
    assert PASSWORD not in lines.text


async def test_without_redis_each_instance_goes_on_by_itself(
    tmp_path: Path, clock: ManualClock
) -> None:
    """A Redis that stops costs nobody an answer; it is told once a minute, then used again."""
    limit = table.SERVICE_TOKENS.item.amount
    async with redis_server(tmp_path) as redis:
        with log_lines() as lines:
            overrides = {"LIMITS_REDIS_URL": redis.url}
            async with running_auth_service(tmp_path, clock=clock, overrides=overrides) as auth:
                assert await asked(auth) == 200
                await redis.stop()
                assert await asked(auth) == 200
                assert await admitted(auth, limit) == limit - 1
                assert await asked(auth) == 429
                for _ in range(5):
                    clock.advance(5)
                    await asked(auth)
                assert len(lines.of("limits_redis_unavailable")) == 1
                clock.advance(60)
                await asked(auth)
                assert len(lines.of("limits_redis_unavailable")) == 2
                await redis.start()
                clock.advance(5)
                assert await admitted(auth, limit + 1) == limit

    told = lines.of("limits_redis_unavailable")
    assert [line["severity"] for line in told] == ["WARNING", "WARNING"]
    assert told[1]["suppressed"] == 5
    assert PASSWORD not in lines.text


async def test_a_redis_that_was_never_there_is_an_outage_and_no_start_error(
    tmp_path: Path, clock: ManualClock
) -> None:
    """The service starts and serves; it says that it counts by itself, without the URL."""
    with log_lines() as lines:
        overrides = {"LIMITS_REDIS_URL": NOWHERE}
        async with running_auth_service(tmp_path, clock=clock, overrides=overrides) as auth:
            assert [await asked(auth) for _ in range(3)] == [200] * 3
            assert "unused-password" not in repr(auth.settings)

    assert lines.only("limits_redis_unavailable")["error_type"] == "ConnectionError"
    assert "unused-password" not in lines.text


async def test_failures_do_not_depend_on_redis(tmp_path: Path, clock: ManualClock) -> None:
    """What keeps a password from being guessed is in the store, whatever Redis does (58)."""
    overrides = {**ISSUER, "LIMITS_REDIS_URL": NOWHERE}
    async with (
        running_auth_service(tmp_path, clock=clock, overrides=overrides) as first,
        running_auth_service(tmp_path, clock=clock, overrides=overrides) as second,
    ):
        person = await first.registered_person()
        await failures(first, person, 5)

        assert statuses(await attempts(second, person, 1)) == [429]


_WITHOUT_CLIENT = """
import sys
sys.modules["redis"] = None
from netra.clock import SystemClock
from netra.secret import Secret
from netra_auth.limits.counters.in_redis import RedisMissing, SharedCounters
try:
    SharedCounters(Secret("redis://:hidden-password-of-a-test@127.0.0.1:6379/0"), SystemClock())
except RedisMissing as error:
    print(error.code, error.reason)
"""


def test_without_the_package_the_service_says_what_to_install() -> None:
    """LIMITS_REDIS_URL without the extra is refused at start, and no part of the URL is shown."""
    run = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _WITHOUT_CLIENT], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("redis_missing LIMITS_REDIS_URL is set")
    assert "Install the extra `redis`" in run.stdout
    assert "hidden-password" not in run.stdout + run.stderr
