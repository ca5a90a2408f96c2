"""The client of the auth service, against a fake one on a real socket."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from fakes.auth_service import BACKEND_SECRET, FakeAuthService
from fakes.clock import ManualClock
from fakes.issuer import Issuer
from fakes.log_lines import LogLines, log_lines
from fakes.timing import UNIT, eventually
from fakes.wired_client import IDENTITY, OPERATION, QUICK, Wired, assert_not_validated, wired
from netra.clock import SystemClock
from netra.errors import (
    AuthServiceUnreachable,
    OwnCredentialUnproven,
)
from netra.principal import UserPrincipal
from netra.secret import Secret
from netra.tokens import (
    TokenRejected,
    principal_of,
)
from netra.wire.auth_api import (
    JWKS_PATH,
    REVOCATIONS_PATH,
    TOKEN_PATH,
    RevocationKind,
    SubjectStanding,
)
from netra_backend.app.clients.circuit_breaker import BreakerState
from netra_backend.app.clients.service_credential import CredentialStatus


@pytest.fixture
def fake() -> FakeAuthService:
    """Give a healthy auth service, not running yet."""
    return FakeAuthService()


@pytest.fixture
def lines() -> Any:
    """Catch the log."""
    with log_lines() as caught:
        yield caught


async def test_a_proven_credential_is_answered_as_the_specification_has_it(
    fake: FakeAuthService,
) -> None:
    """The answer has exactly the members of R2, after one call to the auth service."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        answer = await backend.validate()

    assert answer.pop("expires_at").endswith("Z")
    assert answer == {
        "valid": True,
        "user_id": "service:netra-backend",
        "authentication_method": "service_to_service",
        "service_id": "netra-backend",
        "operation": OPERATION,
        "permissions": sorted(fake.scopes),
    }
    assert fake.calls[TOKEN_PATH] == 1


async def test_a_thousand_concurrent_cold_callers_make_one_call(fake: FakeAuthService) -> None:
    """One token request and one key request serve everybody (checklist 49)."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        answers = await asyncio.gather(*(backend.validate() for _ in range(1000)))

    assert all(answer["valid"] for answer in answers)
    assert fake.calls == {TOKEN_PATH: 1, JWKS_PATH: 1}


@pytest.mark.parametrize("kind", ["wrong", "unknown"])
async def test_a_refused_credential(fake: FakeAuthService, kind: str, lines: LogLines) -> None:
    """A wrong secret and an unknown service have one answer; it is logged as critical, once."""
    fake.secrets = {"netra-backend": Secret("another")} if kind == "wrong" else {}
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        for _ in range(20):
            assert_not_validated(await backend.validate(), "service_credential_refused")
        state = backend.client.credential_state
        with pytest.raises(OwnCredentialUnproven) as raised:
            await backend.client.service_principal(OPERATION)

    assert fake.calls[TOKEN_PATH] == 1
    assert state.status is CredentialStatus.REFUSED
    assert raised.value.status == 503
    assert len(lines.of("critical_auth_failure")) == 1
    assert BACKEND_SECRET.reveal() not in lines.text


async def test_a_missing_secret(fake: FakeAuthService, lines: LogLines) -> None:
    """Without a secret nobody is asked."""
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer, secret=None) as backend,
    ):
        assert_not_validated(await backend.validate(), "service_secret_missing")
        assert backend.client.credential_state.status is CredentialStatus.MISSING

    assert not fake.calls
    assert (
        "AuthServiceClient initialized - Service ID: netra-backend, "
        "Service Secret configured: False" in lines.messages()
    )
    assert not any("Loaded SERVICE_SECRET" in message for message in lines.messages())


@pytest.mark.parametrize("asked", ["netra-ops", "service:netra-backend", "", "usr_alice"])
async def test_a_foreign_service_id(fake: FakeAuthService, asked: str) -> None:
    """This process proves no other service, and asks nobody about one."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        assert_not_validated(await backend.validate(asked), "foreign_service_id")

    assert not fake.calls


