"""The same grant as a peer does it: Authlib's synchronous server in FastAPI, in a thread pool.

ES256 access tokens after RFC 9068, the client looked up in SQLite (WAL), one audit row committed
per token: the work of `POST /token` in the auth service, nothing besides. Without logging.

Run by `benchmarks/client_credentials.py` as `python authlib_service.py PORT STORE SECRET`.
"""

import asyncio
import hmac
import secrets
import sys
from collections import defaultdict
from hashlib import sha256
from typing import Any

import uvicorn
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Payload, OAuth2Request  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator  # type: ignore[import-untyped]
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from joserfc.jwk import ECKey
from sqlalchemy import (
    Column,
    Double,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)

from netra.clock import SystemClock

CLIENT = "netra-backend"
CLOCK = SystemClock()
SCOPE = "profile:read sessions:open"

metadata = MetaData()
clients = Table(
    "clients",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("scope", String(1024), nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("audit_id", String(64), primary_key=True),
    Column("recorded_at", Double, nullable=False, index=True),
    Column("event", String(64), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("token_hash", String(64), nullable=False),
)


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A registered client."""

    def __init__(self, client_id: str, secret_sha256: str, scope: str) -> None:
        self.client_id = client_id
        self.secret_sha256 = secret_sha256
        self.scope = scope

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        allowed = self.scope.split()
        return " ".join(name for name in scope.split() if name in allowed)

    def check_client_secret(self, client_secret: str) -> bool:
        presented = sha256(client_secret.encode()).hexdigest()
        return hmac.compare_digest(presented, self.secret_sha256)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic" and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    """A form."""

    def __init__(self, form: dict[str, str]) -> None:
        self._form = form

    @property
    def data(self) -> dict[str, str]:
        return self._form

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: [value] for name, value in self._form.items()})


class FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """A form request."""

    def __init__(self, uri: str, headers: dict[str, str], form: dict[str, str]) -> None:
        super().__init__("POST", uri, headers=headers)
        self.payload = Payload(form)
        self._form = form

    @property
    def args(self) -> dict[str, str]:
        return {}

    @property
    def form(self) -> dict[str, str]:
        return self._form


class Tokens(JWTBearerTokenGenerator):  # type: ignore[misc]  # Authlib has no types
    """ES256 access tokens that live five minutes."""

    def __init__(self, key: ECKey) -> None:
        super().__init__("https://issuer.example.org", "ES256", None, lambda *_: 300)
        self._key = key

    def get_jwks(self) -> ECKey:
        return self._key


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """The glue: SQLite below, FastAPI above."""

    def __init__(self, engine: Engine) -> None:
        super().__init__([*SCOPE.split()])
        self._engine = engine

    def query_client(self, client_id: str) -> Client | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(clients).where(clients.c.client_id == client_id)).one()
        return Client(row.client_id, row.secret_sha256, row.scope)

    def save_token(self, token: dict[str, Any], request: FormRequest) -> None:
        row = {
            "audit_id": secrets.token_hex(16),
            "recorded_at": CLOCK.timestamp(),
            "event": "token_issued",
            "client_id": request.client.get_client_id(),
            "token_hash": sha256(token["access_token"].encode()).hexdigest(),
        }
        with self._engine.begin() as connection:
            connection.execute(insert(audit), row)

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        return JSONResponse(body, status, dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Tell nobody."""


def engine_for(path: str, secret: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    metadata.create_all(engine)
    with engine.begin() as connection:
        row = {
            "client_id": CLIENT,
            "secret_sha256": sha256(secret.encode()).hexdigest(),
            "scope": SCOPE,
        }
        connection.execute(insert(clients), row)
    return engine


def app_for(engine: Engine) -> FastAPI:
    server = Server(engine)
    server.register_token_generator("default", Tokens(ECKey.generate_key("P-256")))
    server.register_grant(ClientCredentialsGrant)
    app = FastAPI(openapi_url=None)

    @app.post("/token")
    async def token(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = FormRequest("https://issuer.example.org/token", dict(request.headers), form)
        asked.headers["Authorization"] = request.headers["authorization"]
        answer: Response = await asyncio.to_thread(server.create_token_response, asked)
        return answer

    return app


if __name__ == "__main__":
    port, store, secret = sys.argv[1:]
    uvicorn.run(
        app_for(engine_for(store, secret)),
        host="127.0.0.1",
        port=int(port),
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
    )
