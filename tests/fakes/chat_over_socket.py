"""A small chat server on a real socket that keeps the protocol, or breaks it as a test names.

For tests of what walks a chat from outside. Its runs are made up on the spot: the five events of a
question that takes one tool.
"""

import contextlib
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

CHAT: Final = "netra.chat.v1"
_TIME: Final = "2026-09-21T10:00:00.000000Z"
_A_MOMENT: Final = 0.05


class ChatFault(StrEnum):
    """What can be wrong with it."""

    ADMITS_ANYBODY = "no credential is needed"
    ADMITS_BAD_TOKENS = "a token is not looked at"
    ADMITS_ANY_AUDIENCE = "a token for another service counts"
    ADMITS_SERVICES = "a service may hold a conversation"
    READS_SOCKET_QUERY = "a token in the socket's address counts"
    IGNORES_ORIGIN = "any page may open a socket"
    FORBIDS_SOCKETS = "every handshake is answered 403"
    REFUSES_ITS_PAGE = "the chat page may open no socket"
    REDIRECTS_SOCKETS = "the handshake is answered with a redirect to another origin"
    SERVES_PLAIN_GET = "a plain request at the socket's address is answered 200"
    ECHOES_TOKEN = "the token's subprotocol is echoed"
    ECHOES_NOTHING = "no subprotocol is echoed"
    GETS_KEY_WRONG = "the handshake's proof is another's"
    IS_NEVER_READY = "resume is not answered"
    HANGS_UP = "the connection is cut after resume"
    CLOSES_AT_ONCE = "the socket is closed with 1011 after resume"
    SPEAKS_NONSENSE = "frames are no JSON"
    SPEAKS_BINARY = "frames are binary messages"
    BREAKS_FRAMING = "bytes are sent that are no WebSocket frame"
    HAS_NO_ASSISTANT = "the built-in agent is missing"
    REFUSES_MESSAGES = "every message is answered with an error"
    IS_DEAF = "a message is not answered"
    ACCEPTS_ANOTHER = "the message that is accepted is another"
    NEVER_BEGINS = "an accepted message shows no event"
    NEVER_ENDS = "the run has no last event"
    FAILS_RUNS = "the run ends in agent_failed"
    SKIPS_TOOL = "no tool is used"
    FAILS_TOOL = "the tool gives no result"
    SWAPS_EVENTS = "the tool is completed before it is begun"
    THINKS_LATE = "the thought comes before the start"
    SKIPS_SEQ = "a seq is left out"
    REPEATS_EVENT = "an event is sent twice"
    REPEATS_END = "the last event is sent twice"
    SERVES_ANOTHER = "the tool works for somebody else"
    LETS_ANOTHER_ANSWER = "another agent answers"
    LEAKS_RUNS = "an event of somebody else's run is mixed in"
    ANSWERS_EMPTY = "the answer is empty"
    KEEPS_NO_ANSWER = "the answer is told and not stored"
    STORES_ANOTHER = "the answer that is stored is another"
    BEGINS_TWICE = "a message that is sent again begins a run again"
    STORES_TWICE = "a message that is sent again is stored again"
    HIDES_DUPLICATES = "a message that is sent again is not called a duplicate"
    FORGETS = "nothing is replayed"
    REPLAYS_ALL = "everything is replayed, whatever was asked for"
    REWRITES = "what is replayed is not what was told"
    STOPS_WITH_SOCKET = "a run is cancelled when its socket is cut"
    OUTLIVES_SESSION = "a socket goes on when its session has ended"
    CLOSES_WITHOUT_REASON = "a socket whose session has ended is closed with 1000"


@dataclass
class Caller:
    """Whom a token stands for."""

    principal: str
    kind: str
    audience: tuple[str, ...]


