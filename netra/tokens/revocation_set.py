"""What has been revoked and has not expired of itself. Who fills it lives elsewhere."""

from collections.abc import Iterable
from typing import Final

from netra.principal import AuthenticatedPrincipal, UserPrincipal
from netra.tokens.claims import MAX_LIFETIME_SECONDS, SignedClaims
from netra.tokens.verify import MAX_LEEWAY_SECONDS

_TOKEN, _SESSION, _SUBJECT = "token", "session", "subject"
_KINDS: Final = frozenset({_TOKEN, _SESSION, _SUBJECT})
ISSUER_SKEW_SECONDS: Final = 5.0
"""How far the clocks of two processes that issue tokens may be apart: a token that was issued so
long after its subject was revoked, by what it says, may have been issued before."""


class RevocationSet:
    """Revoked tokens, sessions and subjects, in memory, until nothing they concern can be valid.

    Tokens and sessions are ended for good. A subject may be let in again (a disabled account that
    is enabled), so its entry concerns only tokens that could be there when it was written.

    It grows only with the feed and shrinks by `purge`, so it holds at most what was revoked within
    one token lifetime.
    """

    def __init__(self) -> None:
        self._ends: dict[tuple[str, str], float] = {}
        self._revoked_at: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def apply(self, items: Iterable[tuple[str, str, float, float]]) -> None:
        """Add entries of the feed: kind, identifier, since when, when all it concerns has expired.

        Raises:
            ValueError: A kind is neither `token` nor `session` nor `subject`: ignoring it would let
                pass what was revoked. Nothing of the page is applied then.
        """
        page = [(str(kind), name, since, ends) for kind, name, since, ends in items]
        if unknown := {kind for kind, *_ in page} - _KINDS:
            raise ValueError(f"unknown kinds of revocation: {', '.join(sorted(unknown))}")
        for kind, name, since, ends in page:
            key = (kind, name)
            self._ends[key] = max(ends, self._ends.get(key, ends))
            self._revoked_at[key] = max(since, self._revoked_at.get(key, since))

    def purge(self, now: float) -> int:
        """Drop what cannot matter any more and say how many entries that were.

        An entry outlives its `expires_at` by the largest leeway a verifier may have.
        """
        past = [key for key, ends in self._ends.items() if ends + MAX_LEEWAY_SECONDS <= now]
        for key in past:
            del self._ends[key], self._revoked_at[key]
        return len(past)

    def is_revoked(self, claims: SignedClaims) -> bool:
        """Tell whether the token, its session or its subject was revoked."""
        ends = self._ends
        if not ends:
            return False
        return (
            (_TOKEN, claims.token_id) in ends
            or self._ended_subject(claims.subject, claims.issued_at)
            or (claims.session_id is not None and (_SESSION, claims.session_id) in ends)
        )

    def concerns(self, principal: AuthenticatedPrincipal) -> bool:
        """Tell whether the token a principal came from, its session or its subject was revoked."""
        ends = self._ends
        if not ends:
            return False
        return (
            (_TOKEN, principal.token_id) in ends
            # When its token was issued at the earliest; what it says itself is not kept.
            or self._ended_subject(str(principal), principal.expires_at - MAX_LIFETIME_SECONDS)
            or (isinstance(principal, UserPrincipal) and (_SESSION, principal.session_id) in ends)
        )

    def _ended_subject(self, subject: str, issued_at: float) -> bool:
        revoked_at = self._revoked_at.get((_SUBJECT, subject))
        return revoked_at is not None and issued_at <= revoked_at + ISSUER_SKEW_SECONDS
