"""Regression d: nothing but a verified credential says who is asking."""

import time
from pathlib import Path

import pytest

from fakes.access_tokens import signed, user_payload
from fakes.raw_http import answer_to
from fakes.running_backend import running_backend

_HEADERS = [
    {"X-Service-Id": "netra-backend", "X-Service-Secret": "anything"},
    {"X-User-Id": "service:netra-backend"},
    {"X-Forwarded-User": "service:netra-backend", "X-Forwarded-For": "127.0.0.1"},
    {"X-Test-Mode": "1", "X-E2E-Test": "true", "X-Netra-Service": "netra-backend"},
    {"Cookie": "netra_session=service:netra-backend"},
    {"Authorization": "Bearer service:netra-backend"},
    {"Authorization": "Service netra-backend"},
    {"Authorization": "Basic bmV0cmEtYmFja2VuZDphbnl0aGluZw=="},
]
_CLAIMS = [
    {"sub": "service:netra-backend"},
    {"sub": "service:netra-backend", "client_id": "netra-backend"},
    {"principal_kind": "service"},
    {"principal_kind": "service", "client_id": "netra-backend"},
    {"client_id": "service:netra-backend"},
    {"user_id": "service:netra-backend", "service": "netra-backend", "is_service": True},
    {"scope": "service:status sessions:open data:maintain"},
    {"roles": ["service", "operator"]},
]


@pytest.mark.parametrize("path", ["/api/me", "/api/session", "/api/service/session"])
@pytest.mark.parametrize("headers", _HEADERS, ids=str)
async def test_no_header_makes_a_caller(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    """A name in any header, cookie or query is not a credential (checklist 47)."""
    query = {"user_id": "service:netra-backend", "service_id": "netra-backend"}
    async with running_backend(tmp_path / "app.db") as backend, backend.client() as client:
        answer = await client.get(path, headers=headers, params=query)

    assert answer.status_code == 401


async def test_a_trailer_is_no_credential(tmp_path: Path) -> None:
    """What follows a body is no header, not even a good token in it (checklist 45, 47)."""
    async with running_backend(tmp_path / "app.db") as backend:
        heads = b"GET /api/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        token = backend.issuer.user_token().encode()
        body = b"Connection: close\r\n\r\n0\r\nAuthorization: Bearer " + token + b"\r\n\r\n"
        heard = await answer_to(backend.url, heads + body)

    assert heard.statuses == [401]


@pytest.mark.parametrize("changes", _CLAIMS, ids=str)
async def test_no_claim_makes_a_user_a_service(tmp_path: Path, changes: dict[str, object]) -> None:
    """Even a claim with a genuine signature opens no service route to a person (checklist 41)."""
    async with running_backend(tmp_path / "app.db") as backend, backend.client() as client:
        now = int(time.time())
        payload = user_payload(
            iss=backend.state.settings.token_issuer, iat=now, exp=now + 300, **changes
        )
        headers = {"Authorization": f"Bearer {signed(payload, backend.issuer.key)}"}
        service = await client.get("/api/service/session", headers=headers)
        me = await client.get("/api/me", headers=headers)

    assert service.status_code in {401, 403}
    assert me.status_code == 401 or me.json()["principal"] == payload["sub"]
    assert me.status_code == 401 or me.json()["kind"] == "user"
