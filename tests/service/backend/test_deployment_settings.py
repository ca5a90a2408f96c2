"""What the surroundings decide: TLS, trusted proxies, the trust mode, who may have an agent."""

import ssl
from pathlib import Path
from typing import Annotated

import httpx2
import pytest
from fastapi import Depends, FastAPI

from fakes.certificates import self_signed
from fakes.environments import strong_secret
from fakes.issuer import Issuer
from fakes.log_lines import LogLines
from fakes.running_backend import backend_settings, running_backend
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra.secret import Secret
from netra.tokens import SigningKey
from netra_backend.app.agents.instance_factory import AgentInstanceFactory
from netra_backend.app.dependencies import get_agent_instance_factory_dependency

FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


async def test_the_backend_speaks_tls_itself_when_told(store: Path, tmp_path: Path) -> None:
    """With a certificate and key it answers https only, and says so to browsers."""
    files = self_signed(tmp_path)
    settings = backend_settings(
        store,
        TLS_CERTIFICATE_PATH=str(files.certificate),
        TLS_PRIVATE_KEY_PATH=str(files.key),
    )
    context = ssl.create_default_context(cafile=str(files.certificate))
    async with (
        running_backend(store, settings=settings) as backend,
        httpx2.AsyncClient(verify=context, trust_env=False, timeout=10 * UNIT) as client,
    ):
        answer = await client.get(f"{backend.url}/")
        with pytest.raises(httpx2.TransportError):
            await client.get(backend.url.replace("https:", "http:"))

    assert answer.json() == {"message": "Welcome to Netra API"}
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("proxies", "address", "is_https"),
    [("127.0.0.1", "203.0.113.9", True), ("10.0.0.0/8", "127.0.0.1", False), (None, None, False)],
)
async def test_forwarding_headers_are_believed_from_trusted_proxies_only(
    store: Path, logged: LogLines, proxies: str | None, address: str | None, *, is_https: bool
) -> None:
    """Only a proxy on the list may say who the client is and how it came (checklist 47)."""
    settings = backend_settings(store, TRUSTED_PROXIES=proxies)
    async with running_backend(store, settings=settings) as backend, backend.client() as client:
        answer = await client.get("/", headers=FORWARDED)

    access = logged.only("http_request")
    assert access["httpRequest"]["remoteIp"] == (address or "127.0.0.1")
    assert ("Strict-Transport-Security" in answer.headers) is is_https


async def test_shared_key_mode_takes_the_keys_tokens_and_no_others(store: Path) -> None:
    """With shared keys tokens signed by the present or previous one are good, ES256 is not."""
    present, previous, foreign = (Secret(strong_secret()) for _ in range(3))
    settings = backend_settings(
        store,
        TOKEN_TRUST_MODE="shared-key",
        JWT_SECRET_KEY=present.reveal(),
        JWT_SECRET_KEY_PREVIOUS=previous.reveal(),
    )
    issuer = Issuer(SystemClock(), settings.token_issuer)
    statuses = []
    async with running_backend(store, settings=settings) as backend:
        for key in (
            *(SigningKey.from_shared_secret(s) for s in (present, previous, foreign)),
            None,
        ):
            issuer.key = key or SigningKey.generate()
            async with backend.client(issuer.user_token()) as client:
                statuses.append((await client.get("/api/session")).status_code)

    assert statuses == [200, 200, 401, 401]


def add_agent_route(app: FastAPI) -> None:
    """Add a route that says for whom its agent factory is."""

    @app.get("/probe/agents")
    async def agents(
        factory: Annotated[AgentInstanceFactory, Depends(get_agent_instance_factory_dependency)],
    ) -> dict[str, list[str] | str]:
        return {"principal": str(factory.principal), "agents": list(factory.names)}


async def test_the_agent_factory_is_the_callers_own(store: Path) -> None:
    """A user's factory is the user's, a service's its own with `agents:run`, nobody's is 401."""
    async with running_backend(store, prepare=add_agent_route) as backend:
        answers = [
            await _ask(client)
            for client in (
                backend.as_user("usr_anna"),
                backend.as_user("usr_berta"),
                backend.as_service("agents:run"),
                backend.as_service("sessions:open"),
                backend.client(),
            )
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 403, 401]
    assert [answer.json()["principal"] for answer in answers[:3]] == [
        "usr_anna",
        "usr_berta",
        "service:netra-backend",
    ]
    assert answers[0].json()["agents"] == ["assistant"]


async def _ask(client: httpx2.AsyncClient) -> httpx2.Response:
    async with client:
        return await client.get("/probe/agents")
