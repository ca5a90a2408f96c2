"""One open socket: hears its client, asks the session protocol what follows, and does that.

What may be said when is decided in `session_protocol`, what is still to be sent in `event_stream`,
what a message begins in `chat`; writing to the socket is `speaker`'s.
"""

import asyncio
from collections.abc import Sequence
from contextvars import copy_context
from typing import Final

from fastapi import WebSocket

from netra.errors import (
    CouldNotDecide,
    CredentialRejected,
    InternalError,
    NetraError,
    PermissionDenied,
)
from netra.policy import Denied, Permission, decide, permissions_of
from netra.principal import UserPrincipal
from netra.telemetry.auth_events import authentication_refused
from netra.telemetry.log_events import event_logger
from netra.telemetry.request_record import Stage, request_record
from netra.wire.chat_protocol import (
    Accepted,
    Approval,
    ApprovalAccepted,
    CancelAccepted,
    CloseCode,
    Failed,
    SendMessage,
)
from netra_backend.app.app_state import state_of
from netra_backend.app.websocket_core.event_stream import CaughtUp, EventStream, JournalBegunAnew
from netra_backend.app.websocket_core.journal_reader import OwnJournal
from netra_backend.app.websocket_core.rate_limits import PrincipalLimits
from netra_backend.app.websocket_core.session_protocol import (
    Actions,
    AnswerRun,
    BeginTurn,
    CancelRun,
    Close,
    Life,
    Renew,
    Replay,
    Send,
    SessionProtocol,
    SessionTimes,
)
from netra_backend.app.websocket_core.speaker import Speaker
from netra_backend.app.websocket_core.unified_websocket_auth import (
    AuthenticatedHandshake,
    UnifiedWebSocketAuth,
)

_SHORTEST_TIMER_SECONDS: Final = 0.001
_OURS: Final = 500

log: Final = event_logger("websocket_core")


