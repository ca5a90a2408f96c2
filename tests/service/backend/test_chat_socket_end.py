"""How a socket ends: expiry, revocation, silence, a client that reads nothing, a restart."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from fakes.auth_service import FakeAuthService
from fakes.backend_process import BackendProcess
from fakes.chat_site import chat_site
from fakes.chat_socket import ChatSocket, chat_socket
from fakes.clock import ManualClock
from fakes.log_lines import LogLines
from fakes.running_auth import bearer, running_auth_service
from fakes.running_backend import RunningBackend, running_backend
from fakes.scripted_agents import catalogue
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run
from netra.clock import SystemClock
from netra.ids import row_id
from netra.wire.auth_api import ADMIN_USERS_PATH, OWN_SESSION_PATH, RevocationKind
from netra.wire.chat_protocol import (
    Failed,
    Ping,
    Pong,
    Refresh,
    Refreshed,
    TokenExpiring,
)
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.app_state import AppState
from netra_backend.app.websocket_core.connection_registry import ConnectionRegistry
from netra_backend.app.websocket_core.endpoint import chat_socket_routes
from netra_backend.app.websocket_core.session_protocol import (
    BAD_TOKENS,
    FRAME_BURST,
    SECONDS_PER_RENEWAL,
    SessionTimes,
)
from netra_backend.app.websocket_core.unified_websocket_auth import UnifiedWebSocketAuth

QUICK = SessionTimes(heartbeat=0.25 * UNIT, resume=0.5 * UNIT, send=0.5 * UNIT)


@asynccontextmanager
async def impatient(
    store: Path, times: SessionTimes = QUICK, agents: AgentCatalogue | None = None
) -> AsyncIterator[tuple[RunningBackend, ConnectionRegistry]]:
    """Run the backend with other times than it is shipped with; give its registry too."""
    registries: list[ConnectionRegistry] = []

    def other_times(app: FastAPI) -> None:
        state: AppState = app.state.netra
        auth = UnifiedWebSocketAuth(state.verifier, state.settings.allowed_origins)
        registries.append(ConnectionRegistry(state.revocations, state.clock))
        app.router.routes[:0] = chat_socket_routes(auth, registries[0], times).routes

    async with running_backend(store, prepare=other_times, catalogue=agents) as backend:
        yield backend, registries[0]


@pytest.fixture
async def followed(store: Path, auth: FakeAuthService) -> AsyncIterator[RunningBackend]:
    """Run the backend while it follows the feed of revocations."""
    async with running_backend(store, auth=auth) as backend:
        await eventually(lambda: backend.state.revocation_feed.up, within=10 * UNIT)
        yield backend


def now() -> float:
    """Read the loop's clock."""
    return asyncio.get_running_loop().time()


# The credential's end.


async def test_a_socket_ends_with_its_token(backend: RunningBackend, logged: LogLines) -> None:
    """The end is announced before it comes; then the socket is closed with 4401 (checklist 55)."""
    token = backend.issuer.user_token(lifetime=3)
    async with chat_socket(backend.url, token) as chat:
        ready = await chat.resume()
        warning = await chat.hear(TokenExpiring)
        left = warning.expires_at - SystemClock().timestamp()
        end = await chat.closed()

    assert end == (4401, "token expired")
    assert warning.expires_at == ready.expires_at
    assert 0 < left < 2
    assert abs(SystemClock().timestamp() - ready.expires_at) < 0.5 * UNIT
    await eventually(lambda: logged.of("websocket_closed"), within=5 * UNIT)
    closed = logged.only("websocket_closed")
    assert (closed["close_code"], closed["close_reason"]) == (4401, "token expired")
    assert (closed["principal"], closed["closed_by"]) == ("usr_alice", "server")


async def test_a_token_that_has_just_ended_opens_nothing(backend: RunningBackend) -> None:
    """Within the leeway for clocks the handshake succeeds; no message is taken (checklist 55)."""
    moment = SystemClock().timestamp()
    token = backend.issuer.crafted({"iat": moment - 200, "exp": moment - 2})
    async with chat_socket(backend.url, token) as chat:
        await chat.send('{"type":"resume"}')

        assert await chat.closed() == (4401, "token expired")
    assert chat.heard == []


async def test_a_new_token_prolongs_the_socket(backend: RunningBackend) -> None:
    """Renewed in-band the socket outlives its first token (checklist 55)."""
    async with chat_socket(backend.url, backend.issuer.user_token(lifetime=3)) as chat:
        ready = await chat.resume()
        await chat.hear(TokenExpiring)
        await chat.send(Refresh(backend.issuer.user_token(session_id="ses_new", lifetime=60)))
        refreshed = await chat.hear(Refreshed)
        assert refreshed.expires_at > ready.expires_at + 50

        await eventually(
            lambda: SystemClock().timestamp() > ready.expires_at + 0.3, within=5 * UNIT
        )
        await chat.send(Ping())
        await chat.hear(Pong)
        accepted = await chat.say("who am I")
        await chat.hear_end(accepted.run_id)


