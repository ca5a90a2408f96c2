"""Both services as one small HTTP server that answers rightly, or wrongly in a way a test names.

For tests of what looks at services from outside. Its tokens are signed by nothing: it knows those
it gave out, by heart.
"""

import base64
import hashlib
import json
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fakes.administration import EVERYTHING, FakeAdministration, Request
from fakes.chat_over_socket import Caller, ChatFault, FakeChat
from netra.policy import Permission

SERVICES: Final = {"netra-backend": "backend-secret", "netra-ops": "ops-secret"}
CSRF: Final = "csrf-value"


class Fault(StrEnum):
    """What can be wrong with it."""

    ADMITS_EVERYTHING = "every backend route serves everybody"
    REFUSES_EVERYTHING = "every backend route answers 403"
    FORBIDS_STRANGERS = "no credential is answered 403"
    IGNORES_SIGNATURES = "a token's last part is not looked at"
    TRUSTS_HEADERS = "X-User-Id makes a user"
    READS_QUERY = "a token in the query counts"
    IS_DEGRADED = "health reports a degraded dependency"
    SWAPS_USERS = "another user's name is given"
    LOSES_MESSAGES = "messages are not kept"
    ECHOES_TOKENS = "the principal is the token, with control characters"
    FORGES_STATE = "the authorization response has another state"
    FORGES_ISSUER = "the authorization response names another issuer"
    LEADS_AWAY = "the login page is on another origin"
    REFUSES_LOGIN = "no password is right"
    ASKS_SECOND_FACTOR = "a password alone opens nothing"
    ANSWERS_NONSENSE = "every body is a JSON list"
    BREAKS_MESSAGES = "writing a message is answered 500"
    HAS_NO_PAGE = "there is no chat page"
    SERVES_LOOSE_PAGE = "the chat page has no Content-Security-Policy"
    NAMES_ANOTHER_ISSUER = "the chat page logs people in somewhere else"
    KNOWS_NO_PAGE = "the auth service knows no origin of the chat page"
    LETS_NO_PAGE_READ = "the token endpoint's answer can be read by no page"


@dataclass
class FakeNetra:
    """What it knows, and what it was asked."""

    url: str = ""
    faults: frozenset[StrEnum] = frozenset()
    users: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, Caller] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    threads: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heads: list[Message] = field(default_factory=list)
    """The headers of what was asked, sockets excepted."""
    service: str = "netra-backend"
    revision: str = "r"
    """What its health documents say of it."""
    proxied_as: str | None = None
    """Which revision a proxy before it would say that it is."""
    on_ask: Callable[[str], None] = lambda _line: None
    administration: FakeAdministration = field(default_factory=FakeAdministration)
    scopes: dict[str, frozenset[str]] = field(default_factory=lambda: {"netra-ops": EVERYTHING})
    """What services may ask for, and what tokens were given."""
    operators: set[str] = field(default_factory=set)
    token_seconds: int = 300

    def __post_init__(self) -> None:
        self.chat = FakeChat(self.faults, self.holder, self.keep)

    def keep(self, thread_id: str, message: dict[str, str]) -> None:
        """Add a message to a thread."""
        self.threads.setdefault(thread_id, []).append(message)

    def give_token(self, principal: str, kind: str, audience: tuple[str, ...]) -> str:
        """Make a token of three parts."""
        token = ".".join(("head", secrets.token_hex(8), secrets.token_hex(8)))
        self.tokens[token] = Caller(principal, kind, audience)
        return token

    def holder(self, header: str | None) -> Caller | None:
        """Say whose token a header presents."""
        token = (header or "").removeprefix("Bearer ")
        if Fault.IGNORES_SIGNATURES in self.faults:
            return next((t for k, t in self.tokens.items() if k.split(".")[1] in token), None)
        return self.tokens.get(token)


@contextmanager
def fake_netra(*faults: Fault | ChatFault) -> Iterator[FakeNetra]:
    """Serve it on a real socket until the block ends."""
    netra = FakeNetra(faults=frozenset(faults))
    server = _Server(("127.0.0.1", 0), _handler(netra))
    server.chat = netra.chat
    netra.url = netra.chat.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield netra
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    """Gives handshakes to the chat, and everything else to the handler."""

    chat: FakeChat
    daemon_threads = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Look at a connection's beginning without taking it."""
        assert isinstance(request, socket.socket)
        beginning = request.recv(8192, socket.MSG_PEEK).lower()
        if beginning.startswith(b"get /ws") and b"upgrade: websocket" in beginning:
            self.chat.serve(request)
        else:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that was interrupted and is gone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _handler(fake: FakeNetra) -> type[BaseHTTPRequestHandler]:
    class Bound(_Exchange):
        netra = fake

    return Bound


