"""The one judge of access tokens: signature first, then every claim, every option written out.

Where keys come from and what has been revoked is put together in `netra.tokens.verifier`.
"""

from dataclasses import dataclass
from typing import Final

from netra.errors import ConfigurationInvalid
from netra.tokens.claims import (
    MAX_LIFETIME_SECONDS,
    AccessClaims,
    ClaimsInvalid,
    SignedClaims,
    check_lifetime,
    claims_of,
    timestamp_of,
)
from netra.tokens.jwk_rules import ACCESS_TOKEN_ALGORITHMS, Algorithm
from netra.tokens.jws import TokenRejected, UnverifiedJws, check_jws, json_object, read_jws
from netra.tokens.keys import KeySet

MEDIA_TYPE: Final = "at+jwt"
MAX_LEEWAY_SECONDS: Final = 60
"""No more clock difference than this is ever forgiven (checklist 12)."""

_MEDIA_TYPES: Final = frozenset({MEDIA_TYPE, f"application/{MEDIA_TYPE}"})


@dataclass(frozen=True, slots=True)
class VerificationRules:
    """What a verifier takes. Every rule that has a choice is here; there are no switches.

    Attributes:
        issuer: The only `iss` taken, compared as text (checklist 9).
        audience: Our own name, which must be in `aud` (checklist 10).
        algorithms: The algorithms taken; a key is bound to one of them besides.
        leeway_seconds: The clock difference forgiven, for `exp`, `nbf` and `iat` alike.
        max_token_bytes: The longest token looked at (checklist 7).
        max_lifetime_seconds: The longest time from `iat` to `exp`.

    Raises:
        ConfigurationInvalid: A rule is empty or beyond what is safe.
    """

    issuer: str
    audience: str
    algorithms: frozenset[Algorithm]
    leeway_seconds: float = 10
    max_token_bytes: int = 8192
    max_lifetime_seconds: float = MAX_LIFETIME_SECONDS

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience or not self.algorithms:
            raise ConfigurationInvalid("verification needs an issuer, an audience, an algorithm")
        if not self.algorithms <= ACCESS_TOKEN_ALGORITHMS:
            raise ConfigurationInvalid("access tokens are signed with ES256 or HS256 only")
        if not 0 <= self.leeway_seconds <= MAX_LEEWAY_SECONDS:
            raise ConfigurationInvalid(f"the leeway must be 0 to {MAX_LEEWAY_SECONDS} seconds")
        if not 0 < self.max_lifetime_seconds <= MAX_LIFETIME_SECONDS:
            raise ConfigurationInvalid(f"the lifetime must be up to {MAX_LIFETIME_SECONDS} seconds")
        if not 0 < self.max_token_bytes <= 65536:  # noqa: PLR2004 - 64 KiB, what servers take in a header
            raise ConfigurationInvalid("the token size must be 1 to 65536 bytes")


def verify_access_token(
    unverified_token: str, keys: KeySet, rules: VerificationRules, now: float
) -> SignedClaims:
    """Give the claims of an access token that a key of ours signed and every rule allows.

    Total: for any text the outcome is claims or `TokenRejected`, nothing else.

    Args:
        unverified_token: Any text.
        keys: The issuer's keys.
        rules: What is taken.
        now: The wall clock in seconds since the epoch.

    Raises:
        UnknownKey: No key has the token's `kid`.
        TokenRejected: Anything else is not as RFC 9068 section 4 and the rules demand; `reason`
            says what, for the log only.
    """
    return accept(read_access_token(unverified_token, rules), keys, rules, now)


def verify_issued_token(
    unverified_token: str, keys: KeySet, rules: VerificationRules, now: float
) -> SignedClaims:
    """Give the claims of an access token of ours, whoever it is meant for.

    For the issuer alone, which answers for the tokens of all audiences (RFC 7009, RFC 7662). The
    claims prove nobody's right to call anything: `rules.audience` is not looked for.

    Raises:
        TokenRejected: As `verify_access_token`, but for the audience.
    """
    return SignedClaims(_judged(read_access_token(unverified_token, rules), keys, rules, now))


def read_access_token(unverified_token: str, rules: VerificationRules) -> UnverifiedJws:
    """Take an access token apart by form alone; `header.kid` then says which key to ask for.

    Raises:
        TokenRejected: The form, the algorithm or the type is not an access token's (checklist 1,
            6, 7, 13).
    """
    jws = read_jws(unverified_token, max_token_bytes=rules.max_token_bytes)
    if jws.header.algorithm not in rules.algorithms:
        raise TokenRejected("the token's algorithm is not allowed")
    if jws.header.media_type not in _MEDIA_TYPES:
        raise TokenRejected("the token is not an access token")
    return jws


def accept(jws: UnverifiedJws, keys: KeySet, rules: VerificationRules, now: float) -> SignedClaims:
    """Judge an access token that `read_access_token` took apart.

    Raises:
        TokenRejected: As `verify_access_token`.
    """
    claims = _judged(jws, keys, rules, now)
    if rules.audience not in claims.audience:
        raise TokenRejected(f"the token is meant for {' '.join(claims.audience)}, not for us")
    return SignedClaims(claims)


def _judged(jws: UnverifiedJws, keys: KeySet, rules: VerificationRules, now: float) -> AccessClaims:
    payload = json_object(check_jws(jws, keys, rules.algorithms))
    try:
        claims = claims_of(payload)
        not_before = timestamp_of(payload, "nbf") if "nbf" in payload else 0
        check_lifetime(claims, rules.max_lifetime_seconds)
    except ClaimsInvalid as error:
        raise TokenRejected(str(error)) from None
    if claims.issuer != rules.issuer:
        raise TokenRejected("the token is another issuer's")
    _check_times(claims, not_before, rules, now)
    return claims


def _check_times(
    claims: AccessClaims, not_before: float, rules: VerificationRules, now: float
) -> None:
    if now >= claims.expires_at + rules.leeway_seconds:
        raise TokenRejected("the token has expired")
    if claims.issued_at > now + rules.leeway_seconds:
        raise TokenRejected("the token was issued in the future")
    if not_before > now + rules.leeway_seconds:
        raise TokenRejected("the token is not valid yet")
