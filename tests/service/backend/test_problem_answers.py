"""Every error is a problem document: its status, its headers, and what it must not repeat."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.running_backend import RunningBackend, backend_settings, running_backend
from netra.wire.problem import MEDIA_TYPE

PAGE = {"/chat", "/chat/callback", "/chat/settings.json", "/chat/static/{name}"}
PUBLIC = {"/", "/health", "/health/live", "/health/ready", "/openapi.json", "/ws", *PAGE}


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem document as declared, and give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"].endswith(f"/{code}")
    assert document["request_id"] == answer.headers["X-Request-Id"]
    return document


def operations(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """List every method and path of an app, those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from operations(included.routes)
        else:
            # A route for sockets has no methods: who may open one is `test_chat_socket`'s.
            yield from ((method, route.path) for method in getattr(route, "methods", ()))


async def test_unknown_paths_and_methods_are_problems(backend: RunningBackend) -> None:
    """404 and 405 are problem documents too, and 405 names the allowed methods."""
    async with backend.client() as client:
        assert_problem(await client.get("/nope"), 404, "not_found")
        assert_problem(await client.get("/api/threads/"), 404, "not_found")
        assert_problem(await client.get("/docs"), 404, "not_found")
        wrong = await client.delete("/health")
        assert_problem(wrong, 405, "request_invalid")
        assert wrong.headers["Allow"] == "GET"
        several = await client.put("/api/threads/thr_1")
        assert_problem(several, 405, "request_invalid")
        assert several.headers["Allow"] == "DELETE, GET, PATCH"
        assert_problem(await client.request("TRACE", "/"), 405, "request_invalid")


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "content_invalid"),
        (b"", "application/json", 422, "content_invalid"),
        (b"null", "application/json", 422, "content_invalid"),
        (b"title=t", "application/x-www-form-urlencoded", 422, "content_invalid"),
        (b'{"title": "t"}', "text/plain", 422, "content_invalid"),
        (b'{"title": "\xff"}', "application/json", 400, "request_invalid"),
        (b'{"title": "lone \\ud800"}', "application/json", 422, "content_invalid"),
        (b'{"title": "t", "\\ud800": 1}', "application/json", 422, "content_invalid"),
        (b'{"title": NaN}', "application/json", 422, "content_invalid"),
        (b"[" * 100_000, "application/json", 400, "request_invalid"),
        (b'{"title": "' + b"x" * 1_100_000 + b'"}', "application/json", 413, "content_too_large"),
    ],
)
async def test_a_body_that_cannot_be_taken_is_a_problem(
    backend: RunningBackend, content: bytes, kind: str, status: int, code: str
) -> None:
    """Malformed, empty, foreign, deeply nested and oversized bodies are 4xx, never 500."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.post("/api/threads", content=content, headers={"Content-Type": kind})

    assert_problem(answer, status, code)


async def test_invalid_content_says_where_and_never_what(backend: RunningBackend) -> None:
    """A 422 names each place and problem, and repeats no value of the request."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.post(
            "/api/threads", json={"title": ["hush-hush"], "extra": "hush-hush"}
        )

    document = assert_problem(answer, 422, "content_invalid")
    assert {field["at"] for field in document["errors"]} == {"body.title", "body.extra"}
    assert "hush" not in answer.text


async def test_every_route_but_the_public_ones_needs_a_credential(
    backend: RunningBackend,
) -> None:
    """Without a credential every route that is not on the public list is 401 (checklist 44)."""
    seen = set()
    async with backend.client() as client:
        for method, path in operations(backend.app.routes):
            if path in PUBLIC:
                continue
            seen.add((method, path))
            answer = await client.request(method, re.sub(r"\{[^}]+\}", "x", path))
            document = assert_problem(answer, 401, "credential_missing")
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="netra"'
            assert document["title"] == "Authentication is required."

    assert ("DELETE", "/api/me") in seen
    assert len(seen) >= 12


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer {token}"), ("Authorization", "Bearer {token}")],
        [("Authorization", "Bearer {token}, Bearer {token}")],
        [("Authorization", "Basic {token}")],
        [("Authorization", "Token {token}")],
        [("Authorization", "Bearer {token}x")],
        [("Authorization", "{token}")],
    ],
)
async def test_an_odd_credential_is_refused(
    backend: RunningBackend, headers: list[tuple[str, str]]
) -> None:
    """Two Authorization headers and other schemes are 401 `invalid_token` (checklist 45)."""
    token = backend.issuer.user_token()
    filled = [(name, value.format(token=token)) for name, value in headers]
    async with backend.client() as client:
        answer = await client.get("/api/me", headers=filled)

    assert_problem(answer, 401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="netra", error="invalid_token"'
    assert token not in answer.text


async def test_a_scheme_in_any_case_is_taken_and_a_cookie_is_not(
    backend: RunningBackend,
) -> None:
    """`bearer` in any case works, and a cookie neither helps nor harms (checklist 45)."""
    token = backend.issuer.user_token()
    async with backend.client() as client:
        for scheme in ("bearer", "BEARER", "BeArEr"):
            headers = {"Authorization": f"{scheme} {token}", "Cookie": "netra_session=x"}
            answer = await client.get("/api/me", headers=headers)
            assert answer.status_code == 200
        cookie_only = await client.get("/api/me", headers={"Cookie": f"access_token={token}"})
        in_url = await client.get("/api/me", params={"access_token": token})

    assert_problem(cookie_only, 401, "credential_missing")
    assert_problem(in_url, 401, "invalid_token")


async def test_answers_carry_the_headers_of_safety(backend: RunningBackend) -> None:
    """Every answer, also a failing one, forbids caching, sniffing, framing and scripts."""
    async with backend.client() as client:
        for path in ("/", "/nope", "/api/me", "/health/live"):
            headers = (await client.get(path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Request-Id"].startswith("req_")
            assert "server" not in headers


async def test_the_openapi_document_declares_every_answer(backend: RunningBackend) -> None:
    """Each protected operation declares its security and its problems; health declares 503."""
    async with backend.client() as client:
        document = (await client.get("/openapi.json")).json()

    for path, operations in document["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            if path in PUBLIC:
                assert "security" not in operation
                continue
            assert operation["security"] == [{"accessToken": []}]
            assert {"401", "403", "500", "503"} <= answers.keys()
            for status, answer in answers.items():
                if int(status) >= 400:
                    assert list(answer["content"]) == [MEDIA_TYPE]
    assert "HTTPValidationError" not in json.dumps(document)
    assert "503" in document["paths"]["/health"]["get"]["responses"]


async def test_the_openapi_document_is_not_served_in_production(store: Path) -> None:
    """In production there is no `/openapi.json`, as there is no page of documentation."""
    settings = backend_settings(
        store, ENVIRONMENT="production", AUTH_SERVICE_URL="https://127.0.0.1:1"
    )
    async with running_backend(store, settings=settings) as backend, backend.client() as client:
        assert_problem(await client.get("/openapi.json"), 404, "not_found")


@pytest.mark.parametrize("body", [b"{bad", b"[]", b"\xff", b'{"unknown": 1}'])
async def test_the_credential_comes_before_the_body(backend: RunningBackend, body: bytes) -> None:
    """Without a credential nobody is told that a body cannot be read (checklist 44)."""
    headers = {"Content-Type": "application/json"}
    paths = {
        (method, path)
        for method, path in operations(backend.app.routes)
        if method in {"POST", "PATCH", "DELETE"}
    }
    assert paths
    async with backend.client() as client:
        for method, path in sorted(paths):
            answer = await client.request(method, path, content=body, headers=headers)
            assert_problem(answer, 401, "credential_missing")