async def test_an_unreachable_auth_service(fake: FakeAuthService) -> None:
    """No connection is its own answer, and names the address."""
    url = f"http://127.0.0.1:{_closed_port()}"
    async with wired(url, fake.issuer) as backend:
        answer = await backend.validate()
        assert_not_validated(answer, "auth_service_unreachable")
        assert url in answer["details"]
        assert "connection refused" in answer["details"]
        assert backend.client.credential_state.status is CredentialStatus.UNREACHABLE
        with pytest.raises(AuthServiceUnreachable):
            await backend.client.service_principal(OPERATION)


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    "craft",
    [
        lambda issuer: issuer.user_token(),
        lambda issuer: issuer.service_token("netra-ops"),
        lambda issuer: issuer.service_token(audience=("netra-auth",)),
        lambda issuer: issuer.service_token(lifetime=3),
        lambda _: "garbage",
        lambda issuer: Issuer(SystemClock(), issuer.url).service_token(),
    ],
)
async def test_a_token_that_does_not_verify(
    fake: FakeAuthService, craft: Callable[[Issuer], str], lines: LogLines
) -> None:
    """What the auth service gives is judged as strictly as any caller's token."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        fake.token_override = craft(fake.issuer)
        assert_not_validated(await backend.validate(), "service_token_invalid")
        assert_not_validated(await backend.validate(), "service_token_invalid")

    assert fake.calls[TOKEN_PATH] == 1
    assert len(lines.of("critical_auth_failure")) == 1
    assert fake.token_override not in lines.text


async def test_an_audience_that_is_not_registered(fake: FakeAuthService) -> None:
    """A refusal for another reason than the secret says which."""
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer, audience="somewhere-else") as backend,
    ):
        answer = await backend.validate()

    assert_not_validated(answer, "service_credential_refused")
    assert "invalid_target" in answer["details"]


async def test_a_refused_secret_is_sent_once(fake: FakeAuthService) -> None:
    """A 401 is not tried again."""
    fake.secrets = {}
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        await backend.validate()

    assert fake.calls[TOKEN_PATH] == 1


@pytest.mark.parametrize("count", [3, 50])
async def test_bad_tokens_leave_the_breaker_closed(fake: FakeAuthService, count: int) -> None:
    """Bad tokens from anyone, forged key ids included, lock nobody out."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        good = fake.issuer.user_token()
        forger = Issuer(SystemClock(), fake.issuer.url)
        for number in range(count):
            forger.rotate()
            for bad in ("garbage", forger.user_token(), good[:-8] + "AAAAAAAA"):
                with pytest.raises(TokenRejected):
                    await backend.verifier.verify(bad)
            assert backend.breaker.state is BreakerState.CLOSED, number

        assert isinstance(principal_of(await backend.verifier.verify(good)), UserPrincipal)
        assert (await backend.validate())["valid"] is True
    assert fake.calls[JWKS_PATH] <= 2 + count


async def test_the_service_going_down_for_a_while(fake: FakeAuthService) -> None:
    """Known users go on, unknown keys are 503, and it recovers by itself (checklist 22)."""
    clock = ManualClock()
    fake.clock, fake.issuer = clock, Issuer(clock)
    port = _closed_port()
    fake.issuer.url = f"http://127.0.0.1:{port}"
    async with wired(fake.issuer.url, fake.issuer, clock=clock) as backend:
        async with fake.running(port):
            known = fake.issuer.user_token()
            await backend.verifier.verify(known)
            held = await backend.validate()
        await _while_it_is_down(fake, backend, clock, known, held)
        assert backend.breaker.state is BreakerState.OPEN

        async with fake.running(port):
            clock.advance(11)
            claims = await backend.verifier.verify(fake.issuer.user_token())
            assert isinstance(principal_of(claims), UserPrincipal)
            assert str(backend.breaker.state) == "closed"


async def _while_it_is_down(
    fake: FakeAuthService, backend: Wired, clock: ManualClock, known: str, held: object
) -> None:
    fake.issuer.rotate()
    unknown = fake.issuer.user_token()
    for _ in range(6):
        clock.advance(1)
        with pytest.raises(AuthServiceUnreachable) as refused:
            await backend.verifier.verify(unknown)
        assert refused.value.status == 503
        assert refused.value.retry_after >= 1
        await backend.verifier.verify(known)
        assert await backend.validate() == held


async def test_an_open_breaker_keeps_callers_away(fake: FakeAuthService) -> None:
    """After three failures nobody waits for a connection, and the answer says when to come."""
    async with wired(f"http://127.0.0.1:{_closed_port()}", fake.issuer) as backend:
        for _ in range(3):
            await backend.validate()
        began = asyncio.get_running_loop().time()
        answers = [await backend.validate() for _ in range(100)]
        took = asyncio.get_running_loop().time() - began

    assert {answer["error"] for answer in answers} == {"auth_service_unreachable"}
    assert "circuit breaker" in answers[0]["details"]
    assert took < 0.5 * UNIT


