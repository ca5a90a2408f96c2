"""Tracing that a process was started under, as `opentelemetry-instrument` does it."""

from typing import Any

from opentelemetry.trace import NoOpTracer, Tracer, TracerProvider


class WatchedTracing(TracerProvider):
    """Takes note of whoever wants to trace."""

    def __init__(self) -> None:
        self.asked_by: list[str] = []

    def get_tracer(self, instrumenting_module_name: str, *_: Any, **__: Any) -> Tracer:
        """Give a tracer, and note for whom."""
        self.asked_by.append(instrumenting_module_name)
        return NoOpTracer()
