"""The handshake of a socket, on a real server with a real client: who gets in, and how not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from fakes.clock import ManualClock
from fakes.issuer import Issuer
from fakes.log_lines import LogLines, log_lines
from fakes.running_backend import running_backend
from fakes.serving import serving
from fakes.timing import UNIT, eventually
from netra.clock import SystemClock
from netra.errors import (
    AuthServiceUnreachable,
    CredentialRejected,
    NetraError,
    PermissionDenied,
)
from netra.telemetry import RequestContext
from netra.tokens import FixedKeySource, KeySet, KeySource, RevocationSet
from netra_backend.app.websocket_core.unified_websocket_auth import (
    AuthenticatedHandshake,
    UnifiedWebSocketAuth,
)

PAGE = "https://chat.example"
CHAT = "netra.chat.v1"


class UnreachableSource:
    """Keys that cannot be asked for."""

    async def keys_for(self, kid: str) -> KeySet:
        """Fail."""
        raise AuthServiceUnreachable(f"no connection to ask for {kid}", retry_after=9)


class BrokenSource:
    """A fault of the server's own."""

    async def keys_for(self, kid: str) -> KeySet:
        """Fail."""
        raise LookupError(f"no configuration for {kid}")


@dataclass
class Chat:
    """The app under test: accepts who is authenticated and says who that is."""

    url: str
    issuer: Issuer
    revocations: RevocationSet
    lines: LogLines
    auth: UnifiedWebSocketAuth
    handshakes: list[AuthenticatedHandshake]

    @asynccontextmanager
    async def connected(
        self,
        *tokens: str,
        subprotocols: list[str] | None = None,
        origin: str | None = None,
        query: str = "",
    ) -> AsyncIterator[ClientConnection]:
        """Open a socket with as many Authorization headers as tokens are given."""
        headers = [("Authorization", f"Bearer {token}") for token in tokens]
        if origin is not None:
            headers.append(("Origin", origin))
        async with connect(
            f"{self.url}/ws{query}",
            subprotocols=subprotocols,  # type: ignore[arg-type] # a NewType of str
            additional_headers=headers,
            proxy=None,
            open_timeout=5 * UNIT,
        ) as socket:
            yield socket

    async def denied(self, *tokens: str, **more: Any) -> "Denial":
        """Try to open a socket and give the HTTP answer that came instead."""
        with pytest.raises(InvalidStatus) as refused:
            async with self.connected(*tokens, **more):
                pass
        response = refused.value.response
        return Denial(
            response.status_code, dict(response.headers.raw_items()), json.loads(response.body)
        )


@dataclass
class Denial:
    """An HTTP answer to a handshake."""

    status: int
    headers: dict[str, str]
    problem: dict[str, Any]

    def header(self, name: str) -> str | None:
        """Give a header by name in any case."""
        return {key.lower(): value for key, value in self.headers.items()}.get(name.lower())


@asynccontextmanager
async def chatting(
    source: KeySource | None = None, origins: frozenset[str] = frozenset({PAGE})
) -> AsyncIterator[Chat]:
    """Serve the app."""
    issuer, revocations = Issuer(SystemClock()), RevocationSet()
    keys = source or FixedKeySource(KeySet.of(issuer.key))
    auth = UnifiedWebSocketAuth(issuer.verifier(keys, revocations), origins)
    app = FastAPI()
    handshakes: list[AuthenticatedHandshake] = []

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        try:
            handshake = await auth.authenticate(websocket)
        except NetraError as error:
            await auth.deny(websocket, error)
            return
        handshakes.append(handshake)
        await websocket.accept(subprotocol=handshake.subprotocol)
        await websocket.send_json({"principal": str(handshake.principal)})
        await websocket.close()

    with log_lines() as lines:
        async with serving(RequestContext(app)) as served:
            yield Chat(served.websocket_url, issuer, revocations, lines, auth, handshakes)


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    """Give the app with one allowed origin."""
    async with chatting() as running:
        yield running


async def test_a_token_in_the_header_opens_a_socket(chat: Chat) -> None:
    """A client that is no browser needs neither an Origin nor a subprotocol."""
    async with chat.connected(chat.issuer.user_token()) as socket:
        assert json.loads(await socket.recv()) == {"principal": "usr_alice"}
        assert socket.subprotocol is None

    assert chat.handshakes[0].method == "bearer"
    assert chat.handshakes[0].expires_at == chat.handshakes[0].principal.expires_at


