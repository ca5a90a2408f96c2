"""One kind of evidence in the many ways in which programs and people write it, and its twins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.small_incidents import Incident, moment
from netra_ops.diagnosis.answering.answer import Diagnosis, DiagnosisVerdict

HIKARI = "HikariPool-1 - Connection is not available, request timed out after 30000ms"
REFUSED = "Caused by: org.postgresql.util.PSQLException: Connection to 10.8.1.4:5432 refused."
TIMED_OUT = "Post https://auth.internal/verify: context deadline exceeded"
OPEN = {"level": "error", "message": "refused", "error": "too many requests", "breaker": "auth"}

Socket = Callable[[int], tuple[str | dict[str, Any], str | dict[str, Any]]]


def _waiting(text: str, *, some_served: bool) -> Incident:
    log = Incident()
    for number in range(12):
        log.asked(number * 60, 503, took=30.0, text=text)
        if some_served:
            log.asked(number * 60 + 5, 200)
    return log


def _breaker(*, refusals: Any = OPEN) -> Incident:
    log = Incident()
    log.served(0, 60)
    for second in (100, 102, 104):
        log.said(second, TIMED_OUT)
    for number in range(15):
        log.asked(200 + number * 60, 503, took=0.001)
        log.said(200.002 + number * 60, refusals, severity="ERROR")
    return log


@pytest.mark.parametrize("beneath", [" (total=0, active=0, idle=0, waiting=2)", f" {REFUSED}"])
def test_a_pool_that_never_had_a_connection_is_a_database_that_is_not_there(
    tmp_path: Path, beneath: str
) -> None:
    """Numbers of the pool, or the cause beneath, say why it waited."""
    found = _waiting(HIKARI + beneath, some_served=False).found(tmp_path)

    assert found.cause == "database_unreachable"


def test_a_pool_that_only_waited_says_not_why(tmp_path: Path) -> None:
    """Where nobody was ever served the database may be down as well as the pool empty."""
    alone = _waiting(HIKARI, some_served=False).found(tmp_path / "alone")
    mixed = _waiting(HIKARI, some_served=True).found(tmp_path / "mixed")

    assert alone.cause is None
    assert mixed.cause == "pool_exhausted"


def test_a_breaker_is_known_by_the_members_of_a_record(tmp_path: Path) -> None:
    """A name of a breaker beside a refusal is one of its, and others' tokens show it stuck."""
    audit = "".join(
        f'{{"time":"{moment(300 + 60 * n)}","event":"token_issued","outcome":"success"}}\n'
        for n in range(8)
    )

    assert _breaker().found(tmp_path / "b", audit=audit).cause == "breaker_stuck_open"


def test_an_auth_service_that_nobody_asks_is_not_accused(tmp_path: Path) -> None:
    """An open breaker that lets nothing through for minutes says nothing of what it guards."""
    assert _breaker().found(tmp_path).cause is None


def test_a_breaker_that_guards_something_else_is_not_freed_by_tokens(tmp_path: Path) -> None:
    """What an unnamed breaker guards is what had failed before it opened."""
    log = Incident()
    log.served(0, 60)
    for second in (100, 102, 104):
        log.said(second, "Post https://pay.example/charge: context deadline exceeded")
    for number in range(15):
        log.asked(200 + number * 60, 503, took=0.001, text="circuit breaker is open")
    audit = "".join(
        f'{{"time":"{moment(300 + 60 * n)}","event":"token_issued","outcome":"success"}}\n'
        for n in range(8)
    )

    assert log.found(tmp_path, audit=audit).cause is None


def test_a_refused_client_is_no_silent_auth_service(tmp_path: Path) -> None:
    """Who is answered `invalid_client` was answered, whatever the first words say."""
    log = Incident()
    log.served(0, 60)
    for number in range(12):
        log.asked(100 + number * 60, 502)
        log.said(
            100.02 + number * 60,
            {
                "message": "could not obtain access token: Request failed with status code 401",
                "upstream": "https://auth.example/oauth/token",
                "data": {"error": "invalid_client"},
            },
            severity="ERROR",
        )

    assert log.found(tmp_path).cause is None


