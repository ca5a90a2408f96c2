"""The service's own credential: one call for everybody, kept, renewed, dropped."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from fakes.clock import ManualClock
from fakes.issuer import Issuer
from fakes.log_lines import log_lines
from netra.principal import ServiceIdentity, ServicePrincipal
from netra.secret import Secret
from netra.tokens import RevocationSet, principal_of
from netra_backend.app.clients import service_validation as answers
from netra_backend.app.clients.credential_alarm import CredentialAlarm
from netra_backend.app.clients.service_credential import (
    CredentialOutcome,
    CredentialStatus,
    ServiceCredential,
)
from netra_backend.app.clients.service_validation import CredentialFailure, ProvenCredential

IDENTITY = ServiceIdentity("netra-backend")
REFUSED = answers.refused(IDENTITY, "http://auth", "invalid_client")
UNREACHABLE = answers.unreachable("http://auth", "no connection", 2)


class Auth:
    """What the auth service would say; counts how often it was asked."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._issuer = Issuer(clock)
        self.calls = 0
        self.failure: CredentialFailure | None = None
        self.fault: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.seen_context: dict[str, object] = {}

    async def prove(self) -> CredentialOutcome:
        """Prove the service once."""
        self.calls += 1
        self.seen_context = get_contextvars()
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        if self.failure is not None:
            return self.failure
        token = self._issuer.service_token()
        claims = await self._issuer.verifier().verify(token)
        principal = principal_of(claims)
        assert isinstance(principal, ServicePrincipal)
        return ProvenCredential.of(Secret(token), claims, principal, self._clock.timestamp())


def middle(low: float, high: float) -> float:
    """Draw no lot: take the middle."""
    return (low + high) / 2


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


@pytest.fixture
def auth(clock: ManualClock) -> Auth:
    """Give an auth service that says yes."""
    return Auth(clock)


@pytest.fixture
def credential(auth: Auth, clock: ManualClock) -> ServiceCredential:
    """Give a credential that was never proven."""
    return ServiceCredential(auth.prove, clock, on_outcome=lambda _: None, between=middle)


async def settle(condition: Callable[[], bool]) -> None:
    """Let the tasks under way go on until a condition holds."""
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("the condition never held")


async def test_a_thousand_cold_callers_make_one_call(
    credential: ServiceCredential, auth: Auth
) -> None:
    """However many ask at once, the auth service is asked once (checklist 49)."""
    auth.gate = asyncio.Event()
    callers = [asyncio.create_task(credential.outcome()) for _ in range(1000)]
    await settle(lambda: auth.calls > 0)
    auth.gate.set()
    outcomes = await asyncio.gather(*callers)

    assert auth.calls == 1
    assert all(isinstance(outcome, ProvenCredential) for outcome in outcomes)


async def test_a_thousand_cold_callers_share_one_failure(
    credential: ServiceCredential, auth: Auth
) -> None:
    """A refusal, too, is fetched once."""
    auth.failure, auth.gate = REFUSED, asyncio.Event()
    callers = [asyncio.create_task(credential.outcome()) for _ in range(1000)]
    await settle(lambda: auth.calls > 0)
    auth.gate.set()

    assert set(await asyncio.gather(*callers)) == {REFUSED}
    assert auth.calls == 1


async def test_a_cancelled_caller_takes_nobody_with_it(
    credential: ServiceCredential, auth: Auth
) -> None:
    """The call goes on when the caller that began it gives up."""
    auth.gate = asyncio.Event()
    first = asyncio.create_task(credential.outcome())
    await settle(lambda: auth.calls > 0)
    second = asyncio.create_task(credential.outcome())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    auth.gate.set()

    assert isinstance(await second, ProvenCredential)
    assert first.cancelled()
    assert auth.calls == 1


async def test_a_call_everybody_gave_up_on_is_still_of_use(
    credential: ServiceCredential, auth: Auth
) -> None:
    """What comes after all callers are gone is kept for the next one."""
    auth.gate = asyncio.Event()
    only = asyncio.create_task(credential.outcome())
    await settle(lambda: auth.calls > 0)
    only.cancel()
    await asyncio.gather(only, return_exceptions=True)
    auth.gate.set()
    await settle(lambda: credential.proven() is not None)

    assert auth.calls == 1


