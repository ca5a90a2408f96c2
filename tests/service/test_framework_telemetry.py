"""What the web framework tells tracing by itself goes past our redaction: it must tell nothing."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from opentelemetry import trace
from starlette.testclient import TestClient

from fakes.running_auth import running_auth_service
from fakes.running_backend import running_backend
from fakes.tracing import WatchedTracing


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> WatchedTracing:
    """Give the process tracing."""
    watched = WatchedTracing()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: watched)
    return watched


def test_the_framework_would_trace_if_it_were_let(tracing: WatchedTracing) -> None:
    """The other tests of this module watch the right thing."""
    app = FastAPI()
    with TestClient(app) as http:
        http.get("/anything?secret=1")

    assert tracing.asked_by


async def test_the_auth_service_tells_tracing_nothing(
    tmp_path: Path, tracing: WatchedTracing
) -> None:
    """Log-ins carry codes and states in their addresses."""
    async with running_auth_service(tmp_path) as auth:
        await auth.http.get("/authorize?state=secret")

    assert tracing.asked_by == []


async def test_the_backend_tells_tracing_nothing(tmp_path: Path, tracing: WatchedTracing) -> None:
    """A token that somebody put into an address stays here."""
    async with running_backend(tmp_path / "store.db") as backend, backend.client() as http:
        await http.get("/ws?token=secret")

    assert tracing.asked_by == []
