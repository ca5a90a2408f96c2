"""The verifier a process holds: keys found, token judged, revocations looked up."""

from typing import Protocol

from netra.clock import Clock
from netra.tokens.claims import SignedClaims
from netra.tokens.jws import TokenRejected
from netra.tokens.key_source import KeySource
from netra.tokens.verify import VerificationRules, accept, read_access_token


class RevocationLookup(Protocol):
    """Knows what was revoked."""

    def is_revoked(self, claims: SignedClaims) -> bool:
        """Tell whether the token, its session or its subject was revoked."""


class AccessTokenVerifier:
    """One strict verifier for every way a token can come.

    Attributes:
        rules: What it takes.
    """

    def __init__(
        self,
        source: KeySource,
        rules: VerificationRules,
        clock: Clock,
        revocations: RevocationLookup | None,
    ) -> None:
        self.rules = rules
        self._source = source
        self._clock = clock
        self._revocations = revocations

    async def verify(self, unverified_token: str) -> SignedClaims:
        """Give the claims of a token that is genuine, meant for us, current and not revoked.

        Only a token in perfect form makes it ask for a key, and only at the configured issuer
        (checklist 4).

        Raises:
            TokenRejected: The token is refused.
            AuthServiceUnreachable: Its key is not known here and the issuer could not be asked.
        """
        jws = read_access_token(unverified_token, self.rules)
        keys = await self._source.keys_for(jws.header.kid)
        claims = accept(jws, keys, self.rules, self._clock.timestamp())
        if self._revocations is not None and self._revocations.is_revoked(claims):
            raise TokenRejected("the token, its session or its subject was revoked")
        return claims
