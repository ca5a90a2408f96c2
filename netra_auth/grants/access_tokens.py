"""Making access tokens: what a person's and what a service's token says."""

from dataclasses import dataclass
from typing import Final

from netra.clock import Clock
from netra.ids import row_id
from netra.principal import PrincipalKind, Role
from netra.tokens import AccessClaims, issue_access_token
from netra.wire.auth_api import AUTH_AUDIENCE, USERINFO_AUDIENCE
from netra_auth.grants.public_clients import PublicClient
from netra_auth.grants.user_clients import UserClient
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

    def for_person(self, session: LiveSession, client: UserClient, scope: str) -> IssuedAccessToken:
        """Make a token with which a client acts for the person of a session.

        A relying party's never opens the backend or this service's own API, and carries no roles.
        """
        roles = roles_of(session.user) if client.is_first_party else ()
        return self._issue(
            subject=session.user.user_id,
            audience=self._audience_of(client),
            client_id=client.client_id,
            kind=PrincipalKind.USER,
            scopes=frozenset(scope.split()),
            roles=frozenset(roles),
            session_id=session.session_id,
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
        )

    def _audience_of(self, client: UserClient) -> tuple[str, ...]:
        if isinstance(client, PublicClient):
            return tuple(dict.fromkeys((self._settings.user_audience, AUTH_AUDIENCE)))
        return (USERINFO_AUDIENCE, *client.audiences)

    def _issue(
        self,
        *,
        subject: str,
        audience: tuple[str, ...],
        client_id: str,
        kind: PrincipalKind,
        scopes: frozenset[str],
        roles: frozenset[Role] = frozenset(),
        session_id: str | None = None,
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
            roles=roles,
            session_id=session_id,
        )
        token = issue_access_token(claims, self._keyring.signing_key)
        return IssuedAccessToken(token, claims, lifetime)
