"""A relying party of the running auth service, and the walk of a person's browser through it."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import httpx2

from fakes.running_auth import (
    Person,
    Pkce,
    RunningAuth,
    answer_of,
    authorize_path,
    csrf_token_of,
)
from netra.ids import random_token, row_id
from netra_auth.store.repositories import services
from netra_auth.store.repositories.service_secrets import ServiceSecretRow
from netra_auth.store.repositories.services import ServiceRow

CALLBACK: Final = "https://shop.example/callback"
SCOPES: Final = "openid profile email offline_access"
GRANTS: Final = "authorization_code refresh_token"


@dataclass(frozen=True)
class RelyingParty:
    """A service that logs people in, and the secret only a test may hold."""

    auth: RunningAuth
    client_id: str
    secret: str = field(repr=False)

    @property
    def credentials(self) -> tuple[str, str]:
        """Give what proves it."""
        return self.client_id, self.secret

    def path(self, pkce: Pkce, **changed: str) -> str:
        """Write an authorization request of its own."""
        return authorize_path(pkce, **self._asks(**changed))

    async def asked(
        self, browser: httpx2.AsyncClient, pkce: Pkce, **changed: str
    ) -> httpx2.Response:
        """Send a browser to the authorization endpoint."""
        return await browser.get(self.path(pkce, **changed))

    async def allowed(
        self, browser: httpx2.AsyncClient, pkce: Pkce, **changed: str
    ) -> httpx2.Response:
        """Send a browser there; where consent is asked for, give it."""
        answer = await self.asked(browser, pkce, **changed)
        if answer.status_code == 303:
            answer = await decided(browser, answer.headers["location"], "allow")
        return answer

    async def redeemed(self, code: str, pkce: Pkce, /, **changed: str) -> httpx2.Response:
        """Exchange a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": pkce.verifier,
            **changed,
        }
        return await self.auth.http.post("/token", data=form, auth=self.credentials)

    async def refreshed(self, refresh_token: str, /, **changed: str) -> httpx2.Response:
        """Exchange a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **changed}
        return await self.auth.http.post("/token", data=form, auth=self.credentials)

    async def tokens(self, person: Person, **changed: str) -> dict[str, Any]:
        """Log a person in with a browser of their own; give the answer of the token endpoint."""
        async with self.auth.browser() as browser:
            assert (await self.auth.log_in(browser, person)).status_code == 303
            return await self.tokens_by(browser, **changed)

    async def tokens_by(self, browser: httpx2.AsyncClient, **changed: str) -> dict[str, Any]:
        """The same with a browser that is logged in."""
        pkce = Pkce.new()
        answer = answer_of(await self.allowed(browser, pkce, **changed))
        redeemed = await self.redeemed(answer["code"], pkce)
        assert redeemed.status_code == 200, redeemed.text
        tokens: dict[str, Any] = redeemed.json()
        return tokens

    def _asks(self, **changed: str) -> dict[str, str]:
        own = {"client_id": self.client_id, "redirect_uri": CALLBACK, "scope": SCOPES}
        return {**own, **changed}


async def relying_party(
    auth: RunningAuth,
    client_id: str = "example-shop",
    *,
    name: str = "Example Shop",
    grants: str = GRANTS,
    scopes: str = SCOPES,
    audiences: str = "",
    redirect_uris: str = CALLBACK,
) -> RelyingParty:
    """Register a relying party."""
    secret, now = random_token(), auth.state.clock.timestamp()
    row = ServiceRow(
        service_id=client_id,
        scopes=scopes,
        audiences=audiences,
        created_at=now,
        name=name,
        redirect_uris=redirect_uris,
        grants=grants,
    )
    held = ServiceSecretRow(
        secret_id=row_id("sec"),
        service_id=client_id,
        secret_sha256=sha256(secret.encode()).hexdigest(),
        created_at=now,
    )
    async with auth.state.database.transaction() as transaction:
        await services.add(transaction.connection, row, held)
    return RelyingParty(auth, client_id, secret)


async def decided(browser: httpx2.AsyncClient, location: str, decision: str) -> httpx2.Response:
    """Open the consent page and press one of its buttons."""
    assert location.startswith("/consent?continue="), location
    page = await browser.get(location)
    assert page.status_code == 200, page.text
    form = {
        "csrf_token": csrf_token_of(page),
        "continue": httpx2.URL(location).params["continue"],
        "decision": decision,
    }
    return await browser.post("/consent", data=form)
