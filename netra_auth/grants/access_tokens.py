"""Making access tokens: what a person's and what a service's token says."""

from dataclasses import dataclass
from typing import Final

from netra.clock import Clock
from netra.ids import row_id
from netra.principal import PrincipalKind
from netra.tokens import AccessClaims, issue_access_token
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.identities.sessions import LiveSession
from netra_auth.identities.users import roles_of
from netra_auth.keyring.keyring import Keyring
from netra_auth.settings import Settings

TOKEN_ID_PREFIX: Final = "tok"  # noqa: S105 - the first letters of an id


@dataclass(frozen=True, slots=True)
class IssuedAccessToken:
    """A signed token, and the claims it carries."""

    token: str
    claims: AccessClaims
    lifetime: int

    def __repr__(self) -> str:
        return f"IssuedAccessToken({self.claims.token_id})"


class AccessTokens:
    """Signs access tokens with the keyring's key (RFC 9068)."""

    def __init__(self, settings: Settings, keyring: Keyring, clock: Clock) -> None:
        self._settings = settings
        self._keyring = keyring
        self._clock = clock

    def for_person(self, session: LiveSession, client_id: str, scope: str) -> IssuedAccessToken:
        """Make a token with which a client acts for the person of a session."""
        return self._issue(
            subject=session.user.user_id,
            audience=tuple(dict.fromkeys((self._settings.user_audience, AUTH_AUDIENCE))),
            client_id=client_id,
            kind=PrincipalKind.USER,
            scopes=frozenset(scope.split()),
            session=session,
        )

    def for_service(
        self, account: ServiceAccount, scopes: tuple[str, ...], audiences: tuple[str, ...]
    ) -> IssuedAccessToken:
        """Make a token with which a service acts in its own name."""
        return self._issue(
            subject=account.subject,
            audience=audiences,
            client_id=account.service_id,
            kind=PrincipalKind.SERVICE,
            scopes=frozenset(scopes),
            session=None,
        )

    def _issue(
        self,
        *,
        subject: str,
        audience: tuple[str, ...],
        client_id: str,
        kind: PrincipalKind,
        scopes: frozenset[str],
        session: LiveSession | None,
    ) -> IssuedAccessToken:
        # Whole seconds: RFC 7519 allows fractions, and many clients do not expect them.
        now = int(self._clock.timestamp())
        lifetime = self._settings.access_token_seconds
        claims = AccessClaims(
            issuer=self._settings.issuer_url,
            subject=subject,
            audience=audience,
            client_id=client_id,
            token_id=row_id(TOKEN_ID_PREFIX),
            issued_at=now,
            expires_at=now + lifetime,
            principal_kind=kind,
            scopes=scopes,
            roles=frozenset(roles_of(session.user)) if session else frozenset(),
            session_id=session.session_id if session else None,
        )
        token = issue_access_token(claims, self._keyring.signing_key)
        return IssuedAccessToken(token, claims, lifetime)