async def test_renewal_comes_before_the_end_and_nobody_waits_for_it(
    credential: ServiceCredential, auth: Auth, clock: ManualClock
) -> None:
    """At seven tenths of its life one call renews it; callers go on with the old one."""
    first = await credential.outcome()
    clock.advance(209)
    assert credential.proven() is first
    await asyncio.sleep(0)
    assert auth.calls == 1

    clock.advance(2)
    auth.gate = asyncio.Event()
    assert [credential.proven() for _ in range(100)] == [first] * 100
    await settle(lambda: auth.calls == 2)
    auth.gate.set()
    await settle(lambda: credential.proven() is not first)

    assert auth.calls == 2


async def test_renewal_is_spread_over_replicas(auth: Auth, clock: ManualClock) -> None:
    """The moment of renewal is drawn anew for each token, between six and eight tenths."""
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    credential = ServiceCredential(auth.prove, clock, on_outcome=lambda _: None, between=draw)
    await credential.outcome()

    assert drawn == [(0.6, 0.8)]


async def test_an_expired_credential_is_given_to_nobody(
    credential: ServiceCredential, auth: Auth, clock: ManualClock
) -> None:
    """After its life callers wait for a new one."""
    first = await credential.outcome()
    clock.advance(300)
    assert credential.proven() is None
    assert credential.state.status is CredentialStatus.UNPROVEN

    second = await credential.outcome()

    assert second is not first
    assert auth.calls == 2


async def test_setting_the_wall_clock_ahead_ends_it(
    credential: ServiceCredential, auth: Auth, clock: ManualClock
) -> None:
    """A credential whose `exp` has passed by the wall clock is not used, however young."""
    await credential.outcome()
    clock.jump(301)

    assert credential.proven() is None
    await credential.outcome()
    assert auth.calls == 2


async def test_a_refusal_is_remembered_for_ten_seconds(
    credential: ServiceCredential, auth: Auth, clock: ManualClock
) -> None:
    """A refused secret is not sent again and again."""
    auth.failure = REFUSED
    for _ in range(50):
        assert await credential.outcome() is REFUSED
    assert auth.calls == 1
    assert credential.state.status is CredentialStatus.REFUSED

    clock.advance(10)
    auth.failure = None

    assert isinstance(await credential.outcome(), ProvenCredential)
    assert auth.calls == 2


async def test_a_refusal_ends_what_is_held(
    credential: ServiceCredential, auth: Auth, clock: ManualClock
) -> None:
    """A service that was disabled stops as soon as its renewal is refused (checklist 48)."""
    await credential.outcome()
    clock.advance(220)
    auth.failure = REFUSED
    credential.proven()
    await settle(lambda: credential.proven() is None)

    assert await credential.outcome() is REFUSED


async def test_an_unreachable_auth_service_does_not_end_what_is_held(
    credential: ServiceCredential, auth: Auth, clock: ManualClock
) -> None:
    """What was proven stays so until it expires, and renewal is tried again after a pause."""
    first = await credential.outcome()
    clock.advance(220)
    auth.failure = UNREACHABLE
    for _ in range(100):
        assert credential.proven() is first
        await asyncio.sleep(0)
    assert auth.calls == 2
    assert credential.state.status is CredentialStatus.PROVEN
    assert credential.state.failure is UNREACHABLE

    clock.advance(5)
    auth.failure = None
    credential.proven()
    await settle(lambda: credential.proven() is not first)
    assert credential.state.failure is None


async def test_an_unreachable_auth_service_is_asked_again_at_once(
    credential: ServiceCredential, auth: Auth
) -> None:
    """Not reaching it is not remembered here: the breaker keeps callers away."""
    auth.failure = UNREACHABLE
    assert await credential.outcome() is UNREACHABLE
    assert credential.state.status is CredentialStatus.UNREACHABLE
    auth.failure = None

    assert isinstance(await credential.outcome(), ProvenCredential)


async def test_a_revoked_credential_is_replaced(auth: Auth, clock: ManualClock) -> None:
    """A token of ours that the feed revokes is used no more (checklist 48)."""
    revocations = RevocationSet()
    credential = ServiceCredential(
        auth.prove, clock, on_outcome=lambda _: None, revocations=revocations
    )
    first = await credential.outcome()
    assert isinstance(first, ProvenCredential)
    now = clock.timestamp()
    revocations.apply([("token", first.principal.token_id, now, now + 300)])

    assert credential.proven() is None
    assert await credential.outcome() is not first