@dataclass
class FakeChat:
    """Its journals and sockets.

    Attributes:
        faults: What is wrong with it.
        holder: Says whose token a text is.
        origin: The page that may open sockets.
        keep: Stores a message: thread id, then its members.
    """

    faults: frozenset[StrEnum]
    holder: Callable[[str], Caller | None]
    keep: Callable[[str, dict[str, str]], None]
    origin: str = ""
    journals: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    open: set["_Wire"] = field(default_factory=set)

    def serve(self, connection: socket.socket) -> None:
        """Serve one socket from its handshake to its end."""
        wire = _Wire(connection)
        request = wire.request()
        if request is None:
            return
        response = self._refusal(wire, request) or self._acceptance(wire, request)
        wire.respond(response)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            return
        caller = self._caller(request)
        session = _Session(self, wire, caller or Caller("usr_nobody", "user", ()))
        self.open.add(wire)
        try:
            for text in wire.texts():
                session.hear(json.loads(text))
        finally:
            self.open.discard(wire)

    def end_sessions(self) -> None:
        """End every socket, as the end of its login session does."""
        if ChatFault.OUTLIVES_SESSION in self.faults:
            return
        code = 1000 if ChatFault.CLOSES_WITHOUT_REASON in self.faults else 4401
        for wire in list(self.open):
            wire.close(code, "session ended")

    def _tokens(self, request: Request) -> list[str]:
        headers = request.headers
        found = [h.removeprefix("Bearer ") for h in headers.get_all("Authorization")]
        offered = ", ".join(headers.get_all("Sec-WebSocket-Protocol")).split(", ")
        found += [p.removeprefix("bearer.") for p in offered if p.startswith("bearer.")]
        if ChatFault.READS_SOCKET_QUERY in self.faults:
            found += parse_qs(urlsplit(request.path).query).get("token", [])
        return found

    def _caller(self, request: Request) -> Caller | None:
        tokens = self._tokens(request)
        return self.holder(tokens[0]) if tokens else None

    def _refusal(self, wire: "_Wire", request: Request) -> Response | None:
        """Refuse a handshake as a whole, for its page or for its credential."""
        faults, origins = self.faults, request.headers.get_all("Origin")
        if ChatFault.FORBIDS_SOCKETS in faults:
            return wire.problem(403, "insufficient_scope", 'error="insufficient_scope"')
        if ChatFault.REDIRECTS_SOCKETS in faults:
            return wire.redirect("http://127.0.0.2:1/ws")
        if ChatFault.REFUSES_ITS_PAGE in faults and origins == [self.origin]:
            return wire.problem(403, "origin_refused")
        if origins not in ([], [self.origin]) and ChatFault.IGNORES_ORIGIN not in faults:
            return wire.problem(403, "origin_refused")
        return self._credential_refusal(wire, request)

    def _credential_refusal(self, wire: "_Wire", request: Request) -> Response | None:
        faults, caller = self.faults, self._caller(request)
        if not self._tokens(request) and ChatFault.ADMITS_ANYBODY not in faults:
            return wire.problem(401, "credential_missing", 'realm="netra"')
        known = caller is not None and (
            "netra-backend" in caller.audience or ChatFault.ADMITS_ANY_AUDIENCE in faults
        )
        if not known and not {ChatFault.ADMITS_ANYBODY, ChatFault.ADMITS_BAD_TOKENS} & faults:
            return wire.problem(401, "invalid_token", 'error="invalid_token"')
        is_service = caller is not None and caller.kind == "service"
        if is_service and ChatFault.ADMITS_SERVICES not in faults:
            return wire.problem(403, "insufficient_scope", 'error="insufficient_scope"')
        return None

    def _acceptance(self, wire: "_Wire", request: Request) -> Response:
        response = wire.protocol.accept(request)
        offered = ", ".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(", ")
        bearer = next((p for p in offered if p.startswith("bearer.")), None)
        if ChatFault.ECHOES_NOTHING in self.faults:
            del response.headers["Sec-WebSocket-Protocol"]
        elif ChatFault.ECHOES_TOKEN in self.faults and bearer:
            del response.headers["Sec-WebSocket-Protocol"]
            response.headers["Sec-WebSocket-Protocol"] = bearer
        if ChatFault.GETS_KEY_WRONG in self.faults:
            del response.headers["Sec-WebSocket-Accept"]
            response.headers["Sec-WebSocket-Accept"] = "bm90IHRoZSByaWdodCBvbmU="
        return response