SOCKETS: dict[str, Socket] = {
    "said": lambda n: (f"ws_open id=c{n}x", f"websocket closed id=c{n}x code=1006 after 100.0s"),
    "paired by id": lambda n: (
        {"message": "socket opened", "sid": f"c{n}"},
        {"message": "socket closed", "sid": f"c{n}", "code": 1006},
    ),
    "paired by peer": lambda n: (
        f'Started GET "/cable" [WebSocket] for 10.0.0.{n} at noon',
        f'Finished "/cable" [WebSocket] for 10.0.0.{n} at noon',
    ),
    "as a member": lambda n: (
        f"client {n}f3a connected",
        {"message": "websocket closed", "code": 1006, "duration_ms": 100_000 + n},
    ),
}


def _sockets(said: Socket, ages: Callable[[int], float], directory: Path) -> Diagnosis:
    log = Incident()
    log.served(0, 1500, times=20)
    for number in range(12):
        opened, closed = said(number)
        log.said(20 + number * 110, opened, severity="INFO")
        log.said(20 + number * 110 + ages(number), closed, severity="INFO")
    return log.found(directory, bundle={"window": {"start": moment(0), "end": moment(1600)}})


@pytest.mark.parametrize("way", SOCKETS)
def test_a_sockets_age_is_read_from_whatever_tells_it(tmp_path: Path, way: str) -> None:
    """The end of a socket has its age, or its id leads back to its beginning."""
    assert _sockets(SOCKETS[way], lambda _: 100.0, tmp_path).cause == "proxy_timeout"


def test_sockets_of_many_ages_are_no_incident(tmp_path: Path) -> None:
    """People come and go when they like."""
    found = _sockets(SOCKETS["paired by id"], lambda n: 7.0 * (n + 1), tmp_path)

    assert found.verdict is DiagnosisVerdict.NOT_AN_INCIDENT


def test_sockets_that_are_done_are_not_cut_off(tmp_path: Path) -> None:
    """Who ends a socket with 1000 is done with it, though all do so at one age."""
    found = _sockets(
        lambda n: (f"ws_open id=c{n}x", f"websocket closed id=c{n}x code=1000 after 100.0s"),
        lambda _: 100.0,
        tmp_path,
    )

    assert found.verdict is DiagnosisVerdict.NOT_AN_INCIDENT


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        ({"www-authenticate": "Bearer"}, "middleware_order"),
        ({"access-control-allow-origin": "https://web.example"}, None),
        ({}, None),
    ],
)
def test_preflights_are_read_with_the_headers_of_their_answers(
    tmp_path: Path, headers: dict[str, str], cause: str | None
) -> None:
    """A refused preflight whose answer tells a browser nothing met the check before CORS."""
    log = Incident()
    log.served(0, 900, times=15)
    for number in range(12):
        asked = {"method": "OPTIONS", "url": "/orders", "headers": {"origin": "https://a.example"}}
        answer = {"statusCode": 401, "headers": headers}
        meta = {"req": asked, "res": answer, "responseTime": 1}
        log.said(100 + number * 60, {"message": "HTTP OPTIONS /orders", "meta": meta})

    assert log.found(tmp_path).cause == cause


def test_a_redirection_is_found_at_whoever_was_called(tmp_path: Path) -> None:
    """Where only the caller tells of failures, the proxy's record has the hop before each."""
    log = Incident()
    for number in range(12):
        second = 100 + number * 60
        for after, status in ((0.0, 308), (0.5, 401)):
            asked = {"method": "GET", "uri": "/orders/7", "remote_ip": "10.8.0.14"}
            handled = {"msg": "handled request", "request": asked, "status": status}
            log.said(second + after, handled, service="edge", revision="edge-00001-aaa")
        log.said(second + 0.502, {"message": "fetch failed", "error": "status=401"})

    found = log.found(tmp_path, bundle={"service": "orders"})

    assert found.cause == "redirect_drops_authorization"