@pytest.mark.parametrize("origin", [None, PAGE, PAGE.upper()])
async def test_a_token_in_a_subprotocol_opens_a_socket(chat: Chat, origin: str | None) -> None:
    """Only the chat protocol is echoed, and the token is in no log line (checklist 54)."""
    token = chat.issuer.user_token()
    async with chat.connected(subprotocols=[CHAT, f"bearer.{token}"], origin=origin) as socket:
        assert socket.subprotocol == CHAT
        assert json.loads(await socket.recv()) == {"principal": "usr_alice"}
        assert socket.response is not None
        assert socket.response.headers.get_all("Sec-WebSocket-Protocol") == [CHAT]

    assert chat.handshakes[0].method == "subprotocol"
    await eventually(lambda: chat.lines.of("http_request"), within=2 * UNIT)
    access = chat.lines.of("http_request")[0]
    assert access["principal"] == "usr_alice"
    assert access["httpRequest"]["status"] == 101
    assert token not in chat.lines.text
    assert token.split(".")[2] not in chat.lines.text


async def test_without_a_credential_there_is_a_real_401(chat: Chat) -> None:
    """The handshake is answered before `accept`, with the challenge and a problem document.

    (checklist 54)
    """
    denial = await chat.denied(subprotocols=[CHAT])

    assert denial.status == 401
    assert denial.header("WWW-Authenticate") == 'Bearer realm="netra"'
    assert denial.header("Content-Type") == "application/problem+json"
    assert denial.problem["code"] == "credential_missing"
    assert denial.problem["request_id"] == denial.header("X-Request-Id")
    refused = chat.lines.only("authentication_refused")
    assert refused["user_type"] == "anonymous"
    assert refused["auth_failure_stage"] == "authentication"
    assert "service:" not in chat.lines.text


async def test_a_refusal_that_repeats_is_told_once_a_minute(store: Path, logged: LogLines) -> None:
    """The first is told, then how many there were; each is in the log as a request all the same.

    (checklist 56)
    """
    clock = ManualClock()
    async with running_backend(store, clock=clock) as backend:
        url = "ws" + backend.url.removeprefix("http") + "/ws"
        for pause in (0, 0, 61):
            clock.advance(pause)
            for _ in range(2):
                with pytest.raises(InvalidStatus, match="401"):
                    async with connect(url, proxy=None):
                        pass
        with pytest.raises(InvalidStatus, match="401"):
            async with connect(url, proxy=None, additional_headers={"Authorization": "x"}):
                pass

    told = logged.of("authentication_refused")
    assert [line.get("not_logged_since") for line in told] == [None, 3, None]
    assert [line["error_code"] for line in told[1:]] == ["credential_missing", "invalid_token"]
    requests = [line["httpRequest"]["status"] for line in logged.of("http_request")]
    assert requests == [401] * 7


def _expired(chat: Chat) -> str:
    return chat.issuer.crafted({"iat": 1_700_000_000, "exp": 1_700_000_300})


def _revoked(chat: Chat) -> str:
    now = SystemClock().timestamp()
    chat.revocations.apply([("session", "ses_alice", now, now + 300)])
    return chat.issuer.user_token()


def _forged(_chat: Chat) -> str:
    return Issuer(SystemClock()).user_token()


def _crafted(chat: Chat) -> str:
    return chat.issuer.crafted({"sub": "service:netra-backend"})


def _no_token(_chat: Chat) -> str:
    return "service_netra-backend"


@pytest.mark.parametrize("bad", [_expired, _revoked, _forged, _crafted, _no_token])
@pytest.mark.parametrize("way", ["header", "subprotocol"])
async def test_with_a_bad_credential_there_is_a_real_401(chat: Chat, bad: Any, way: str) -> None:
    """Every bad token has the same answer, whichever way it came (checklist 18, 54)."""
    token = bad(chat)
    if way == "header":
        denial = await chat.denied(token)
    else:
        denial = await chat.denied(subprotocols=[CHAT, f"bearer.{token}"])

    assert denial.status == 401
    assert denial.header("WWW-Authenticate") == 'Bearer realm="netra", error="invalid_token"'
    assert {name: denial.problem[name] for name in ("title", "status", "code")} == {
        "title": "The credential was refused.",
        "status": 401,
        "code": "invalid_token",
    }
    assert "detail" not in denial.problem
    assert chat.handshakes == []


