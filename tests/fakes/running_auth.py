"""The real auth service on a real socket and a real store, in this process.

For tests of any room that needs tokens from the service itself. Use as

    async with running_auth_service(tmp_path) as auth:
        person = await auth.registered_person()
        tokens = await auth.tokens_of(person)
        service_token = await auth.service_token("netra-backend")
"""

import asyncio
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from fakes.environments import auth_environment, service_registry
from fakes.serving import listening_socket, running
from netra.clock import Clock, SystemClock
from netra.contract import Violations, load
from netra.contract.declared.netra_auth import CONTRACT
from netra.isolated_environment import IsolatedEnvironment
from netra.secret import Secret
from netra.serving import ServerBounds
from netra.tokens import KeySet
from netra.wire.auth_api import CHAT_CALLBACK_PATH, CHAT_CLIENT_ID, JWKS_PATH
from netra_auth.api.state import AuthState
from netra_auth.bootstrap import opened_state
from netra_auth.main import server_for
from netra_auth.settings import Settings, TokenTrustMode, settings_from
from netra_auth.store.engine import Database
from netra_auth.store.migrations.upgrade import upgrade_to_head
from netra_auth.store.repositories import audit_records
from netra_auth.store.repositories.audit_records import AuditRow

CLI = "netra-cli"
CALLBACK = "http://127.0.0.1:49152/callback"
CHAT_ORIGIN = "http://127.0.0.1:8000"
CHAT = {"client_id": CHAT_CLIENT_ID, "redirect_uri": CHAT_ORIGIN + CHAT_CALLBACK_PATH}
"""What the chat page's requests have of their own, where `CHAT_ORIGINS` is `CHAT_ORIGIN`."""
SERVICE_SECRETS = {
    "netra-backend": "Qv3-x9bTzLw0aRk7PfU2mYc8HdNs5GjE1oIq4ZtXnBy",
    "netra-ops": "Jm6Wk1sVf8yQd3Ru0LhXp7Ea2TgNc9Zb5ViOx4KtYqM",
}
"""The secrets of the two seeded services."""
ENCRYPTION_KEY = "pS1xW9vKq3Yt7ZfB2nLc8RjHd5Ua0MgEo4TiXy6QwNk"
SHARED_KEY = "uT5nEw8yLs2Xq0KbVf7RzHc3Jd9MgPo1AiYt6WkBxQe"
TRUST: Mapping[TokenTrustMode, Mapping[str, str | None]] = {
    TokenTrustMode.KEYRING: {},
    TokenTrustMode.SHARED_KEY: {
        "TOKEN_TRUST_MODE": "shared-key",
        "JWT_SECRET_KEY": SHARED_KEY,
        "KEYRING_ENCRYPTION_KEY": None,
    },
}
"""What the configuration has of its own in each trust mode."""
_CSRF_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Person:
    """A registered person and the password only a test may hold."""

    user_id: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Pkce:
    """A verifier and its S256 challenge."""

    verifier: str
    challenge: str

    @classmethod
    def new(cls) -> "Pkce":
        """Make a pair."""
        verifier = secrets.token_urlsafe(32)
        digest = sha256(verifier.encode()).digest()
        return cls(verifier, urlsafe_b64encode(digest).rstrip(b"=").decode())


