"""The transport to the auth service: what counts as no answer, what is tried again, TLS."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fakes.auth_service import FakeAuthService
from fakes.certificates import self_signed
from fakes.log_lines import LogLines, log_lines
from fakes.wired_client import OPERATION, QUICK, assert_not_validated, wired
from netra.clock import SystemClock
from netra.errors import (
    AuthServiceUnreachable,
    ConfigurationInvalid,
)
from netra.wire.auth_api import JWKS_PATH, TOKEN_PATH
from netra_backend.app.clients.auth_client_core import (
    AuthClientCore,
)
from netra_backend.app.clients.circuit_breaker import BreakerState, CircuitBreaker
from netra_backend.app.clients.http_call import AuthCall


@pytest.fixture
def fake() -> FakeAuthService:
    """Give a healthy auth service, not running yet."""
    return FakeAuthService()


@pytest.fixture
def lines() -> Any:
    """Catch the log."""
    with log_lines() as caught:
        yield caught


def _garbage(fake: FakeAuthService) -> str:
    fake.faults.garbage = True
    return "not a JSON document"


def _redirect(fake: FakeAuthService) -> str:
    fake.faults.redirect_to = "https://elsewhere.example/login?ticket=abc"
    return "redirect (302) to https://elsewhere.example/login"


def _error(fake: FakeAuthService) -> str:
    fake.faults.status = 500
    return "answered 500"


def _unavailable(fake: FakeAuthService) -> str:
    fake.faults.status = 503
    return "answered 503"


def _throttled(fake: FakeAuthService) -> str:
    fake.faults.status = 429
    return "answered 429"


def _slow(fake: FakeAuthService) -> str:
    fake.faults.slow_seconds = 30
    return "within"


def _huge(fake: FakeAuthService) -> str:
    fake.faults.huge = True
    return "more than 2 MiB"


def _elsewhere(fake: FakeAuthService) -> str:
    fake.faults.status = 404
    return "answered 404 in an unexpected shape"


@pytest.mark.parametrize(
    "break_it",
    [_garbage, _redirect, _error, _unavailable, _throttled, _slow, _huge, _elsewhere],
)
async def test_every_answer_that_is_none_is_unreachable_with_its_reason(
    fake: FakeAuthService, break_it: Callable[[FakeAuthService], str], lines: LogLines
) -> None:
    """Whatever stands at the address and is no auth service is told apart by its reason."""
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer, timeouts=QUICK) as backend,
    ):
        said = break_it(fake)
        answer = await backend.validate()
        assert_not_validated(answer, "auth_service_unreachable")
        assert said in answer["details"]
        with pytest.raises(AuthServiceUnreachable, match=JWKS_PATH):
            await backend.client.fetch_jwks()

    assert "abc" not in answer["details"]
    assert lines.of("critical_auth_failure") == []


async def test_a_redirect_takes_no_credential_along(fake: FakeAuthService) -> None:
    """The service's secret is not sent to where a redirect points."""
    other = FakeAuthService()
    async with (
        other.running() as elsewhere,
        fake.running() as served,
        wired(served.url, fake.issuer) as backend,
    ):
        fake.faults.redirect_to = elsewhere.url + TOKEN_PATH
        assert_not_validated(await backend.validate(), "auth_service_unreachable")

    assert not other.calls


async def test_what_the_transport_lost_is_tried_again(fake: FakeAuthService) -> None:
    """Two answers of 503 are followed by the good one, inside one call."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        fake.faults.status, fake.faults.times = 503, 2
        answer = await backend.validate()
        assert answer["valid"] is True
        assert backend.breaker.state is BreakerState.CLOSED

    assert fake.calls[TOKEN_PATH] == 3


@pytest.mark.parametrize(("status", "made"), [(500, 1), (404, 1), (502, 3), (504, 3), (429, 3)])
async def test_only_what_may_pass_is_tried_again(
    fake: FakeAuthService, status: int, made: int
) -> None:
    """502, 503, 504 and 429 are tried three times, everything else once."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        fake.faults.status = status
        with pytest.raises(AuthServiceUnreachable):
            await backend.client.fetch_jwks()

    assert fake.calls[JWKS_PATH] == made


async def test_the_wish_to_wait_is_honoured(fake: FakeAuthService) -> None:
    """`Retry-After` sets the pause between attempts."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        fake.faults.status, fake.faults.times, fake.faults.retry_after = 429, 1, "1"
        began = asyncio.get_running_loop().time()
        await backend.client.fetch_jwks()
        took = asyncio.get_running_loop().time() - began

    assert took >= 0.95


async def test_requests_to_slow_down_leave_the_breaker_closed(fake: FakeAuthService) -> None:
    """A 429 is an answer: it does not count."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        fake.faults.status = 429
        for _ in range(4):
            with pytest.raises(AuthServiceUnreachable):
                await backend.core.ask(AuthCall("GET", JWKS_PATH, attempts=1))
        assert backend.breaker.state is BreakerState.CLOSED


async def test_no_error_shows_a_header(fake: FakeAuthService, lines: LogLines) -> None:
    """An error of the HTTP library that quotes the Authorization header is not passed on."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        text = f"Illegal header value {request.headers['authorization']!r}"
        raise httpx2.LocalProtocolError(text, request=request)

    async with wired(
        "http://127.0.0.1:9", fake.issuer, transport=httpx2.MockTransport(refuse)
    ) as backend:
        answer = await backend.validate()
        with pytest.raises(AuthServiceUnreachable) as raised:
            await backend.client.service_principal(OPERATION)

    assert_not_validated(answer, "auth_service_unreachable")
    assert "could not be written as HTTP" in answer["details"]
    error: BaseException | None = raised.value
    while error is not None:
        assert "Basic" not in str(error)
        assert not isinstance(error, httpx2.HTTPError)
        error = error.__context__
    assert "Basic " not in lines.text


async def test_a_closed_client_says_that_it_stops(fake: FakeAuthService) -> None:
    """After shutdown a call is an answer, not a library's fault."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        await backend.core.aclose()
        assert_not_validated(await backend.validate(), "auth_service_unreachable")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8001", "ftp://auth", "http://"])
def test_an_address_that_is_none_is_a_configuration_error(url: str) -> None:
    """A client is not made for an address it cannot call."""
    clock = SystemClock()
    with pytest.raises(ConfigurationInvalid, match="AUTH_SERVICE_URL"):
        AuthClientCore(url, clock=clock, breaker=CircuitBreaker("auth_service", clock))


def test_a_certificate_file_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    """A missing or malformed file of authorities names its variable."""
    clock = SystemClock()
    malformed = tmp_path / "ca.pem"
    malformed.write_text("no certificate")
    for path in (tmp_path / "absent.pem", malformed):
        with pytest.raises(ConfigurationInvalid, match="AUTH_CA_PATH"):
            AuthClientCore(
                "https://127.0.0.1",
                clock=clock,
                breaker=CircuitBreaker("auth_service", clock),
                ca_path=str(path),
            )


async def test_a_certificate_nobody_vouches_for_is_refused(
    fake: FakeAuthService, tmp_path: Path
) -> None:
    """There is no way to call an https address without verifying its certificate."""
    files = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    server = await asyncio.start_server(_never_answers, "127.0.0.1", 0, ssl=context)
    async with server, wired(_https(server), fake.issuer, timeouts=QUICK) as backend:
        answer = await backend.validate()

    assert_not_validated(answer, "auth_service_unreachable")
    assert "certificate refused: self-signed certificate" in answer["details"]


async def _never_answers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def _https(server: asyncio.Server) -> str:
    return f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