@dataclass
class _Session:
    """One socket after its handshake."""

    chat: FakeChat
    wire: "_Wire"
    caller: Caller
    answering: str = "model"
    """Whoever was asked, or the default."""

    @property
    def journal(self) -> list[dict[str, Any]]:
        return self.chat.journals.setdefault(self.caller.principal, [])

    def hear(self, frame: dict[str, Any]) -> None:
        """Serve a frame."""
        match frame["type"]:
            case "resume":
                self._resume(frame.get("after"))
            case "ping":
                self._send({"type": "pong", "nonce": frame["nonce"]})
            case "message":
                self._message(frame)

    def _send(self, frame: dict[str, Any]) -> None:
        if ChatFault.SPEAKS_NONSENSE in self.chat.faults:
            self.wire.text("]]")
        elif ChatFault.SPEAKS_BINARY in self.chat.faults:
            self.wire.binary(json.dumps(frame).encode())
        elif ChatFault.BREAKS_FRAMING in self.chat.faults:
            self.wire.raw(b"\xff\xff\xff\xff")
        else:
            self.wire.text(json.dumps(frame))

    def _resume(self, after: int | None) -> None:
        faults = self.chat.faults
        if ChatFault.IS_NEVER_READY in faults:
            return
        if ChatFault.HANGS_UP in faults:
            self.wire.cut()
            return
        if ChatFault.CLOSES_AT_ONCE in faults:
            self.wire.close(1011, "internal error")
            return
        after = len(self.journal) if after is None else after
        after = 0 if ChatFault.REPLAYS_ALL in faults else after
        for event in [] if ChatFault.FORGETS in faults else self.journal[after:]:
            rewritten: dict[str, Any] = {"payload": {}} if ChatFault.REWRITES in faults else {}
            self._send(event | rewritten)
        agents = ["model"] if ChatFault.HAS_NO_ASSISTANT in faults else ["model", "assistant"]
        ready = {"seq": len(self.journal), "reset": False, "expires_at": 2e9}
        self._send({"type": "ready", "heartbeat_seconds": 25.0, "agents": agents} | ready)

    def _message(self, frame: dict[str, Any]) -> None:
        faults, known = self.chat.faults, self.chat.accepted.get(frame["client_id"])
        if ChatFault.IS_DEAF in faults:
            return
        if ChatFault.REFUSES_MESSAGES in faults:
            refused = {"code": "internal_error", "message": "No.", "client_id": None}
            self._send({"type": "error", "run_id": None, "retry_after": None} | refused)
            return
        if known and ChatFault.STORES_TWICE in faults:
            again = {"id": "msg_again", "author": "user", "text": frame["text"]}
            self.chat.keep(frame["thread_id"], again)
        if known and ChatFault.BEGINS_TWICE not in faults:
            self._send(known | {"duplicate": ChatFault.HIDES_DUPLICATES not in faults})
            return
        mark = secrets.token_hex(8)
        accepted = {
            "type": "accepted",
            "client_id": frame["client_id"],
            "message_id": f"msg_{mark}",
            "run_id": f"run_{mark}",
            "thread_id": frame["thread_id"],
            "duplicate": False,
        }
        self.chat.accepted[frame["client_id"]] = accepted
        question = {"id": accepted["message_id"], "author": "user", "text": frame["text"]}
        self.chat.keep(frame["thread_id"], question)
        other = {"client_id": "other-client"} if ChatFault.ACCEPTS_ANOTHER in faults else {}
        self._send(accepted | other)
        self.answering = frame.get("agent") or "model"
        if ChatFault.NEVER_BEGINS not in faults:
            self._run(accepted)

    def _run(self, accepted: dict[str, Any]) -> None:
        faults, answer_id = self.chat.faults, f"msg_answer_{secrets.token_hex(4)}"
        answer = "" if ChatFault.ANSWERS_EMPTY in faults else f"You are {self.caller.principal}."
        if ChatFault.KEEPS_NO_ANSWER not in faults:
            stored = "Else." if ChatFault.STORES_ANOTHER in faults else answer
            self.chat.keep(
                accepted["thread_id"], {"id": answer_id, "author": "agent", "text": stored}
            )
        events = list(self._events(accepted, answer_id, answer))
        if ChatFault.STOPS_WITH_SOCKET in faults:
            self._tell(*events[0])
            if self.wire.is_gone_after(_A_MOMENT):
                self._record("agent_failed", {"reason": "cancelled", "message": "."}, accepted)
                return
            del events[0]
        # What a socket is cut off from is in the journal all the same.
        recorded = [self._record(*event) for event in events]
        for event in recorded:
            self._send(event)
            if ChatFault.REPEATS_EVENT in faults:
                self._send(event)
        if ChatFault.REPEATS_END in faults:
            self._send(recorded[-1])

    def _events(
        self, accepted: dict[str, Any], answer_id: str, answer: str
    ) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        faults = self.chat.faults
        asker = "usr_other" if ChatFault.SERVES_ANOTHER in faults else self.caller.principal
        call = {"call_id": "c1", "tool_name": "who_am_i"}
        tool_failed = ChatFault.FAILS_TOOL in faults
        outcome = {"error": "No."} if tool_failed else {"result": {"principal": asker}}
        names = {name: accepted[name] for name in ("client_id", "message_id")}
        started = ("agent_started", names, accepted)
        thinking = ("agent_thinking", {"text": "Looking."}, accepted)
        arguments: dict[str, Any] = {"arguments": {}}
        begun = ("tool_executing", call | arguments, accepted)
        result: dict[str, Any] = {"ok": not tool_failed, "ms": 1, **outcome}
        done = ("tool_completed", call | result, accepted)
        told = {"message_id": answer_id, "text": answer, "ms": 3, "tools": 1}
        yield from (thinking, started) if ChatFault.THINKS_LATE in faults else (started, thinking)
        if ChatFault.LEAKS_RUNS in faults:
            yield "agent_thinking", {"text": "Else."}, accepted | {"run_id": "run_other"}
        if ChatFault.SWAPS_EVENTS in faults:
            yield from (done, begun)
        elif ChatFault.SKIPS_TOOL not in faults:
            yield from (begun, done)
        delta = {"step": "answer", "attempt": 1, "index": 0, "text": answer}
        yield "text_delta", delta, accepted
        if ChatFault.FAILS_RUNS in faults:
            yield "agent_failed", {"reason": "internal_error", "message": "No."}, accepted
        elif ChatFault.NEVER_ENDS not in faults:
            yield "agent_completed", told, accepted

    def _record(
        self, name: str, payload: dict[str, Any], accepted: dict[str, Any]
    ) -> dict[str, Any]:
        faults = self.chat.faults
        skipped = ChatFault.SKIPS_SEQ in faults and name == "agent_completed"
        event = {
            "type": name,
            "seq": len(self.journal) + 1 + skipped,
            "run_id": accepted["run_id"],
            "thread_id": accepted["thread_id"],
            "agent_name": "other" if ChatFault.LETS_ANOTHER_ANSWER in faults else self.answering,
            "timestamp": _TIME,
            "payload": payload,
        }
        self.journal.append(event)
        return event

    def _tell(self, name: str, payload: dict[str, Any], accepted: dict[str, Any]) -> None:
        self._send(self._record(name, payload, accepted))