@dataclass
class AuthOverHttp:
    """An auth service that is reached; `http` talks to it and never follows a redirect."""

    url: str
    http: httpx2.AsyncClient

    def browser(self, **headers: str) -> httpx2.AsyncClient:
        """Open a client with a cookie jar of its own; the caller closes it."""
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    async def registered_person(
        self, email: str | None = None, password: str | None = None
    ) -> Person:
        """Register a person, with an address and a password of their own unless given."""
        email = email or f"{secrets.token_hex(6)}@example.org"
        password = password or secrets.token_urlsafe(16)
        answer = await self.http.post("/users", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        return Person(answer.json()["user_id"], answer.json()["email"], password)

    async def log_in(
        self, browser: httpx2.AsyncClient, person: Person, back: str | None = None
    ) -> httpx2.Response:
        """Fetch the login page and send its form, as a browser or the command does."""
        query = {} if back is None else {"continue": back}
        page = await browser.get("/login", params=query)
        form = {
            "email": person.email,
            "password": person.password,
            "csrf_token": csrf_token_of(page),
            **query,
        }
        return await browser.post("/login", data=form)

    async def authorization_code(
        self, browser: httpx2.AsyncClient, pkce: Pkce, **changed: str
    ) -> str:
        """Ask for a code with the browser's session."""
        answer = await browser.get(authorize_path(pkce, **changed))
        assert answer.status_code == 302, answer.text
        return answer_of(answer)["code"]

    async def redeem(self, code: str, pkce: Pkce, /, **changed: str) -> httpx2.Response:
        """Exchange a code at the token endpoint."""
        form = {
            "grant_type": "authorization_code",
            "client_id": CLI,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": pkce.verifier,
        }
        return await self.http.post("/token", data={**form, **changed})

    async def refresh(self, refresh_token: str, /, **changed: str) -> httpx2.Response:
        """Exchange a refresh token at the token endpoint."""
        form = {"grant_type": "refresh_token", "client_id": CLI, "refresh_token": refresh_token}
        return await self.http.post("/token", data={**form, **changed})

    async def tokens_of(self, person: Person, **changed: str) -> dict[str, Any]:
        """Walk a person through login, authorization and code exchange; give the answer.

        As the command's, unless told otherwise: `**CHAT` for the chat page's.
        """
        pkce = Pkce.new()
        async with self.browser() as browser:
            assert (await self.log_in(browser, person)).status_code == 303
            code = await self.authorization_code(browser, pkce, **changed)
        answer = await self.redeem(code, pkce, **changed)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def service_answer(self, service_id: str, **changed: str) -> httpx2.Response:
        """Ask for a service's token with its secret."""
        return await self.http.post(
            "/token",
            data={"grant_type": "client_credentials", **changed},
            auth=(service_id, SERVICE_SECRETS[service_id]),
        )

    async def service_token(self, service_id: str, **changed: str) -> str:
        """Get a service's access token."""
        answer = await self.service_answer(service_id, **changed)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    async def jwks(self) -> dict[str, Any]:
        """Fetch the published key set."""
        answer = await self.http.get(JWKS_PATH)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document


@dataclass
class RunningAuth(AuthOverHttp):
    """One that runs in this process."""

    port: int
    settings: Settings
    state: AuthState

    async def verification_keys(self) -> KeySet:
        """Give the keys a verifier has: the published ones, or the shared one."""
        if self.settings.trust_mode is TokenTrustMode.SHARED_KEY:
            return KeySet.from_shared_secrets(Secret(SHARED_KEY))
        return KeySet.from_jwks(await self.jwks())

    async def audited(self, event: str | None = None) -> tuple[AuditRow, ...]:
        """Read the audit record, or its rows of one event, the oldest first."""
        async with self.state.database.reading() as connection:
            rows = await audit_records.since(connection, 0)
        return tuple(row for row in rows if event in (None, row.event))


def bearer(token: str) -> dict[str, str]:
    """Write the header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


def csrf_token_of(page: httpx2.Response) -> str:
    """Read the hidden field of a form page."""
    found = _CSRF_FIELD.search(page.text)
    assert found is not None, page.text
    return found.group(1)


def authorize_path(pkce: Pkce, **changed: str) -> str:
    """Write a good authorization request, with some parameters changed; `""` leaves one out."""
    query = {
        "response_type": "code",
        "client_id": CLI,
        "redirect_uri": CALLBACK,
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
        "state": "s-123",
        **changed,
    }
    return "/authorize?" + urlencode({name: value for name, value in query.items() if value})


def answer_of(response: httpx2.Response) -> dict[str, str]:
    """Read the parameters of a redirect back to the client."""
    query = parse_qs(urlsplit(response.headers["location"]).query, keep_blank_values=True)
    return {name: values[0] for name, values in query.items()}


def auth_variables(folder: Path, port: int, **overrides: str | None) -> dict[str, str]:
    """Give what the service is told in its environment, with the store in a folder."""
    values: dict[str, str | None] = {
        "DATABASE_URL": stores.get(folder, f"sqlite+aiosqlite:///{folder / 'netra-auth.db'}"),
        "ISSUER_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "KEYRING_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "SERVICE_REGISTRY": service_registry(SERVICE_SECRETS),
        **overrides,
    }
    return auth_environment(**values)


def auth_settings(folder: Path, port: int, **overrides: str | None) -> Settings:
    """Make settings by the real contract."""
    variables = auth_variables(folder, port, **overrides)
    configuration = load(CONTRACT, IsolatedEnvironment.of(variables))
    assert not isinstance(configuration, Violations), str(configuration)
    return settings_from(configuration)


stores: dict[Path, str] = {}
"""The addresses of stores that are not the SQLite file in a test's folder."""

_migrated_store: list[bytes] = []
"""An empty store at the newest version, made by the first test that needs one."""


async def provide_store(settings: Settings) -> None:
    """Give these settings a store at the newest version, unless they have one already."""
    if not is_sqlite(settings):
        return
    path = store_path(settings)
    if path.exists():
        return
    if _migrated_store:
        path.write_bytes(_migrated_store[0])
        return
    await migrate(settings)
    _migrated_store.append(path.read_bytes())


def is_sqlite(settings: Settings) -> bool:
    """Tell whether the store is a file."""
    return settings.database_url.reveal().startswith("sqlite")


def store_path(settings: Settings) -> Path:
    """Say which file the store is."""
    return Path(settings.database_url.reveal().removeprefix("sqlite+aiosqlite:///"))


async def migrate(settings: Settings) -> None:
    """Bring the store of these settings to the newest version."""
    database = Database(settings.database_url)
    try:
        await upgrade_to_head(database)
    finally:
        await database.close()


async def _for_ever(_seconds: float) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def running_auth_service(
    folder: Path,
    *,
    clock: Clock | None = None,
    port: int = 0,
    overrides: Mapping[str, str | None] | None = None,
    with_upkeep: bool = False,
    bounds: ServerBounds | None = None,
) -> AsyncIterator[RunningAuth]:
    """Run the auth service until the block ends.

    Args:
        folder: Where its store lives; a second run with the same folder finds it again.
        clock: Its clock, such as a `ManualClock`; the machine's if None.
        port: Its port; 0 for any free one. Give the same one again to keep the issuer.
        overrides: Variables of its configuration that differ; None removes one.
        with_upkeep: Let it do by itself what a clock that is moved on makes due.
        bounds: What its clients may take; by default what a process of its own allows.
    """
    used_clock = clock or SystemClock()
    listener = listening_socket(port)
    bound = listener.getsockname()[1]
    settings = auth_settings(folder, bound, **(overrides or {}))
    await provide_store(settings)
    # Else what a test looks at after it moved the clock on would depend on who is quicker.
    pause = asyncio.sleep if with_upkeep or clock is None else _for_ever
    url = f"http://127.0.0.1:{bound}"
    async with (
        opened_state(settings, used_clock, pause=pause) as state,
        running(server_for(settings, state, bounds), listener),
        httpx2.AsyncClient(base_url=url, timeout=30) as http,
    ):
        try:
            yield RunningAuth(url, http, bound, settings, state)
        finally:
            state.revocations.close()
