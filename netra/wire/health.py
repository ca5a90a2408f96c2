"""The health documents every service answers with (SPEC R14)."""

from enum import StrEnum

from netra.wire.auth_api import WireModel


class HealthStatus(StrEnum):
    """How well; ordered from good to bad."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class HealthCheck(WireModel):
    """One thing a service depends on, and what is wrong with it in words, if anything."""

    status: HealthStatus
    reason: str | None = None


class HealthReport(WireModel):
    """The state of a service and of each thing it depends on.

    `standby` says that the process does nothing for others yet, since it has had no traffic.
    """

    status: HealthStatus
    service: str
    revision: str
    checks: dict[str, HealthCheck]
    standby: bool = False
