"""Tests of `netra.tokens.verifier`: keys, rules, clock and revocations put together."""

import pytest

from fakes.access_tokens import (
    KEYS,
    NOW,
    RULES,
    SIGNING_KEY,
    header_of,
    signed,
    user_claims,
    user_payload,
)
from fakes.clock import ManualClock
from netra.errors import AuthServiceUnreachable
from netra.tokens import (
    AccessTokenVerifier,
    FixedKeySource,
    KeySet,
    RevocationSet,
    SigningKey,
    TokenRejected,
    UnknownKey,
    issue_access_token,
)


class WatchedSource:
    """Says which keys were asked for."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._failure = failure

    async def keys_for(self, kid: str) -> KeySet:
        """Give the tests' keys."""
        self.asked.append(kid)
        if self._failure is not None:
            raise self._failure
        return KEYS


def verifier(
    source: FixedKeySource | WatchedSource,
    *,
    revocations: RevocationSet | None = None,
    clock: ManualClock | None = None,
) -> AccessTokenVerifier:
    """Make a verifier with the tests' rules."""
    return AccessTokenVerifier(source, RULES, clock or ManualClock(NOW), revocations)


async def test_a_good_token_gives_its_claims() -> None:
    """Key found, signature right, claims allowed, not revoked."""
    source = WatchedSource()
    token = issue_access_token(user_claims(), SIGNING_KEY)

    assert await verifier(source, revocations=RevocationSet()).verify(token) == user_claims()
    assert source.asked == [SIGNING_KEY.kid]


async def test_the_clock_decides_when_a_token_ends() -> None:
    """The same verifier refuses the same token once its time has come."""
    clock = ManualClock(NOW)
    checked = verifier(FixedKeySource(KEYS), clock=clock)
    token = issue_access_token(user_claims(), SIGNING_KEY)
    await checked.verify(token)

    clock.advance(311)

    with pytest.raises(TokenRejected, match="expired"):
        await checked.verify(token)


async def test_a_revoked_token_is_refused() -> None:
    """A revocation ends access at once (checklist 48)."""
    revocations = RevocationSet()
    checked = verifier(FixedKeySource(KEYS), revocations=revocations)
    token = issue_access_token(user_claims(), SIGNING_KEY)
    await checked.verify(token)

    revocations.apply([("session", "ses_01k9anna", NOW, NOW + 300)])

    with pytest.raises(TokenRejected, match="revoked"):
        await checked.verify(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        "x" * 10_000,
        signed(user_payload(), header=header_of(SIGNING_KEY, alg="none")),
        signed(user_payload(), header=header_of(SIGNING_KEY, alg="HS256")),
        signed(user_payload(), header=header_of(SIGNING_KEY, typ="JWT")),
        signed(user_payload(), header=header_of(SIGNING_KEY, jku="https://evil.example")),
        signed(user_payload(), header=header_of(SIGNING_KEY, kid="a\nb")),
    ],
    ids=["empty", "garbage", "three parts", "long", "none", "HS256", "JWT", "jku", "kid"],
)
async def test_a_token_without_the_right_form_asks_nobody_for_keys(token: str) -> None:
    """Forged forms never cause a fetch (checklist 4, 21)."""
    source = WatchedSource()

    with pytest.raises(TokenRejected):
        await verifier(source).verify(token)

    assert source.asked == []


async def test_an_unknown_key_is_a_refusal() -> None:
    """The issuer answered and does not publish the key: 401 (checklist 21)."""
    token = issue_access_token(user_claims(), SigningKey.generate())

    with pytest.raises(UnknownKey) as refused:
        await verifier(FixedKeySource(KEYS)).verify(token)

    assert refused.value.status == 401


async def test_an_unreachable_issuer_is_no_refusal() -> None:
    """The key could not be asked for: 503, not 401 (checklist 22)."""
    source = WatchedSource(AuthServiceUnreachable("down"))
    token = issue_access_token(user_claims(), SIGNING_KEY)

    with pytest.raises(AuthServiceUnreachable) as undecided:
        await verifier(source).verify(token)

    assert undecided.value.status == 503


async def test_a_source_that_gives_the_wrong_set_lets_nobody_in() -> None:
    """The key is looked up again in the set that was given."""
    token = issue_access_token(user_claims(), SigningKey.generate())

    with pytest.raises(UnknownKey):
        await verifier(WatchedSource()).verify(token)