async def test_a_refused_bearer_is_replaced_once(fake: FakeAuthService) -> None:
    """On 401 the client gets one new token and asks again (checklist 49)."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        await backend.validate()
        fake.refuse_next_bearer = True
        page = await backend.client.revocations_after(0, 0)

    assert page.items == ()
    assert fake.calls[TOKEN_PATH] == 2
    assert fake.calls[REVOCATIONS_PATH] == 2


async def test_a_denied_feed_is_not_tried_again(fake: FakeAuthService) -> None:
    """On 403 nothing is minted anew, and the error names what is missing (checklist 49)."""
    fake.scopes = frozenset({"profile:read"})
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        with pytest.raises(OwnCredentialUnproven, match="revocations:read"):
            await backend.client.revocations_after(0, 0)

    assert fake.calls[TOKEN_PATH] == 1
    assert fake.calls[REVOCATIONS_PATH] == 1


async def test_the_feed_is_held_until_something_is_revoked(fake: FakeAuthService) -> None:
    """A long poll is answered as soon as there is an entry, beyond the ordinary read timeout."""
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer, timeouts=QUICK) as backend,
    ):
        poll = asyncio.create_task(backend.client.revocations_after(0, 10))
        await eventually(lambda: fake.calls[REVOCATIONS_PATH] == 1, within=5 * UNIT)
        await asyncio.wait((poll,), timeout=QUICK.read * 2)
        assert not poll.done()
        await fake.revoke(RevocationKind.SESSION, "ses_alice")
        page = await asyncio.wait_for(poll, 2 * UNIT)

    assert [(item.kind, item.identifier) for item in page.items] == [("session", "ses_alice")]
    assert page.next_after == 1


async def test_a_secret_with_every_character_arrives(fake: FakeAuthService) -> None:
    """The secret is form-url-encoded in the Basic credential (checklist 27)."""
    secret = Secret("a b%+:/&=?é\u2603" + "x" * 32)
    fake.secrets = {"netra-backend": secret}
    async with fake.running() as served, wired(served.url, fake.issuer, secret=secret) as backend:
        assert (await backend.validate())["valid"] is True


async def test_the_start_is_logged_as_the_documents_have_it(
    fake: FakeAuthService, lines: LogLines
) -> None:
    """The four sentences of a start are there, in words and order, and no secret with them."""
    async with wired("http://127.0.0.1:1", fake.issuer):
        configured = "Service Secret configured: True"

    assert lines.messages()[:4] == [
        "Circuit breaker 'auth_service' initialized: threshold=3",
        "AuthClientCore initialized successfully",
        "Loaded SERVICE_SECRET from IsolatedEnvironment (SSOT compliant)",
        f"AuthServiceClient initialized - Service ID: {IDENTITY.service_id}, {configured}",
    ]


async def test_a_refused_token_is_replaced_once_for_a_standing(fake: FakeAuthService) -> None:
    """One 401 costs one new token, and the answer comes all the same (checklist 49)."""
    fake.standings["usr_disabled"] = SubjectStanding.DISABLED
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        fake.refuse_next_bearer = True
        standing = await backend.client.subject_standing("usr_disabled")

    assert standing is SubjectStanding.DISABLED
    assert fake.calls[TOKEN_PATH] == 2


@pytest.mark.parametrize("status", [404, 429, 500, 503])
async def test_no_answer_about_a_person_is_not_gone(fake: FakeAuthService, status: int) -> None:
    """An auth service that is down, busy or without the route says nothing of anybody (48)."""
    async with fake.running() as served, wired(served.url, fake.issuer, timeouts=QUICK) as backend:
        await backend.client.service_principal(OPERATION)
        fake.faults.status = status
        with pytest.raises(AuthServiceUnreachable):
            await backend.client.subject_standing("usr_alice")


async def test_a_garbled_standing_is_no_answer(fake: FakeAuthService) -> None:
    """A page of a network's login portal is not an answer about a person."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        await backend.client.service_principal(OPERATION)
        fake.faults.garbage = True
        with pytest.raises(AuthServiceUnreachable):
            await backend.client.subject_standing("usr_alice")


async def test_a_standing_without_own_credential_is_undecided(fake: FakeAuthService) -> None:
    """A service that cannot prove itself learns nothing, and calls nobody gone."""
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer, secret=Secret("another")) as backend,
    ):
        with pytest.raises(OwnCredentialUnproven):
            await backend.client.subject_standing("usr_alice")


@pytest.mark.parametrize("user_id", ["../token", "usr_a/../b", "usr_a?x=1", "usr_a#b", "%2e%2e"])
async def test_an_id_is_one_part_of_the_path(fake: FakeAuthService, user_id: str) -> None:
    """An id with characters of a path is asked about as it is, or not answered; never another."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        try:
            standing = await backend.client.subject_standing(user_id)
        except AuthServiceUnreachable:
            standing = None

    assert standing in {None, SubjectStanding.ACTIVE}
    assert all(path in {TOKEN_PATH, JWKS_PATH} or "/subjects/" in path for path in fake.calls)
    assert fake.calls[TOKEN_PATH] == 1
