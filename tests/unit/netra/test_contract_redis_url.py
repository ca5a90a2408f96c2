"""What LIMITS_REDIS_URL may be."""

import pytest

from netra.contract.flaws import ViolationKind
from netra.contract.urls.redis_url import RedisUrl


@pytest.mark.parametrize(
    "value",
    [
        "redis://127.0.0.1",
        "redis://127.0.0.1:6379/0",
        "redis://[::1]:6379/15",
        "redis://:Zk3vTq9mXs2Rb7Nf@redis.example.org:6379",
        "rediss://netra:Zk3vTq9mXs2Rb7Nf@redis.example.org/2",
    ],
)
def test_a_good_url_is_taken(value: str) -> None:
    """One Redis with or without TLS, user, password, port and number."""
    assert RedisUrl().flaw(value, deployed=True) is None


@pytest.mark.parametrize(
    "value",
    [
        "redis",
        "redis://",
        "redis:///0",
        "http://127.0.0.1:6379",
        "unix:///run/redis.sock",
        "redis+sentinel://a:1,b:2/name",
        "redis://127.0.0.1:port",
        "redis://127.0.0.1:99999",
        "redis://127.0.0.1/zero",
        "redis://127.0.0.1/1/2",
        "redis://127.0.0.1/\u0661",
        "redis://127.0.0.1?db=1",
        "redis://127.0.0.1/0#x",
        "redis://[::1",
    ],
)
def test_anything_else_is_malformed(value: str) -> None:
    """The flaw names the form."""
    flaw = RedisUrl().flaw(value, deployed=False)

    assert flaw is not None
    assert flaw.problem is ViolationKind.MALFORMED
    assert "redis://HOST[:PORT][/NUMBER]" in flaw.fix


def test_a_flaw_never_shows_the_value() -> None:
    """Neither the password nor any other part is told."""
    flaw = RedisUrl().flaw("redis://ada:Zk3vTq9mXs2Rb7Nf@secret-host/x", deployed=True)

    assert flaw is not None
    assert not any(part in f"{flaw.says} {flaw.fix}" for part in ("ada", "Zk3vTq", "secret-host"))


@pytest.mark.parametrize("password", ["changeme", "password", "netra"])
def test_a_default_password_is_refused_where_deployed(password: str) -> None:
    """A well-known password, or the user's own name, is good for a local Redis only."""
    value = f"redis://netra:{password}@redis.example.org:6379/0"

    flaw = RedisUrl().flaw(value, deployed=True)

    assert flaw is not None
    assert flaw.problem is ViolationKind.PLACEHOLDER
    assert RedisUrl().flaw(value, deployed=False) is None
