"""Our verifier against the tokens and keys of an issuer that nobody here wrote."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import pytest

from fakes.node import serving
from fakes.registered_services import signing_jwk
from fakes.serving import listening_socket
from netra.clock import SystemClock
from netra.errors import CredentialRejected
from netra.tokens import (
    AccessTokenVerifier,
    Algorithm,
    RemoteKeySource,
    VerificationRules,
    principal_of,
)

pytestmark = pytest.mark.long

RESOURCE: Final = "urn:netra:backend"
AUDIENCE: Final = "netra-backend"
SECRET: Final = "a-secret-of-the-other-side-0123456789abcdef"


@dataclass(frozen=True)
class ForeignIssuer:
    """oidc-provider on a port of its own."""

    url: str

    async def token(self, client_id: str) -> str:
        """Ask it for a service's token."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as http:
            form = {"grant_type": "client_credentials", "resource": RESOURCE}
            answer = await http.post("/token", data=form, auth=(client_id, SECRET))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def jwks(self) -> Mapping[str, Any]:
        """Fetch its key set."""
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as http:
            keys: Mapping[str, Any] = (await http.get("/jwks")).raise_for_status().json()
        return keys

    def verifier(self, audience: str = AUDIENCE, issuer: str | None = None) -> AccessTokenVerifier:
        """Make a verifier that trusts it."""
        rules = VerificationRules(
            issuer=issuer or self.url, audience=audience, algorithms=frozenset({Algorithm.ES256})
        )
        clock = SystemClock()
        return AccessTokenVerifier(RemoteKeySource(self.jwks, clock), rules, clock, None)


@asynccontextmanager
async def foreign_issuer(lifetime: int = 300) -> AsyncIterator[ForeignIssuer]:
    """Run it until the block ends."""
    with listening_socket() as taken:
        port = int(taken.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    document = {
        "issuer": url,
        "port": port,
        "keys": [signing_jwk().private],
        "clients": [{"id": name, "secret": SECRET} for name in ("worker", "plain")],
        "plain": "plain",
        "resource": RESOURCE,
        "audience": AUDIENCE,
        "scope": "service:status",
        "lifetime": lifetime,
    }
    async with serving("foreign_issuer.mjs", document):
        yield ForeignIssuer(url)


async def test_a_foreign_issuers_token_is_judged_as_our_own() -> None:
    """Signature, type, issuer, audience and claims hold; another audience or issuer does not."""
    async with foreign_issuer() as issuer:
        token = await issuer.token("worker")

        claims = await issuer.verifier().verify(token)
        assert str(principal_of(claims)) == "service:worker"
        for verifier in (
            issuer.verifier(audience="netra-auth"),
            issuer.verifier(issuer=issuer.url + "/"),
        ):
            with pytest.raises(CredentialRejected):
                await verifier.verify(token)
        header, payload, signature = token.split(".")
        with pytest.raises(CredentialRejected):
            await issuer.verifier().verify(f"{header}.{payload}.{signature[:-4]}AAAA")


async def test_a_token_that_names_no_principal_of_ours_opens_nothing() -> None:
    """A good RFC 9068 token whose subject is outside our namespaces is refused (checklist 41)."""
    async with foreign_issuer() as issuer:
        token = await issuer.token("plain")
        with pytest.raises(CredentialRejected):
            await issuer.verifier().verify(token)


async def test_a_token_that_lives_too_long_is_refused() -> None:
    """Whoever issued it: five minutes bound how long a revoked token could live."""
    async with foreign_issuer(lifetime=3600) as issuer:
        token = await issuer.token("worker")
        with pytest.raises(CredentialRejected):
            await issuer.verifier().verify(token)
