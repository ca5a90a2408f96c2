"""Drill: the auth service is back, and the backend's breaker goes on refusing to ask it."""

import os
import signal
from threading import Event
from typing import Final

from netra.clock import SystemClock
from netra_ops.drills.drill import Drill, Ground, Happening
from netra_ops.drills.faults.code import edited
from netra_ops.settings import AUTH, BACKEND
from netra_ops.validation.answer import Asker

_BREAKER: Final = "netra_backend/app/clients/circuit_breaker.py"
_STUCK: Final = edited(
    _BREAKER, "recovery_seconds: float = 10.0", "recovery_seconds: float = 86_400.0"
)
_PACE: Final = ("--steps", "100", "--bake", "2", "--hold", "5", "--min-requests", "3")
_OPENS_WITHIN: Final = 120.0
_LOOKS_EVERY: Final = 0.5
_BACK_SECONDS: Final = 25.0
"""After these the breaker of the revision before has let calls through again, and for a while."""


def _trip(ground: Ground) -> None:
    """Deploy it, and have the auth service hang until the breaker opens, and no longer."""
    ground.command("deploy", BACKEND, *_PACE, *_STUCK(ground), "--reason", "a drill")
    process = ground.process(AUTH)
    os.kill(process, signal.SIGSTOP)
    try:
        _wait_until_open(ground.url)
    finally:
        os.kill(process, signal.SIGCONT)
    Event().wait(_BACK_SECONDS)


def _wait_until_open(url: str) -> None:
    with Asker(SystemClock(), seconds=_OPENS_WITHIN) as asker:
        while b"circuit breaker" not in asker.ask("GET", f"{url}/health").body:
            Event().wait(_LOOKS_EVERY)


DRILL = Drill(
    name="breaker-stuck",
    cause="breaker_stuck_open",
    title="the auth service hung and is back, and the backend's breaker never tries it again",
    fault=Happening(
        prelude=_trip,
        begin=lambda _ground: None,
        end=lambda ground: ground.command("rollback", BACKEND, "--reason", "a drill"),
        remedy=f"netra rollback {BACKEND}",
    ),
    is_silent=True,
)
