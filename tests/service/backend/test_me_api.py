"""Who the caller is, for both kinds, and what erasing an account takes along."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.running_backend import RunningBackend
from netra.principal import Role

Rows = Callable[[str], list[tuple[Any, ...]]]


async def test_a_user_is_told_who_it_is(backend: RunningBackend) -> None:
    """`/api/me` names a user's principal, permissions, roles, session and expiry."""
    async with backend.as_user("usr_anna") as client:
        me = (await client.get("/api/me")).json()

    ends_in = datetime.fromisoformat(me.pop("expires_at")) - datetime.now(UTC)
    assert 240 < ends_in.total_seconds() <= 300
    assert me == {
        "principal": "usr_anna",
        "kind": "user",
        "permissions": [
            "profile:read",
            "sessions:open",
            "threads:read",
            "threads:write",
            "account:delete",
            "account:manage",
            "session:end",
            "agents:run",
        ],
        "roles": [],
        "session_id": "ses_anna",
    }


async def test_an_operator_is_told_its_role(backend: RunningBackend) -> None:
    """A role shows in `/api/me`, with the permission that comes of it."""
    token = backend.issuer.user_token("usr_olga", roles=frozenset({Role.OPERATOR}))
    async with backend.client(token) as client:
        me = (await client.get("/api/me")).json()

    assert me["roles"] == ["operator"]
    assert "users:admin" in me["permissions"]


async def test_a_service_is_told_who_it_is(backend: RunningBackend) -> None:
    """`/api/me` names a service by its subject; it has neither roles nor a login session."""
    async with backend.as_service("profile:read", "service:status") as client:
        me = (await client.get("/api/me")).json()

    me.pop("expires_at")
    assert me == {
        "principal": "service:netra-backend",
        "kind": "service",
        "permissions": ["profile:read", "service:status"],
        "roles": [],
        "session_id": None,
    }


async def test_a_users_session_route_and_a_services_are_apart(backend: RunningBackend) -> None:
    """Each session route serves its own kind and is 403 for the other (checklist 46)."""
    async with backend.as_user("usr_anna") as user, backend.as_service() as service:
        own = await user.get("/api/session")
        foreign = await user.get("/api/service/session")
        service_own = await service.get("/api/service/session")
        service_foreign = await service.get("/api/session")

    assert own.json() == {"principal": "usr_anna", "kind": "user", "threads": 0}
    assert service_own.json()["principal"] == "service:netra-backend"
    assert service_own.json()["kind"] == "service"
    assert "service:status" in service_own.json()["permissions"]
    for refused in (foreign, service_foreign):
        assert refused.status_code == 403
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


async def test_an_operator_is_no_service(backend: RunningBackend) -> None:
    """A role opens no service-only route (checklist 46)."""
    token = backend.issuer.user_token("usr_olga", roles=frozenset({Role.OPERATOR}))
    async with backend.client(token) as client:
        answer = await client.get("/api/service/session")

    assert answer.status_code == 403


@pytest.mark.parametrize("scopes", [("profile:read",), ("sessions:open",), ("service:status",)])
async def test_the_service_route_needs_both_permissions(
    backend: RunningBackend, scopes: tuple[str, ...]
) -> None:
    """A service needs `service:status` and `sessions:open`, one alone is 403."""
    async with backend.as_service(*scopes) as client:
        answer = await client.get("/api/service/session")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/threads"),
        ("POST", "/api/threads"),
        ("GET", "/api/threads/thr_1"),
        ("DELETE", "/api/threads/thr_1"),
        ("GET", "/api/threads/thr_1/messages"),
        ("DELETE", "/api/me"),
    ],
)
async def test_no_service_enters_a_users_route(
    backend: RunningBackend, method: str, path: str
) -> None:
    """A service is 403 on every route of users, whatever it was granted (checklist 46)."""
    everything = ("threads:read", "threads:write", "account:delete", "sessions:open")
    async with backend.as_service(*everything) as client:
        answer = await client.request(method, path, json={"title": "t"})

    assert answer.status_code == 403


async def test_erasing_an_account_takes_its_rows_and_no_others(
    backend: RunningBackend, rows: Rows
) -> None:
    """`DELETE /api/me` erases every row of the caller, messages too, and nobody else's."""
    for name in ("usr_anna", "usr_berta"):
        async with backend.as_user(name) as client:
            for _ in range(2):
                thread = (await client.post("/api/threads", json={"title": "t"})).json()
                path = f"/api/threads/{thread['id']}/messages"
                await client.post(path, json={"text": "Hello"})
    async with backend.as_user("usr_anna") as client:
        answer = await client.delete("/api/me")
        again = await client.delete("/api/me")

    assert (answer.status_code, answer.content) == (204, b"")
    assert again.status_code == 204
    assert rows("SELECT DISTINCT owner_id FROM t_threads") == [("usr_berta",)]
    assert rows("SELECT owner_id, count(*) FROM t_messages GROUP BY 1") == [("usr_berta", 2)]
