"""What tells a relying party who logged in (OpenID Connect Core section 2)."""

from typing import Final

from netra.clock import Clock
from netra.tokens import IdClaims, issue_id_token
from netra_auth.identities.sessions import LiveSession
from netra_auth.keyring.keyring import Keyring
from netra_auth.settings import Settings, TokenTrustMode

ID_TOKEN_SECONDS: Final = 300


def offers_openid(settings: Settings) -> bool:
    """Tell whether there are id_tokens here.

    With a shared key there are none: a relying party that could verify one could forge every token
    of this installation.
    """
    return settings.trust_mode is TokenTrustMode.KEYRING


class IdTokens:
    """Signs id_tokens with the keyring's key."""

    def __init__(self, settings: Settings, keyring: Keyring, clock: Clock) -> None:
        self._issuer = settings.issuer_url
        self._keyring = keyring
        self._clock = clock

    def issue(
        self, session: LiveSession, client_id: str, nonce: str | None, access_token: str
    ) -> str:
        """Make an id_token for one relying party, beside an access token."""
        now = int(self._clock.timestamp())
        claims = IdClaims(
            issuer=self._issuer,
            subject=session.user.user_id,
            client_id=client_id,
            issued_at=now,
            expires_at=now + ID_TOKEN_SECONDS,
            authenticated_at=int(session.authenticated_at),
            methods=session.methods,
            session_id=session.session_id,
            nonce=nonce,
            access_token=access_token,
        )
        return issue_id_token(claims, self._keyring.signing_key)
