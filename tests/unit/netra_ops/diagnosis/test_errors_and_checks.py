"""Errors that are no faults of the code, checks at start told by members, sockets never opened."""

from pathlib import Path

import pytest

from fakes.small_incidents import NEW, OLD, Incident

_ANSWERED = (
    "Error: introspection answered 401\n    at verify (/app/server.js:16:36)\n"
    "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"
)
_MISSING = (
    "Traceback (most recent call last):\n"
    '  File "/app/device/grants.py", line 58, in pending\n    row = await fetch(code)\n'
    'asyncpg.exceptions.UndefinedTableError: relation "grants" does not exist'
)


def _released() -> Incident:
    log = Incident()
    log.served(0, 110, revision=OLD)
    return log


def test_an_error_for_a_refusal_is_no_fault_of_the_code(tmp_path: Path) -> None:
    """What a program raises because it was answered with 401 accuses not its code."""
    log = _released()
    for number in range(14):
        log.asked(130 + number * 20, 401)
        failed = {"message": "check failed", "err": {"message": "Error", "stack": _ANSWERED}}
        log.said(130.005 + number * 20, failed, severity="ERROR")

    assert log.found(tmp_path).cause != "code_error"


@pytest.mark.parametrize(
    "check",
    [
        {"event": "preflight", "check": "schema", "ok": False},
        {"msg": "startup check", "check": "schema", "result": "failed"},
        {"phase": "startup", "check": "schema", "passed": False},
        {"event": "self_check_failed", "failed": ["schema"]},
    ],
)
def test_a_check_at_start_is_read_by_its_members(tmp_path: Path, check: dict[str, object]) -> None:
    """Who starts though a check failed fails for what it checked, and not by its code."""
    log = _released()
    log.said(120, {"event": "boot"}, severity="INFO")
    log.said(121, check, severity="ERROR")
    log.said(122, "Running on http://0.0.0.0:8080", severity="INFO")
    for number in range(14):
        log.asked(130 + number * 20, 500)
        log.said(130.005 + number * 20, {"exception": _MISSING}, severity="ERROR")

    assert log.found(tmp_path).cause == "startup_failed"


def test_a_browsers_preflight_is_no_check_at_start(tmp_path: Path) -> None:
    """A preflight that failed for its origin says nothing of a start."""
    log = _released()
    log.said(121, {"event": "preflight", "origin": "https://a.example", "ok": False})
    log.refused(130, 400, 500)

    assert log.found(tmp_path).cause != "startup_failed"


def test_handshakes_answered_with_an_error_were_never_open(tmp_path: Path) -> None:
    """That refused handshakes took one time is no age of sockets."""
    log = Incident()
    for number in range(12):
        log.asked(number * 30, 503, "/ws", took=5.0, revision=NEW)
        log.asked(number * 30 + 12, 200)

    assert log.found(tmp_path).cause != "proxy_timeout"