class _Wire:
    """The bytes of one connection, by the sans-I/O half of `websockets`."""

    def __init__(self, connection: socket.socket) -> None:
        self.protocol = ServerProtocol(
            select_subprotocol=lambda _, offered: Subprotocol(CHAT) if CHAT in offered else None
        )
        self._connection = connection
        self._lock = threading.Lock()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def request(self) -> Request | None:
        """Read the handshake."""
        while not (events := self.protocol.events_received()):
            if not self._read():
                return None
        (request,) = events
        return request if isinstance(request, Request) else None

    def problem(self, status: int, code: str, challenge: str = "") -> Response:
        """Write a refusal."""
        response = self.protocol.reject(HTTPStatus(status), json.dumps({"code": code}))
        if challenge:
            response.headers["WWW-Authenticate"] = f"Bearer {challenge}"
        return response

    def redirect(self, target: str) -> Response:
        """Write a redirect."""
        response = self.protocol.reject(HTTPStatus.FOUND, "")
        response.headers["Location"] = target
        return response

    def respond(self, response: Response) -> None:
        """Answer the handshake."""
        self._out(lambda: self.protocol.send_response(response))

    def texts(self) -> Iterator[str]:
        """Give what the client says until the connection ends."""
        while True:
            for event in self.protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    yield bytes(event.data).decode()
            if not self._read():
                return

    def text(self, text: str) -> None:
        """Send a text message."""
        self._out(lambda: self.protocol.send_text(text.encode()))

    def binary(self, content: bytes) -> None:
        """Send a binary message."""
        self._out(lambda: self.protocol.send_binary(content))

    def raw(self, content: bytes) -> None:
        """Send bytes as they are."""
        with contextlib.suppress(OSError):
            self._connection.sendall(content)

    def close(self, code: int, reason: str) -> None:
        """Close with a code."""
        self._out(lambda: self.protocol.send_close(code, reason))

    def cut(self) -> None:
        """End the connection without a word."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def is_gone_after(self, seconds: float) -> bool:
        """Tell whether the client leaves within a time."""
        self._connection.settimeout(seconds)
        try:
            return not self._read()
        except TimeoutError:
            return False
        finally:
            self._connection.settimeout(None)

    def _read(self) -> bool:
        """Take in what comes; False once nothing more will."""
        try:
            data = self._connection.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            data = b""
        with self._lock:
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
        self._out(lambda: None)
        return bool(data)

    def _out(self, say: Callable[[], None]) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self.protocol.state is State.CLOSED:
                return
            if self.protocol.state is not State.CLOSING:
                say()
            for data in self.protocol.data_to_send():
                if data:
                    self._connection.sendall(data)
                else:
                    self._connection.shutdown(socket.SHUT_WR)
