"""How the secrets of services are used, as the store has it: of every process, since ever.

Read when it is asked for, so that counting costs a request nothing.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netra_auth.store.repositories.service_secrets import ServiceSecretRow

_LABELS = ("service", "secret_id")


class _SecretUses(Collector):
    def __init__(self, secrets: Iterable[ServiceSecretRow], now: float) -> None:
        self._secrets = tuple(secrets)
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Give the families."""
        uses = CounterMetricFamily(
            "netra_auth_service_secret_uses",
            "Uses of a valid secret of a service, in every process.",
            labels=_LABELS,
        )
        age = GaugeMetricFamily(
            "netra_auth_service_secret_last_use_age_seconds",
            "How long ago a valid secret of a service was last used; absent if never.",
            labels=_LABELS,
        )
        remaining = GaugeMetricFamily(
            "netra_auth_service_secret_remaining_seconds",
            "How long a valid secret of a service still works; absent if it has no end.",
            labels=_LABELS,
        )
        for secret in self._secrets:
            named = (secret.service_id, secret.secret_id)
            uses.add_metric(named, secret.uses)
            if secret.last_used_at is not None:
                age.add_metric(named, max(0.0, self._now - secret.last_used_at))
            if secret.valid_until is not None:
                remaining.add_metric(named, secret.valid_until - self._now)
        yield from (uses, age, remaining)


def secret_uses(secrets: Iterable[ServiceSecretRow], now: float) -> bytes:
    """Write how the given secrets are used in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_SecretUses(secrets, now))
    return generate_latest(registry)
