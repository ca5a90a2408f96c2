"""Services as they prove themselves by a signed assertion, each of which is used once only."""

import json
from functools import lru_cache
from hashlib import sha256

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.policy import CredentialMethod
from netra.principal import is_service_id
from netra.secret import Secret
from netra.tokens import KeySet, KeySetInvalid, TokenRejected
from netra.tokens.assertions import (
    AssertionRules,
    AssertionVerifier,
    ClientAssertion,
    UnverifiedAssertion,
    client_keys,
)
from netra_auth.audit import Origin
from netra_auth.identities.services.account import ServiceAccount, account_of
from netra_auth.identities.services.accounts import ServiceRefused, refusal
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.store.engine import Database
from netra_auth.store.repositories import services, used_assertions
from netra_auth.store.repositories.services import ServiceRow


class ServiceAssertions:
    """Checks the assertions of services (private_key_jwt)."""

    def __init__(
        self, issuer: str, database: Database, refused: RefusedCredentials, clock: Clock
    ) -> None:
        self._verifier = AssertionVerifier(AssertionRules(issuer))
        self._database = database
        self._refused = refused
        self._clock = clock

    async def authenticate(
        self, client_id: str, assertion: Secret, origin: Origin
    ) -> ServiceAccount:
        """Check a service's assertion and use it up. A refusal is recorded here.

        Args:
            client_id: The client that the request names besides; empty if it names none.
            assertion: Any text.
            origin: Where the request came from.

        Raises:
            ServiceRefused: The service is unknown or disabled, the assertion is not good, or it
                was used before, by whichever process (checklist 30).
            TooManyRequests: That happened too often; a good assertion is never refused for it.
            DatabaseUnavailable: The store cannot be reached.
        """
        claimed = client_id
        try:
            unverified = self._verifier.read(assertion.reveal())
            claimed = unverified.client_id
            return await self._judged(unverified, client_id)
        except TokenRejected as rejected:
            await self._refused.client(refusal(claimed, rejected.reason, origin))
            raise ServiceRefused(rejected.reason) from None

    async def _judged(self, unverified: UnverifiedAssertion, client_id: str) -> ServiceAccount:
        known_shape = unverified.client_id if is_service_id(unverified.client_id) else ""
        async with self._database.reading() as connection:
            row = await services.by_id(connection, known_shape)
        try:
            proven = self._verifier.accept(unverified, _keys_of(row), self._clock.timestamp())
        except TokenRejected:
            if row is None:
                raise TokenRejected("unknown service") from None
            raise
        if client_id not in ("", proven.client_id):
            raise TokenRejected("the assertion is another client's")
        if row is None or row.disabled_at is not None:
            raise TokenRejected("the service is disabled")
        await self._use_up(proven)
        return account_of(row, CredentialMethod.CLIENT_ASSERTION, key_id=proven.key_id)

    async def _use_up(self, proven: ClientAssertion) -> None:
        named = json.dumps([proven.client_id, proven.assertion_id])
        try:
            async with self._database.transaction() as transaction:
                await used_assertions.add(
                    transaction.connection, sha256(named.encode()).hexdigest(), proven.good_until
                )
        except IntegrityError:
            raise TokenRejected("the assertion was used before") from None


def _keys_of(row: ServiceRow | None) -> KeySet | None:
    return None if row is None or row.public_jwks is None else _key_set(row.public_jwks)


@lru_cache(maxsize=256)
def _key_set(public_jwks: str) -> KeySet | None:
    """Read stored keys once: building them costs more than checking a signature."""
    try:
        return client_keys(json.loads(public_jwks))
    except KeySetInvalid:
        # Taken when they were registered, and refused by the rules of this revision: then no key.
        return None