class Connection:
    """A socket that was accepted, from its first frame to its close.

    All its times are one timer's.

    Args:
        websocket: The accepted socket.
        handshake: How it was accepted.
        principal: Who it belongs to.
        auth: Verifies new tokens.
        limits: What its principal may ask for.
        times: How patient its session is.
    """

    __slots__ = (
        "_auth",
        "_context",
        "_handshake",
        "_left",
        "_presence",
        "_principal",
        "_protocol",
        "_record",
        "_speaker",
        "_state",
        "_stream",
        "_timer",
        "_timer_at",
        "_websocket",
    )

    def __init__(
        self,
        websocket: WebSocket,
        handshake: AuthenticatedHandshake,
        principal: UserPrincipal,
        auth: UnifiedWebSocketAuth,
        limits: PrincipalLimits,
        times: SessionTimes,
    ) -> None:
        self._websocket = websocket
        self._handshake = handshake
        self._principal = principal
        self._auth = auth
        self._state = state_of(websocket)
        self._record = request_record(websocket.scope)
        self._context = copy_context()
        self._protocol = SessionProtocol(self._now(), self._life(principal), limits, times)
        self._speaker = Speaker(websocket, self, self._context, times.send)
        journal = OwnJournal(self._state, self, handshake.method)
        self._stream = EventStream(self._state.bus, principal.user_id, journal, self._speaker.wake)
        self._presence = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._left = False

    @property
    def principal(self) -> UserPrincipal:
        """Who was verified last for the socket."""
        return self._principal

    def end(self, code: CloseCode, reason: str) -> None:
        """Close the socket soon; what waits to be sent is dropped."""
        self._follow(self._protocol.ended(code, reason))

    def gone(self) -> None:
        """Stop serving a client that is not there, although the server does not say so."""
        if not self._left and not self._presence.expired():
            self._presence.reschedule(asyncio.get_running_loop().time())

    async def serve(self) -> None:
        """Serve the client until one of the two has closed."""
        self._set_timer()
        try:
            async with self._presence:
                while (message := await self._websocket.receive())["type"] == "websocket.receive":
                    await self._hear(message.get("text"))
                    await self._speaker.room()
                if message.get("code") == CloseCode.TOO_MANY:
                    self._protocol.cut_off(self._now())
        except TimeoutError:
            if not self._presence.expired():
                raise
        finally:
            self._left = True
            self._stream.close()
            if self._timer is not None:
                self._timer.cancel()
            await self._speaker.stop()

    async def next_frames(self) -> Sequence[str] | None:
        """Give the next events, or None if there are none now or none can be had."""
        try:
            batch = await self._stream.next_batch()
        except JournalBegunAnew:
            self.end(CloseCode.RESTARTING, "the journal begins anew")
            return None
        except CouldNotDecide as error:
            log.warning("journal_not_read", principal=str(self._principal), reason=error.reason)
            self.end(CloseCode.TRY_AGAIN_LATER, "the journal cannot be read")
            return None
        if batch is None:
            return None
        if isinstance(batch, CaughtUp):
            permissions = permissions_of(self._principal, self._handshake.method)
            agents = self._state.catalogue.names_for(frozenset(permissions))
            self._follow(self._protocol.caught_up(batch.seq, reset=batch.reset, agents=agents))
            return ()
        return [event.frame for event in batch]

    async def _hear(self, text: str | None) -> None:
        for action in self._protocol.received(text, self._now()):
            match action:
                case BeginTurn(message):
                    await self._begin_turn(message)
                case CancelRun(run_id):
                    await self._cancel_run(run_id)
                case AnswerRun(said):
                    await self._answer_run(said)
                case Renew(unverified_token):
                    await self._renew(unverified_token)
                case _:
                    self._follow((action,))
        self._set_timer()

    async def _begin_turn(self, message: SendMessage) -> None:
        try:
            turn = await self._state.chat.begin(self._principal, self._handshake.method, message)
        except NetraError as error:
            self._refuse(error, client_id=message.client_id)
            return
        self._speaker.say(
            Accepted(
                client_id=message.client_id,
                message_id=turn.message_id,
                run_id=turn.run_id,
                thread_id=turn.thread_id,
                duplicate=turn.duplicate,
            )
        )

    async def _cancel_run(self, run_id: str) -> None:
        try:
            await self._state.chat.cancel(self._principal, self._handshake.method, run_id)
        except NetraError as error:
            self._refuse(error, run_id=run_id)
            return
        self._speaker.say(CancelAccepted(run_id))

    async def _answer_run(self, said: Approval) -> None:
        try:
            answered = await self._state.chat.answer(self._principal, self._handshake.method, said)
        except NetraError as error:
            self._refuse(error, run_id=said.run_id, approval_id=said.approval_id)
            return
        self._speaker.say(
            ApprovalAccepted(said.run_id, said.approval_id, said.approve, answered.duplicate)
        )

    async def _renew(self, unverified_token: str) -> None:
        self._record.stage = Stage.AUTHENTICATION
        try:
            renewed = await self._auth.renewed(self._handshake, unverified_token)
        except (CredentialRejected, PermissionDenied) as error:
            authentication_refused(log, self._record, error)
            if isinstance(error, PermissionDenied):
                self.end(CloseCode.NOT_ALLOWED, error.reason)
            else:
                self._refuse(error)
                self._follow(self._protocol.token_refused())
            return
        except CouldNotDecide as error:
            self._refuse(error)
            return
        finally:
            self._record.stage = Stage.HANDLER
        principal = renewed.principal
        may = decide(principal, Permission.AGENTS_RUN, renewed.method)
        if isinstance(may, Denied) or not isinstance(principal, UserPrincipal):
            self.end(CloseCode.NOT_ALLOWED, "not allowed any more")
            return
        self._handshake, self._principal = renewed, principal
        self._record.principal = principal
        self._follow(self._protocol.renewed(self._life(principal), self._now()))

    def _refuse(
        self,
        error: NetraError,
        *,
        client_id: str | None = None,
        run_id: str | None = None,
        approval_id: str | None = None,
    ) -> None:
        """Tell the client that a frame could not be served."""
        if error.status >= _OURS:
            who, facts = str(self._principal), {"error_code": error.code, "reason": error.reason}
            if isinstance(error, CouldNotDecide):
                log.warning("chat_frame_not_decided", principal=who, **facts)
            else:
                log.error("chat_frame_failed", principal=who, **facts)
        told = error.detail or error.public_text
        retry_after = getattr(error, "retry_after", None)
        self._speaker.say(Failed(error.code, told, client_id, run_id, retry_after, approval_id))

    def _follow(self, actions: Actions) -> None:
        for action in actions:
            match action:
                case Send(frame):
                    self._speaker.say(frame)
                case Replay(after):
                    self._stream.start(after)
                case Close():
                    self._speaker.close(action)
                case BeginTurn() | CancelRun() | AnswerRun() | Renew():
                    raise InternalError("only a frame of the client leads to this")

    def _set_timer(self) -> None:
        """Have `_on_time` called at the next deadline; an earlier call finds nothing due."""
        deadline = self._protocol.next_deadline
        if self._left or deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        delay = max(_SHORTEST_TIMER_SECONDS, deadline - self._now())
        self._timer_at = deadline
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay, self._on_time, context=self._context)

    def _on_time(self) -> None:
        self._timer = None
        self._follow(self._protocol.ticked(self._now()))
        self._set_timer()

    def _now(self) -> float:
        return self._state.clock.monotonic()

    def _life(self, principal: UserPrincipal) -> Life:
        """Put the credential's end on the clock that is never set."""
        clock = self._state.clock
        left = principal.expires_at - clock.timestamp()
        return Life(principal.expires_at, clock.monotonic() + left)