async def test_forgetting_drops_that_token_and_no_other(
    credential: ServiceCredential, auth: Auth
) -> None:
    """Of many callers whose token was refused, the late ones do not drop the new token."""
    first = await credential.outcome()
    assert isinstance(first, ProvenCredential)
    credential.forget(first.token)
    second = await credential.outcome()
    credential.forget(first.token)

    assert credential.proven() is second
    assert auth.calls == 2


async def test_closing_tells_who_waits(credential: ServiceCredential, auth: Auth) -> None:
    """At shutdown a caller gets an answer, not a cancellation."""
    auth.gate = asyncio.Event()
    waiting = asyncio.create_task(credential.outcome())
    await settle(lambda: auth.calls > 0)
    await credential.aclose()

    outcome = await waiting
    assert isinstance(outcome, CredentialFailure)
    assert "stopping" in outcome.details
    assert await credential.outcome() == outcome


async def test_a_fault_of_ours_reaches_the_caller_and_the_log(
    credential: ServiceCredential, auth: Auth
) -> None:
    """An unexpected error is neither swallowed nor taken for a refusal."""
    auth.fault = RuntimeError("a bug")
    with log_lines() as lines:
        with pytest.raises(RuntimeError, match="a bug"):
            await credential.outcome()
        await asyncio.sleep(0)

    assert lines.of("service_credential_fault")[0]["error_type"] == "RuntimeError"
    assert credential.state.status is CredentialStatus.UNPROVEN


async def test_it_is_proven_outside_the_request_that_asked(
    credential: ServiceCredential, auth: Auth
) -> None:
    """Nothing logged while proving carries a user's request id."""
    with bound_contextvars(request_id="req_of_alice"):
        await credential.outcome()

    assert auth.seen_context == {}


async def test_a_wrong_secret_is_one_critical_event_a_minute(
    auth: Auth, clock: ManualClock
) -> None:
    """Ten minutes of a refused secret are ten events that say what is wrong, not a flood."""
    auth.failure = REFUSED
    with log_lines() as lines:
        credential = ServiceCredential(
            auth.prove, clock, on_outcome=CredentialAlarm(IDENTITY, clock), between=middle
        )
        with bound_contextvars(request_id="req_of_alice"):
            for _ in range(600):
                await credential.outcome()
                clock.advance(1)

    events = lines.of("critical_auth_failure")
    assert auth.calls == 60
    assert len(events) == 10
    for event in events:
        assert event["severity"] == "CRITICAL"
        assert event["message"].startswith("CRITICAL_AUTH_FAILURE: ")
        assert "SERVICE_SECRET of netra-backend" in event["error_context"]["error_message"]
        assert event["error_context"]["user_id"] == "service:netra-backend"
        assert event["auth_state"]["user_type"] == "service"
        assert event["auth_state"]["is_service_call"] is True
        assert "registered for SERVICE_ID netra-backend" in event["debug_hints"][0]
        assert "request_id" not in event
    assert "not logged: 5" in events[1]["debug_hints"][-1]


async def test_recovery_is_said_once(auth: Auth, clock: ManualClock) -> None:
    """When the secret is right again one event says so."""
    auth.failure = REFUSED
    with log_lines() as lines:
        credential = ServiceCredential(
            auth.prove, clock, on_outcome=CredentialAlarm(IDENTITY, clock), between=middle
        )
        await credential.outcome()
        clock.advance(11)
        auth.failure = None
        await credential.outcome()
        clock.advance(300)
        await credential.outcome()

    assert len(lines.of("service_credential_recovered")) == 1


async def test_an_unreachable_auth_service_raises_no_alarm(auth: Auth, clock: ManualClock) -> None:
    """Nobody's credential is at fault when there is no answer."""
    auth.failure = UNREACHABLE
    with log_lines() as lines:
        credential = ServiceCredential(
            auth.prove, clock, on_outcome=CredentialAlarm(IDENTITY, clock)
        )
        await credential.outcome()

    assert lines.all() == []


async def test_the_token_is_in_no_repr(credential: ServiceCredential) -> None:
    """A proven credential does not show its token."""
    outcome = await credential.outcome()
    assert isinstance(outcome, ProvenCredential)

    assert outcome.token.reveal() not in repr(outcome)
    assert outcome.token.reveal().split(".")[2] not in repr(outcome)
