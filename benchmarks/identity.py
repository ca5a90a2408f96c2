"""What identity costs: each figure beside a bare baseline measured in the same run.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/identity.py`.
"""

import asyncio
import time
from collections.abc import Callable
from statistics import median

from joserfc import jwt
from joserfc.jwk import ECKey

from fakes.access_tokens import KEYS, NOW, RULES, SIGNING_KEY, user_claims
from fakes.auth_service import BACKEND_SECRET, FakeAuthService
from netra.clock import SystemClock
from netra.isolated_environment import IsolatedEnvironment, replaced_environment
from netra.principal import ServiceIdentity
from netra.tokens import issue_access_token, verify_access_token
from netra_backend.app.clients.auth_client_core import AuthClientCore, AuthServiceClient
from netra_backend.app.clients.circuit_breaker import CircuitBreaker
from netra_backend.app.dependencies import get_service_user_context

_ROUNDS = 7
_COLD_CALLERS = 1000


def _microseconds(work: Callable[[], object], times: int) -> float:
    """Give the median over rounds of the time of one call."""
    rounds = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            work()
        rounds.append((time.perf_counter() - begun) / times * 1e6)
    return median(rounds)


def _print(what: str, ours: float, baseline_name: str, baseline: float) -> None:
    print(
        f"{what:<44} {ours:8.2f} us   {baseline_name} {baseline:8.2f} us   x{ours / baseline:.2f}"
    )


def service_user_context() -> None:
    with replaced_environment(IsolatedEnvironment.of({"SERVICE_ID": "netra-backend"})):
        ours = _microseconds(get_service_user_context, 100_000)
    values = {"SERVICE_ID": "netra-backend"}
    bare = _microseconds(lambda: f"service:{values['SERVICE_ID']}", 100_000)
    _print("get_service_user_context()", ours, "a dict lookup and an f-string", bare)


def token_verification() -> None:
    token = issue_access_token(user_claims(), SIGNING_KEY)
    ours = _microseconds(lambda: verify_access_token(token, KEYS, RULES, NOW + 1), 1000)
    key = ECKey.import_key({**SIGNING_KEY.public_jwk()})
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(NOW) + 1,
        iss={"essential": True, "value": RULES.issuer},
        aud={"essential": True, "value": RULES.audience},
        exp={"essential": True},
    )

    def bare() -> None:
        registry.validate(jwt.decode(token, key, algorithms=["ES256"]).claims)

    _print(
        "verify_access_token(), ES256", ours, "joserfc decode + claims", _microseconds(bare, 1000)
    )


async def service_validation() -> None:
    clock = SystemClock()
    auth = FakeAuthService(clock)
    async with auth.running() as served:
        core = AuthClientCore(
            served.url, clock=clock, breaker=CircuitBreaker("auth_service", clock)
        )
        client = AuthServiceClient(
            core,
            ServiceIdentity("netra-backend"),
            BACKEND_SECRET,
            auth.issuer.verifier(),
            clock,
            audience="netra-backend",
        )

        async def validate() -> None:
            answer = await client.validate_service_user_context(
                "netra-backend", "database_session_creation"
            )
            assert answer["valid"], answer

        await asyncio.gather(*(validate() for _ in range(_COLD_CALLERS)))
        print(f"{_COLD_CALLERS} cold callers made {auth.calls['/token']} call to the auth service")
        ours = await _awaited(validate, 20_000)
        bare = await _awaited(_nothing, 20_000)
        _print("validate_service_user_context(), warm", ours, "an empty coroutine", bare)
        await client.aclose()
        await core.aclose()


async def _nothing() -> None:
    """Do nothing, so that only the call itself is measured."""


async def _awaited(work: Callable[[], object], times: int) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            await work()  # type: ignore[misc]  # Both measured functions give coroutines.
        rounds.append((time.perf_counter() - begun) / times * 1e6)
    return median(rounds)


if __name__ == "__main__":
    service_user_context()
    token_verification()
    asyncio.run(service_validation())
