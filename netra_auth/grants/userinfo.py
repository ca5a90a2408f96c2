"""What a verified token lets its holder know of a person (OpenID Connect Core section 5.4)."""

from netra.errors import CredentialRejected, PermissionDenied
from netra.tokens import SignedClaims
from netra.wire.auth_api import UserInfo
from netra_auth.grants.public_clients import FIRST_PARTY_IDS
from netra_auth.grants.scopes import EMAIL, OPENID, PROFILE
from netra_auth.store.engine import Database
from netra_auth.store.repositories import users


class UserInfos:
    """Answers for people, claim by claim as the scope goes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, claims: SignedClaims) -> UserInfo:
        """Give what the token's scope lets its holder know.

        Raises:
            PermissionDenied: It is a service's, or lacks `openid`; a client of Netra's own may
                have `profile` in its place.
            CredentialRejected: The person is gone.
            DatabaseUnavailable: The store cannot be reached.
        """
        if claims.session_id is None:
            raise PermissionDenied("a service is nobody to know")
        enough = {OPENID, PROFILE} if claims.client_id in FIRST_PARTY_IDS else {OPENID}
        if not enough & claims.scopes:
            raise PermissionDenied("the token's scope does not have openid")
        async with self._database.reading() as connection:
            row = await users.by_id(connection, claims.subject)
        if row is None or row.disabled_at is not None:
            raise CredentialRejected("the person is gone or disabled")
        knows_email = EMAIL in claims.scopes
        return UserInfo(
            sub=row.user_id,
            email=row.email if knows_email else None,
            # Nobody has proven here that mail to this address reaches them.
            email_verified=False if knows_email else None,
            # An account's address never changes, nor does anything else that is told of it.
            updated_at=int(row.created_at) if PROFILE in claims.scopes else None,
        )
