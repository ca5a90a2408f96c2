"""The sessions of a store as Prometheus has them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netra_backend.app.db.sessions.life import SessionLife


class SessionMetrics(Collector):
    """Reads the counts when it is asked; every label has few values, none chosen by a caller."""

    def __init__(self, life: SessionLife) -> None:
        self._life = life

    def collect(self) -> Iterator[Metric]:
        """Give what there is now."""
        opened = CounterMetricFamily(
            "netra_backend_sessions_opened",
            "Database sessions that opened, by the kind of principal.",
            labels=["kind"],
        )
        ended = CounterMetricFamily(
            "netra_backend_sessions_ended",
            "Database sessions by how they ended: committed, rolled_back, unknown (the commit"
            " failed), refused (none was opened).",
            labels=["kind", "ending"],
        )
        for kind, counts in self._life.counts().items():
            opened.add_metric([kind.value], counts.opened)
            for ending, count in counts.endings.items():
                ended.add_metric([kind.value, ending.value], count)
        yield opened
        yield ended
        yield GaugeMetricFamily(
            "netra_backend_sessions_open",
            "Database sessions that are open.",
            value=len(self._life.open()),
        )
        yield GaugeMetricFamily(
            "netra_backend_sessions_leaked",
            "Database sessions that have been open for too long; the log names their route.",
            value=len(self._life.overdue()),
        )


def metrics_of(life: SessionLife) -> CollectorRegistry:
    """Make a registry of this process: its sessions, its memory and its processor time."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(SessionMetrics(life))
    return registry