class _Exchange(BaseHTTPRequestHandler):
    netra: FakeNetra
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # One segment for an answer: in two, the second waits for the first's receipt.
    headers: Message

    def log_message(self, *_: Any) -> None:
        """Stay silent."""

    def _serve(self) -> None:
        split = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(split.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.form = {name: values[0] for name, values in parse_qs(body).items()}
        is_json = self.headers.get("Content-Type") == "application/json"
        self.document = json.loads(body) if is_json else {}
        self.netra.asked.append(f"{self.command} {split.path}")
        self.netra.heads.append(self.headers)
        self.netra.on_ask(f"{self.command} {split.path}")
        parts = split.path.strip("/").split("/")
        is_backend = split.path == "/" or parts[0] in ("api", "health", "ws", "chat")
        if is_backend and Fault.REFUSES_EVERYTHING in self.netra.faults:
            self._problem(403, "insufficient_scope")
        elif is_backend:
            self._backend(split.path, parts)
        else:
            self._auth(split.path, parts)

    do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - as called

    def _backend(self, path: str, parts: list[str]) -> None:
        if path == "/":
            self._answer(200, {"message": "Welcome to Netra API"})
        elif path == "/ws":
            served = ChatFault.SERVES_PLAIN_GET in self.netra.faults
            self._answer(200 if served else 400, {"code": "request_invalid"})
        elif parts[0] == "chat":
            self._page(path)
        elif parts[0] == "health":
            bad = Fault.IS_DEGRADED in self.netra.faults
            check = {"status": "degraded" if bad else "ok", "reason": "down" if bad else None}
            status = "degraded" if bad else "ok"
            who = {"service": self.netra.service, "revision": self.netra.revision}
            report = who | {"checks": {"auth": check}}
            self._answer(503 if bad and path == "/health" else 200, {"status": status} | report)
        elif (caller := self._caller(path)) is not None:
            self._api(caller, path, parts)

    def _page(self, path: str) -> None:
        faults = self.netra.faults
        if Fault.HAS_NO_PAGE in faults:
            self._problem(404, "not_found")
        elif path == "/chat":
            policy = "default-src 'none'; script-src 'self'"
            loose = Fault.SERVES_LOOSE_PAGE in faults
            headers = {} if loose else {"Content_Security_Policy": policy}
            self._answer(200, "<!doctype html><title>Chat</title>", **headers)
        else:
            other = Fault.NAMES_ANOTHER_ISSUER in faults
            issuer = "http://127.0.0.2:1" if other else self.netra.url
            self._answer(200, {"issuer": issuer, "client_id": "netra-chat"})

    def _caller(self, path: str) -> Caller | None:
        """Give the caller, or refuse."""
        faults, headers = self.netra.faults, self.headers.get_all("Authorization") or []
        caller = self.netra.holder(headers[0] if headers else None)
        if caller is None and Fault.READS_QUERY in faults:
            caller = self.netra.tokens.get(self.query.get("access_token", ""))
        if caller is None and Fault.TRUSTS_HEADERS in faults and "X-User-Id" in self.headers:
            caller = Caller(self.headers["X-User-Id"], "user", ("netra-backend",))
        if Fault.ADMITS_EVERYTHING in faults:
            return caller or Caller("usr_anybody", "user", ("netra-backend",))
        if len(headers) > 1:
            self._problem(400, "request_invalid")
        elif not headers and caller is None:
            if Fault.FORBIDS_STRANGERS in faults:
                self._problem(403, "not_authenticated")
            else:
                self._problem(401, "credential_missing", 'Bearer realm="netra"')
        elif caller is None or "netra-backend" not in caller.audience:
            self._problem(401, "invalid_token", 'Bearer realm="netra", error="invalid_token"')
        elif (path.startswith("/api/service") and caller.kind == "user") or (
            path.startswith("/api/threads") and caller.kind == "service"
        ):
            challenge = 'Bearer realm="netra", error="insufficient_scope"'
            self._problem(403, "insufficient_scope", challenge)
        else:
            return caller
        return None

    def _api(self, caller: Caller, path: str, parts: list[str]) -> None:
        faults, threads = self.netra.faults, self.netra.threads
        principal = "usr_other" if Fault.SWAPS_USERS in faults else caller.principal
        if Fault.ECHOES_TOKENS in faults:
            principal = f"\x1b[31m{self.headers['Authorization']}" + "x" * 999
        if self.command == "DELETE" and (path == "/api/me" or len(parts) == 3):
            threads.pop(parts[-1], None)
            self._answer(204, None)
        elif path in ("/api/me", "/api/session", "/api/service/session"):
            self._answer(200, {"principal": principal, "kind": caller.kind})
        elif path == "/api/threads" and self.command == "POST":
            threads["thr_1"] = []
            self._answer(201, {"id": "thr_1", "title": self.document["title"]})
        elif path.endswith("/messages") and self.command == "POST":
            if Fault.BREAKS_MESSAGES in faults:
                self._problem(500, "internal_error")
                return
            if Fault.LOSES_MESSAGES not in faults:
                kept = {"id": "msg_1", "author": "user", "text": self.document["text"]}
                self.netra.keep(parts[2], kept)
            self._answer(201, {"id": "msg_1", "text": self.document["text"]})
        else:
            messages = threads.get(parts[2], []) if len(parts) > 3 else []
            self._answer(200, {"items": messages, "next_cursor": None})

    def _auth(self, path: str, parts: list[str]) -> None:
        if path == "/authorize":
            self._authorize()
        elif path == "/login" and self.command == "GET":
            page = f"<form method=post><input name=csrf_token type=hidden value={CSRF}>"
            page += f"<input type=hidden name=continue value='{self._escaped_continue()}'>"
            page += "<input name=email><input type=password name=password></form>"
            self._answer(200, page, Set_Cookie=f"netra_csrf={CSRF}; HttpOnly; SameSite=Lax")
        elif path == "/login":
            self._log_in()
        elif path == "/token" and self.command == "OPTIONS":
            origin = self.headers["Origin"]
            ours = origin == self.netra.url and Fault.LETS_NO_PAGE_READ not in self.netra.faults
            self._answer(204, None, **({"Access_Control_Allow_Origin": origin} if ours else {}))
        elif path == "/token":
            self._token()
        elif path == "/revoke":
            self.netra.revoked.append(self.form["token"])
            self.netra.chat.end_sessions()
            self._answer(200, {})
        elif parts[0] == "admin":
            self._admin(path, parts)
        else:
            self._problem(404, "not_found")

    def _escaped_continue(self) -> str:
        return self.query["continue"].replace("&", "&amp;").replace("'", "&#39;")

    def _authorize(self) -> None:
        cookie = self.headers.get("Cookie") or ""
        if self.query["client_id"] == "netra-chat":
            self._authorize_page()
            return
        if "netra_session=" not in cookie:
            there = "http://127.0.0.2:1" if Fault.LEADS_AWAY in self.netra.faults else ""
            target = f"{there}/login?{urlencode({'continue': self.path})}"
            self._answer(303, None, Location=target)
            return
        code = secrets.token_hex(8)
        user_id = cookie.partition("netra_session=")[2].partition(";")[0]
        self.netra.codes[code] = (self.query["code_challenge"], user_id)
        faults = self.netra.faults
        state = "forged" if Fault.FORGES_STATE in faults else self.query["state"]
        issuer = "http://other" if Fault.FORGES_ISSUER in faults else self.netra.url
        answer = urlencode({"code": code, "state": state, "iss": issuer})
        self._answer(302, None, Location=f"{self.query['redirect_uri']}?{answer}")

    def _authorize_page(self) -> None:
        callback = f"{self.netra.url}/chat/callback"
        known = Fault.KNOWS_NO_PAGE not in self.netra.faults
        if not known or self.query["redirect_uri"] != callback:
            self._problem(400, "authorization_refused")
            return
        answer = urlencode({"error": "login_required", "state": self.query["state"]})
        self._answer(302, None, Location=f"{callback}?{answer}")

    def _log_in(self) -> None:
        right = f"netra_csrf={CSRF}" in (self.headers.get("Cookie") or "")
        right = right and self.form.get("csrf_token") == CSRF
        right = right and self.headers.get("Origin") == self.netra.url
        known = self.netra.users.get(self.form.get("email", ""))
        if not right:
            self._problem(403, "csrf")
        elif (
            known is None
            or known[1] != self.form.get("password")
            or Fault.REFUSES_LOGIN in self.netra.faults
        ):
            self._answer(401, "<form><input type=password name=password></form>")
        elif Fault.ASKS_SECOND_FACTOR in self.netra.faults:
            self._answer(303, None, Location="/login/second-factor?continue=x")
        else:
            self._answer(
                303, None, Location=self.form["continue"], Set_Cookie=f"netra_session={known[0]}"
            )

    def _token(self) -> None:
        given = self.form
        if given["grant_type"] == "authorization_code":
            challenge, user_id = self.netra.codes.pop(given["code"], ("", ""))
            digest = hashlib.sha256(given["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                self._answer(400, {"error": "invalid_grant", "error_description": "no"})
                return
            token, extra = self._person_tokens(user_id)
        elif given["grant_type"] == "refresh_token":
            token, extra = self._person_tokens(given["refresh_token"].split(".")[1])
        elif SERVICES.get(given["client_id"]) == given["client_secret"]:
            audience = tuple(given.get("audience", "netra-auth netra-backend").split())
            held = self.netra.scopes.get(given["client_id"], frozenset())
            asked = frozenset(given["scope"].split()) if "scope" in given else held
            if not asked <= held:
                self._answer(400, {"error": "invalid_scope", "error_description": "no"})
                return
            token = self.netra.give_token(f"service:{given['client_id']}", "service", audience)
            self.netra.scopes[token] = asked
            extra = {}
        else:
            self._answer(401, {"error": "invalid_client", "error_description": "no"})
            return
        answer = {"access_token": token, "token_type": "Bearer", "scope": "x"}
        self._answer(200, answer | {"expires_in": self.netra.token_seconds} | extra)

    def _person_tokens(self, user_id: str) -> tuple[str, dict[str, str]]:
        token = self.netra.give_token(user_id, "user", ("netra-backend", "netra-auth"))
        if user_id in self.netra.operators:
            self.netra.scopes[token] = frozenset(permission.value for permission in Permission)
        return token, {"refresh_token": f"rt.{user_id}.{secrets.token_hex(8)}"}

    def _admin(self, path: str, parts: list[str]) -> None:
        caller, users = self.netra.holder(self.headers.get("Authorization")), self.netra.users
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        scopes, api = self.netra.scopes.get(token, frozenset()), self.netra.administration
        if api.trouble is not None:
            headers = {name.replace("-", "_"): text for name, text in api.trouble[1].items()}
            self._answer(api.trouble[0], {"title": "Not now."}, **headers)
        elif caller is None:
            self._problem(401, "invalid_token", 'Bearer realm="netra", error="invalid_token"')
        elif "users:admin" not in scopes and parts[1] == "users" and parts[-1] != "sessions":
            self._problem(403, "insufficient_scope", 'Bearer error="insufficient_scope"')
        elif not (path == "/admin/users" and self.command == "POST") and (
            path != "/admin/users/password"
            and not (self.command == "DELETE" and parts[-1] in {uid for uid, _ in users.values()})
        ):
            request = Request(self.command, (), self.query, self.document)
            self._answer(*api.answer(request, path, scopes))
        elif self.command == "DELETE":
            for email in [email for email, (uid, _) in users.items() if uid == parts[-1]]:
                del users[email]
            self._answer(204, None)
        elif path.endswith("/password"):
            email = self.document["email"]
            if email not in users:
                self._problem(404, "not_found")
                return
            users[email] = (users[email][0], self.document["password"])
            self._answer(204, None)
        elif self.document["email"] in users:
            self._problem(409, "conflict")
        else:
            user_id = "usr_" + secrets.token_hex(8)
            users[self.document["email"]] = (user_id, self.document["password"])
            view = {"email": self.document["email"], "roles": [], "created_at": 1.0}
            self._answer(201, {"user_id": user_id} | view)

    def _problem(self, status: int, code: str, challenge: str = "") -> None:
        headers = {"WWW_Authenticate": challenge} if challenge else {}
        self._answer(status, {"status": status, "code": code, "title": f"No: {code}."}, **headers)

    def _answer(self, status: int, body: Any, **headers: str) -> None:
        if Fault.ANSWERS_NONSENSE in self.netra.faults:
            body = [1, 2]
        is_page = isinstance(body, str)
        content = b"" if body is None else (body if is_page else json.dumps(body)).encode()
        self.send_response(status)
        if self.netra.proxied_as is not None:
            self.send_header("X-Served-Revision", self.netra.proxied_as)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header(
            "Content-Type", "text/html; charset=utf-8" if is_page else "application/json"
        )
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)
