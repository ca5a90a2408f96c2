"""The one judge of client assertions: signature first, then every claim.

RFC 7523 section 3 as narrowed by its revision: the audience is the issuer and nothing else, and the
type is the assertion's own where there is one. That an assertion is used once only is decided where
used ones are remembered.
"""

from dataclasses import dataclass
from typing import Final

from netra.errors import ConfigurationInvalid
from netra.tokens.assertions.client_keys import CLIENT_ALGORITHMS
from netra.tokens.claims import ClaimsInvalid, text_of, timestamp_of
from netra.tokens.jwk_rules import FOREIGN_ERRORS
from netra.tokens.jws import TokenRejected, UnverifiedJws, check_jws, json_object, read_jws
from netra.tokens.keys import KeySet, SigningKey
from netra.tokens.verify import MAX_LEEWAY_SECONDS

MAX_ASSERTION_SECONDS: Final = 3600
"""No assertion may be good for longer; its id is remembered for as long as it is good."""

_MEDIA_TYPE: Final = "client-authentication+jwt"
_MEDIA_TYPES: Final = frozenset({None, _MEDIA_TYPE, f"application/{_MEDIA_TYPE}"})
_ES256_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class AssertionRules:
    """What is taken.

    Attributes:
        issuer: This authorization server's own issuer: the only `aud` taken, compared as text.
        leeway_seconds: The clock difference forgiven, for `exp`, `nbf` and `iat` alike.
        max_lifetime_seconds: How far ahead of now, and of `iat`, `exp` may be.
        max_assertion_bytes: The longest assertion looked at.

    Raises:
        ConfigurationInvalid: A rule is empty or beyond what is safe.
    """

    issuer: str
    leeway_seconds: float = 10
    max_lifetime_seconds: float = MAX_ASSERTION_SECONDS
    max_assertion_bytes: int = 8192

    def __post_init__(self) -> None:
        if not self.issuer:
            raise ConfigurationInvalid("judging assertions needs an issuer")
        if not 0 <= self.leeway_seconds <= MAX_LEEWAY_SECONDS:
            raise ConfigurationInvalid(f"the leeway must be 0 to {MAX_LEEWAY_SECONDS} seconds")
        if not 0 < self.max_lifetime_seconds <= MAX_ASSERTION_SECONDS:
            raise ConfigurationInvalid(
                f"an assertion's life must be above 0 and at most {MAX_ASSERTION_SECONDS} seconds"
            )


@dataclass(frozen=True, slots=True)
class UnverifiedAssertion:
    """An assertion taken apart; nothing in it is proven, its client's name included."""

    jws: UnverifiedJws
    payload: dict[str, object]
    client_id: str

    def __repr__(self) -> str:
        return f"UnverifiedAssertion({self.client_id!r})"


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """An assertion that a client's key signed and every rule allows. It proves once only.

    Attributes:
        client_id: `iss` and `sub`, which are one.
        assertion_id: `jti`.
        good_until: When it will be refused for its age, leeway included: until then its id must be
            remembered.
        key_id: The `kid` of the key that signed it.
    """

    client_id: str
    assertion_id: str
    good_until: float
    key_id: str


class AssertionVerifier:
    """Judges client assertions by one set of rules."""

    def __init__(self, rules: AssertionRules) -> None:
        self._rules = rules
        self._nobody = SigningKey.generate().verification_key()

    def read(self, assertion: str) -> UnverifiedAssertion:
        """Take an assertion apart by form alone; its `client_id` says whose keys to ask for.

        Raises:
            TokenRejected: It is not a strict compact JWS (checklist 4, 5, 6, 7, 14), its algorithm
                is not one of `CLIENT_ALGORITHMS` (checklist 1, 2), its type is another token's
                (checklist 13), or it does not name one client as both `iss` and `sub`.
        """
        jws = read_jws(assertion, max_token_bytes=self._rules.max_assertion_bytes)
        if jws.header.algorithm not in CLIENT_ALGORITHMS:
            raise TokenRejected("the assertion's algorithm is not allowed")
        if jws.header.media_type not in _MEDIA_TYPES:
            raise TokenRejected("the token is not a client assertion")
        payload = json_object(jws.payload)
        try:
            issuer, subject = text_of(payload, "iss"), text_of(payload, "sub")
        except ClaimsInvalid as error:
            raise TokenRejected(str(error)) from None
        if issuer != subject:
            raise TokenRejected("iss and sub of the assertion are not one client")
        return UnverifiedAssertion(jws, payload, subject)

    def accept(
        self, unverified: UnverifiedAssertion, keys: KeySet | None, now: float
    ) -> ClientAssertion:
        """Judge an assertion that `read` took apart, by the keys of the client it names.

        A signature is checked also where there is no key to check it with, so that the time an
        answer takes does not tell which clients and keys there are (checklist 28).

        Args:
            unverified: What `read` gave.
            keys: The keys of the client it names; None if it has none or is unknown.
            now: The wall clock in seconds since the epoch.

        Raises:
            TokenRejected: No key of the client signed it, or a claim is not as RFC 7523 section 3
                and the rules demand (checklist 12, 29); `reason` says what, for the log only.
        """
        self._check_signature(unverified.jws, keys)
        try:
            return self._judged(unverified, now)
        except ClaimsInvalid as error:
            raise TokenRejected(str(error)) from None

    def _check_signature(self, jws: UnverifiedJws, keys: KeySet | None) -> None:
        key = None if keys is None else keys.find(jws.header.kid)
        if keys is None or key is None or key.algorithm is not jws.header.algorithm:
            self._spend_the_same_time(jws)
            raise TokenRejected("the client has no such key")
        check_jws(jws, keys, CLIENT_ALGORITHMS)

    def _spend_the_same_time(self, jws: UnverifiedJws) -> None:
        # Another length than this would be refused unread.
        signature = jws.signature[:_ES256_SIGNATURE_BYTES].ljust(_ES256_SIGNATURE_BYTES, b"\x01")
        try:
            self._nobody.verifies(jws.signing_input, signature)
        except FOREIGN_ERRORS:
            return

    def _judged(self, unverified: UnverifiedAssertion, now: float) -> ClientAssertion:
        payload, rules = unverified.payload, self._rules
        # One text, not a list: an assertion for several servers can be replayed by one of them.
        if payload.get("aud") != rules.issuer:
            raise TokenRejected("the assertion is not meant for this issuer alone")
        expires_at = timestamp_of(payload, "exp")
        assertion_id = text_of(payload, "jti")
        for name in ("iat", "nbf"):
            if name in payload and timestamp_of(payload, name) > now + rules.leeway_seconds:
                raise TokenRejected(f"{name} of the assertion lies ahead")
        if now >= expires_at + rules.leeway_seconds:
            raise TokenRejected("the assertion has expired")
        begins = min(now, timestamp_of(payload, "iat")) if "iat" in payload else now
        if expires_at > begins + rules.max_lifetime_seconds + rules.leeway_seconds:
            raise TokenRejected("the assertion is good for too long")
        return ClientAssertion(
            client_id=unverified.client_id,
            assertion_id=assertion_id,
            good_until=expires_at + rules.leeway_seconds,
            key_id=unverified.jws.header.kid,
        )