@pytest.mark.parametrize("who", ["another person", "a service", "the person in capitals"])
async def test_a_socket_never_changes_hands(
    backend: RunningBackend, logged: LogLines, who: str
) -> None:
    """A good token of another subject closes with 4403, whatever it is for (checklist 55)."""
    tokens = {
        "another person": backend.issuer.user_token("usr_bob", session_id="ses_bob"),
        "a service": backend.issuer.service_token(),
        "the person in capitals": backend.issuer.user_token("usr_ALICE"),
    }
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        await chat.send(Refresh(tokens[who]))

        assert await chat.closed() == (4403, "the new token is another subject's")
    refused = logged.only("authentication_refused")
    assert (refused["user_id"], refused["auth_failure_stage"]) == ("usr_alice", "authentication")


@pytest.mark.parametrize("bad", ["x", "forged", "ä" * 20])
async def test_a_bad_token_prolongs_nothing(backend: RunningBackend, bad: str) -> None:
    """It is refused, the socket lives on, and ends when its good token does (checklist 55)."""
    if bad == "forged":
        bad = backend.issuer.user_token()[:-4] + "AAAA"
    async with chat_socket(backend.url, backend.issuer.user_token(lifetime=3)) as chat:
        ready = await chat.resume()
        await chat.send(Refresh(bad))
        refused = await chat.hear(Failed)
        assert refused.code == "invalid_token"
        assert refused.message == "The credential was refused."
        await chat.send(Ping())
        await chat.hear(Pong)

        assert await chat.closed() == (4401, "token expired")
    assert abs(SystemClock().timestamp() - ready.expires_at) < 0.5 * UNIT


async def test_bad_tokens_are_neither_verified_nor_borne_without_end(
    store: Path, logged: LogLines
) -> None:
    """One a second is looked at, and the third bad one ends the socket (checklist 55, 56)."""
    clock = ManualClock()
    async with (
        running_backend(store, clock=clock) as backend,
        chat_socket(backend.url, backend.issuer.user_token()) as chat,
    ):
        await chat.resume()
        for expected in ["invalid_token", "too_many_requests"] * 2:
            await chat.send(Refresh("x"))
            assert (await chat.hear(Failed)).code == expected
            if expected == "too_many_requests":
                clock.advance(SECONDS_PER_RENEWAL)
        await chat.send(Refresh("x"))

        assert await chat.closed() == (4401, "too many bad tokens")
    assert len(logged.of("authentication_refused")) == BAD_TOKENS


async def test_a_token_that_cannot_be_judged_is_neither_good_nor_bad(store: Path) -> None:
    """With the auth service away and a key not known yet, the client may try again."""
    clock = ManualClock()
    auth = FakeAuthService(clock)
    async with (
        auth.running(),
        running_backend(store, auth=auth, clock=clock) as backend,
        chat_socket(backend.url, auth.issuer.user_token()) as chat,
    ):
        await chat.resume()
        clock.advance(61)
        auth.issuer.rotate()
        auth.faults.status = 500
        await chat.send(Refresh(auth.issuer.user_token()))
        refused = await chat.hear(Failed)
        await chat.send(Ping())
        await chat.hear(Pong)

    assert refused.code == "auth_service_unreachable"
    assert refused.retry_after is not None


# Revocation and log-out.


@pytest.mark.parametrize("kind", list(RevocationKind))
async def test_a_revocation_ends_the_sockets_it_concerns(
    followed: RunningBackend, auth: FakeAuthService, kind: RevocationKind
) -> None:
    """A token's, a session's and a subject's sockets are closed with 4401; no other one.

    (checklist 48, 55)
    """
    token_id = row_id("tok")
    concerned = auth.issuer.user_token("usr_alice", session_id="ses_1", token_id=token_id)
    another = auth.issuer.user_token("usr_bob", session_id="ses_2")
    revoked = {"token": token_id, "session": "ses_1", "subject": "usr_alice"}[kind.value]
    async with (
        chat_socket(followed.url, concerned) as ended,
        chat_socket(followed.url, concerned) as never_resumed,
        chat_socket(followed.url, another) as stays,
    ):
        await ended.resume()
        await stays.resume()
        began = now()
        await auth.revoke(kind, revoked)

        assert await ended.closed() == (4401, "session ended")
        assert await never_resumed.closed() == (4401, "session ended")
        assert now() - began < 1 * UNIT
        await stays.send(Ping())
        await stays.hear(Pong)