async def test_two_credentials_are_refused(chat: Chat) -> None:
    """Header and subprotocol, two headers, two subprotocols: 401 each (checklist 45)."""
    token = chat.issuer.user_token()
    bearer = f"bearer.{token}"

    assert (await chat.denied(token, subprotocols=[CHAT, bearer])).status == 401
    assert (await chat.denied(token, token)).status == 401
    assert (await chat.denied(subprotocols=[CHAT, bearer, bearer])).status == 401


@pytest.mark.parametrize("name", ["token", "access_token", "jwt", "anything"])
async def test_a_token_in_the_url_is_refused(chat: Chat, name: str) -> None:
    """A token in the query is refused, beside a good header too, and is not logged (checklist 54).

    It is found by its parameter's name or by its shape.
    """
    token = chat.issuer.user_token()

    assert (await chat.denied(query=f"?{name}={token}")).status == 401
    assert (await chat.denied(token, query=f"?{name}={token}")).status == 401
    assert token not in chat.lines.text


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://chat.example", f"{PAGE}:8443", f"{PAGE}.evil", ""],
)
async def test_a_foreign_origin_is_403(chat: Chat, origin: str) -> None:
    """A page of somebody else gets 403, with a good credential or without (checklist 54)."""
    for tokens in ((), (chat.issuer.user_token(),)):
        denial = await chat.denied(*tokens, origin=origin)
        assert denial.status == 403
        assert denial.problem["code"] == "origin_refused"

    assert chat.lines.of("authentication_refused") == []
    assert chat.lines.of("origin_refused")[0]["allowed"] == [PAGE]


async def test_without_allowed_origins_clients_that_are_no_page_still_get_in() -> None:
    """An empty list is no blanket 403: it concerns pages only, and the log names the variable."""
    async with chatting(origins=frozenset()) as chat:
        async with chat.connected(chat.issuer.user_token()) as socket:
            await socket.recv()
        assert (await chat.denied(chat.issuer.user_token(), origin=PAGE)).status == 403

        assert "ALLOWED_ORIGINS" in chat.lines.only("origin_refused")["debug_hints"][0]


async def test_keys_that_cannot_be_asked_for_are_503() -> None:
    """An auth service that is down is neither 401 nor 403 (checklist 43)."""
    async with chatting(UnreachableSource()) as chat:
        denial = await chat.denied(chat.issuer.user_token())

    assert denial.status == 503
    assert denial.header("Retry-After") == "9"
    assert denial.header("WWW-Authenticate") is None
    assert denial.problem["code"] == "auth_service_unreachable"


async def test_a_fault_of_the_server_is_500() -> None:
    """What is wrong with the server's own configuration never shows as 403."""
    async with chatting(BrokenSource()) as chat:
        denial = await chat.denied(chat.issuer.user_token())

    assert denial.status == 500
    assert denial.problem["code"] == "internal_error"


async def test_foreign_subprotocols_are_400(chat: Chat) -> None:
    """A client that speaks only something else is told so, once it is known who it is."""
    token = chat.issuer.user_token()

    assert (await chat.denied(token, subprotocols=["netra.chat.v9"])).status == 400
    assert (await chat.denied(subprotocols=[f"bearer.{token}"])).status == 400
    assert (await chat.denied(subprotocols=["netra.chat.v9"])).status == 401


@pytest.mark.parametrize("header", ["X-User-Id", "X-Service-Id", "X-Test-Mode", "X-E2E-Bypass"])
async def test_no_header_lets_anybody_in(chat: Chat, header: str) -> None:
    """Identity is not taken from any other header (checklist 47)."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"{chat.url}/ws",
            additional_headers=[(header, "service:netra-backend")],
            proxy=None,
        ):
            pass

    assert refused.value.response.status_code == 401


async def test_a_renewal_prolongs_and_cannot_change_the_subject(chat: Chat) -> None:
    """A new token of the same subject moves the end; another subject's is refused.

    (checklist 55)
    """
    async with chat.connected(chat.issuer.user_token(lifetime=60)) as socket:
        await socket.recv()
    first = chat.handshakes[0]

    renewed = await chat.auth.renewed(first, chat.issuer.user_token(lifetime=300))
    assert renewed.expires_at > first.expires_at + 200
    assert (renewed.subprotocol, renewed.method) == (first.subprotocol, first.method)

    for other in (chat.issuer.user_token("usr_bob"), chat.issuer.service_token()):
        with pytest.raises(PermissionDenied):
            await chat.auth.renewed(first, other)
    with pytest.raises(CredentialRejected):
        await chat.auth.renewed(first, "garbage")
