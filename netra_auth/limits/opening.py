"""The parts of this room, put together."""

from dataclasses import dataclass

from limits.aio.storage import Storage

from netra.clock import Clock
from netra_auth.audit import AuditTrail
from netra_auth.limits.attempts import Attempts
from netra_auth.limits.counters.in_process import ProcessCounters
from netra_auth.limits.counters.in_redis import SharedCounters
from netra_auth.limits.failures import Failures
from netra_auth.limits.known_devices import KnownDevices
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.limits.request_rates import RequestRates
from netra_auth.settings import Settings
from netra_auth.store.engine import Database


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rest of the service asks."""

    attempts: Attempts
    devices: KnownDevices
    failures: Failures
    rates: RequestRates
    refused: RefusedCredentials
    counters: Storage

    async def close(self) -> None:
        """Close the connections to Redis, if there are any."""
        if isinstance(self.counters, SharedCounters):
            await self.counters.close()


def open_limits(settings: Settings, database: Database, audit: AuditTrail, clock: Clock) -> Limits:
    """Put the limits together.

    Raises:
        RedisMissing: LIMITS_REDIS_URL is set, and there is no client of Redis.
    """
    url = settings.limits_redis_url
    counters = ProcessCounters(clock) if url is None else SharedCounters(url, clock)
    failures = Failures(database, audit, clock)
    devices = KnownDevices(database, clock)
    return Limits(
        attempts=Attempts(failures, devices),
        devices=devices,
        failures=failures,
        rates=RequestRates(counters, settings.request_limit_factor, audit, clock),
        refused=RefusedCredentials(failures),
        counters=counters,
    )