async def test_after_a_renewal_only_the_new_session_counts(
    followed: RunningBackend, auth: FakeAuthService
) -> None:
    """The end of the session a socket began with is no end of it; the end of its present one is."""
    async with chat_socket(followed.url, auth.issuer.user_token(session_id="ses_1")) as chat:
        await chat.resume()
        await chat.send(Refresh(auth.issuer.user_token(session_id="ses_2")))
        await chat.hear(Refreshed)
        await auth.revoke(RevocationKind.SESSION, "ses_1")
        await eventually(lambda: len(followed.state.revocations) == 1, within=5 * UNIT)
        await chat.send(Ping())
        await chat.hear(Pong)
        await auth.revoke(RevocationKind.SESSION, "ses_2")

        assert await chat.closed() == (4401, "session ended")


async def test_logging_out_ends_the_sockets_of_the_session(tmp_path: Path) -> None:
    """With both real services: log-out closes that session's sockets within a second.

    Another session of the same person stays (checklist 48, 50, 55).
    """
    async with chat_site(tmp_path) as site:
        await eventually(lambda: site.backend.state.revocation_feed.up, within=10 * UNIT)
        person = await site.person()
        leaving = (await site.auth.tokens_of(person))["access_token"]
        staying = (await site.auth.tokens_of(person))["access_token"]
        async with (
            chat_socket(site.origin, leaving) as ended,
            chat_socket(site.origin, staying) as stays,
        ):
            await ended.resume()
            await stays.resume()
            began = now()
            answer = await site.auth.http.delete(OWN_SESSION_PATH, headers=bearer(leaving))
            end = await ended.closed()
            took = now() - began
            await stays.send(Ping())
            await stays.hear(Pong)

    assert answer.status_code == 204
    assert end == (4401, "session ended")
    assert took < 1 * UNIT


async def test_an_account_that_is_erased_is_disconnected_everywhere(tmp_path: Path) -> None:
    """With both real services: the end of an account closes all its sockets (checklist 48)."""
    async with chat_site(tmp_path) as site:
        await eventually(lambda: site.backend.state.revocation_feed.up, within=10 * UNIT)
        person = await site.person()
        tokens = [(await site.auth.tokens_of(person))["access_token"] for _ in range(2)]
        operator = await site.auth.service_token("netra-ops")
        async with (
            chat_socket(site.origin, tokens[0]) as phone,
            chat_socket(site.origin, tokens[1]) as desk,
        ):
            await phone.resume()
            await desk.resume()
            began = now()
            answer = await site.auth.http.delete(
                f"{ADMIN_USERS_PATH}/{person.user_id}", headers=bearer(operator)
            )
            ends = [await phone.closed(), await desk.closed()]
            took = now() - began

    assert answer.status_code == 204
    assert ends == [(4401, "session ended")] * 2
    assert took < 1 * UNIT


# Silence.


async def test_a_client_that_never_resumes_is_closed(store: Path) -> None:
    """The first frame must come in time, whatever else is sent at a lower level."""
    async with (
        impatient(store, replace(QUICK, heartbeat=60)) as (backend, _),
        chat_socket(backend.url, backend.issuer.user_token()) as chat,
    ):
        await chat.socket.ping()

        assert await chat.closed() == (4408, "no resume came")


async def test_a_client_that_says_nothing_is_closed(store: Path) -> None:
    """Two heartbeats without a frame end the socket; who pings stays."""
    async with impatient(store) as (backend, registry):
        token = backend.issuer.user_token()
        async with (
            chat_socket(backend.url, token) as quiet,
            chat_socket(backend.url, token) as chat,
        ):
            began = now()
            await quiet.resume()
            ready = await chat.resume()
            quiet_end = asyncio.create_task(quiet.closed())
            while not quiet_end.done():
                await chat.send(Ping())
                await chat.hear(Pong)
                await asyncio.wait((quiet_end,), timeout=ready.heartbeat_seconds / 3)

            assert await quiet_end == (4408, "nothing was heard")
            assert now() - began >= 2 * ready.heartbeat_seconds
            await chat.send(Ping())
            await chat.hear(Pong)
            assert len(registry) == 1
    assert len(registry) == 0


# A client that does not read.


async def _talk(_question: Question, run: Run) -> str:
    """Say more than the buffers of two kernels hold."""
    for number in range(400):
        await run.say(f"{number} " + "x" * 30_000)
    return "done"


