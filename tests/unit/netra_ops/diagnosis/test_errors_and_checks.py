"""Errors that are no faults of the code, checks at start told by members, sockets never opened."""

from pathlib import Path

import pytest

from fakes.small_incidents import NEW, OLD, Incident, moment

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


def _probe(name: str, target: str, *, ok: bool, **got: object) -> dict[str, object]:
    return {
        "name": name,
        "target": target,
        "expect": "as always",
        "got": {"status": None, "close_code": None, **got},
        "ok": ok,
        "time": moment(500),
    }


def test_a_certificate_refused_may_be_one_that_expired(tmp_path: Path) -> None:
    """Where calls say that verifying failed, a probe of the certificate's end tells why."""
    log = Incident()
    log.served(0, 110)
    log.refused(130, 400, 503, text="POST https://idp.example: certificate verify failed")
    ended = {"notAfter": moment(100)}
    probe = _probe("certificate at the balancer", "idp.example:443", ok=False, headers=ended)

    assert log.found(tmp_path, probes=[probe]).cause == "certificate_expired"


def test_a_socket_closed_for_its_subprotocol_says_so(tmp_path: Path) -> None:
    """A socket that opens through a proxy and is closed with 4406 lost what it had offered."""
    log = Incident()
    log.served(0, 400, 20)
    probes = [
        _probe("through the edge", "wss://a.example/s", ok=False, status=101, close_code=4406),
        _probe("directly", "wss://t---a.a.run.app/s", ok=True, status=101),
    ]

    assert log.found(tmp_path, probes=probes).cause == "subprotocol_not_negotiated"


def test_errors_beside_a_body_are_read(tmp_path: Path) -> None:
    """OpenTelemetry keeps errors among attributes; what they say counts as anywhere."""
    log = Incident()
    refused = "failed to connect to `user=a`: dial tcp 10.0.0.3:5432: i/o timeout"
    for number in range(12):
        line = {"body": "lookup", "attributes": {"error": refused}}
        log.said(number * 20, line, severity="ERROR")

    assert log.found(tmp_path).cause == "database_unreachable"


def test_who_speaks_tells_what_was_called(tmp_path: Path) -> None:
    """An address without a name is the auth service's where the auth client could not reach it."""
    log = Incident()
    log.served(0, 110)
    for number in range(12):
        log.asked(130 + number * 20, 503, took=0.5)
        said = {"logger": "lift.authz", "msg": "dial tcp 10.2.0.7:8443: connection refused"}
        log.said(130.4 + number * 20, said, severity="ERROR")

    assert log.found(tmp_path).cause == "auth_service_unreachable"


def test_a_pool_that_waits_from_the_first_line_says_not_why(tmp_path: Path) -> None:
    """Without a time before in which it was enough, a pool that waited may want a database."""
    log = Incident()
    for number in range(12):
        log.asked(number * 20, 500, took=10.0, text="timeout exceeded when trying to connect")
        log.asked(number * 20 + 11, 200)

    assert log.found(tmp_path).cause is None


def test_a_name_without_an_address_on_a_good_revision_is_a_silent_auth_service(
    tmp_path: Path,
) -> None:
    """Where nothing was deployed, an auth service whose name has no address cannot be reached."""
    log = Incident()
    log.served(0, 110)
    said = "lookup authelia: no such host, calling http://authelia:9091/api/verify"
    log.refused(130, 400, 503, text=said)

    assert log.found(tmp_path).cause == "auth_service_unreachable"


def test_a_compact_log_event_is_read_by_its_short_names(tmp_path: Path) -> None:
    """Serilog keeps level, words and exception in members that begin with `@`."""
    log = _released()
    fault = "System.NullReferenceException: Object reference not set to an instance of an object."
    for number in range(14):
        log.asked(130 + number * 20, 500)
        said = {"@l": "Error", "@mt": "Unhandled", "@x": f"{fault}\n   at A.Sum() in /a.cs:line 4"}
        log.said(130.005 + number * 20, said, severity="ERROR")

    assert log.found(tmp_path).cause == "code_error"


def test_a_peer_among_attributes_is_what_was_called(tmp_path: Path) -> None:
    """OpenTelemetry names whom a span called beside what it met."""
    log = Incident()
    log.served(0, 110)
    for number in range(14):
        log.asked(130 + number * 20, 503, took=0.5)
        met = {"server.address": "auth.corp.example", "exception.message": "Connection refused"}
        log.said(130.4 + number * 20, {"body": "call failed", "attributes": met}, severity="ERROR")

    assert log.found(tmp_path).cause == "auth_service_unreachable"