@asynccontextmanager
async def forgetful(backend: RunningBackend, token: str) -> AsyncIterator[ChatSocket]:
    """Open a socket, resume, and read no more; the block may go on reading."""
    host, port = backend.url.removeprefix("http://").split(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (host, int(port)))
        async with chat_socket(backend.url, token, sock=connection) as chat:
            await chat.resume()
            chat.socket.transport.pause_reading()
            yield chat
            chat.socket.transport.abort()


async def test_a_client_that_does_not_read_is_closed(store: Path, logged: LogLines) -> None:
    """What is sent to it has an end, and so has the socket; the run does not mind."""
    times = replace(QUICK, heartbeat=60)
    async with impatient(store, times, catalogue(_talk)) as (backend, registry):
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as reader, forgetful(backend, token):
            await reader.resume()
            accepted = await reader.say("talk")
            await reader.hear_end(accepted.run_id)
            await eventually(lambda: logged.of("websocket_closed"), within=20 * UNIT)

            assert len(registry) == 1
            closed = logged.only("websocket_closed")
            assert (closed["close_code"], closed["close_reason"]) == (4408, "nothing was read")
    assert reader.seqs == list(range(1, len(reader.seqs) + 1))


async def test_a_slow_client_gets_everything_in_the_end(store: Path) -> None:
    """More than its queue holds is published meanwhile: it is read from the journal, in order."""
    times = replace(QUICK, heartbeat=60, send=60)
    async with impatient(store, times, catalogue(_talk)) as (backend, _):
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as reader, forgetful(backend, token) as slow:
            await reader.resume()
            accepted = await reader.say("talk")
            await reader.hear_end(accepted.run_id)
            slow.socket.transport.resume_reading()
            await slow.hear_end(accepted.run_id)

    assert len(reader.events) > 300
    assert slow.events == reader.events


async def test_a_revocation_does_not_wait_for_a_client_that_does_not_read(
    store: Path, auth: FakeAuthService, logged: LogLines
) -> None:
    """The socket ends within a second although its close cannot be sent (checklist 55)."""
    async with running_backend(store, auth=auth, catalogue=catalogue(_talk)) as backend:
        await eventually(lambda: backend.state.revocation_feed.up, within=10 * UNIT)
        blocked = auth.issuer.user_token(session_id="ses_1")
        async with (
            chat_socket(backend.url, auth.issuer.user_token()) as reader,
            forgetful(backend, blocked),
        ):
            await reader.resume()
            await reader.hear_end((await reader.say("talk")).run_id)
            began = now()
            await auth.revoke(RevocationKind.SESSION, "ses_1")
            await eventually(lambda: logged.of("websocket_closed"), within=5 * UNIT)

            assert now() - began < 1 * UNIT
            closed = logged.only("websocket_closed")
            assert (closed["close_code"], closed["close_reason"]) == (4401, "session ended")


async def test_pings_without_reading_are_heard_no_further(store: Path) -> None:
    """A client that asks and does not read is not listened to, so that answers cannot pile up."""
    times = replace(QUICK, heartbeat=60)
    async with impatient(store, times, catalogue(_talk)) as (backend, registry):
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as reader, forgetful(backend, token) as chat:
            await reader.resume()
            await reader.hear_end((await reader.say("talk")).run_id)
            for _ in range(FRAME_BURST - 1):
                await chat.send(Ping("x" * 64))
            await eventually(lambda: len(registry) == 1, within=20 * UNIT)


# A restart.


async def test_a_stopping_server_says_so(store: Path) -> None:
    """When the app ends, open sockets are closed with 1012, and new ones at once."""
    async with impatient(store, SessionTimes()) as (backend, registry):
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as chat, chat_socket(backend.url, token) as new:
            await chat.resume()
            await registry.aclose()

            assert await chat.closed() == (1012, "restarting")
            assert await new.closed() == (1012, "restarting")
        async with chat_socket(backend.url, token) as late:
            assert await late.closed() == (1012, "restarting")


@pytest.mark.long
async def test_a_process_that_is_told_to_stop_closes_with_1012(tmp_path: Path) -> None:
    """SIGTERM to the real process: every socket hears 1012, and the process ends by itself."""
    async with running_auth_service(tmp_path) as auth:
        process = BackendProcess(tmp_path, auth.url)
        await process.start()
        token = (await auth.tokens_of(await auth.registered_person()))["access_token"]
        async with chat_socket(process.url, token) as chat:
            await chat.resume()
            exit_code = asyncio.create_task(process.stop())

            assert await chat.closed() == (1012, "restarting")
            assert await exit_code == 0
    assert '"closed_by":"server"' in process.events("websocket_closed")[0]
