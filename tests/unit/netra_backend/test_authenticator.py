"""Who is asking and may they: the dependencies of protected routes, on a small app of the test."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, Request, Response

from fakes.clock import ManualClock
from fakes.issuer import Issuer
from fakes.log_lines import LogLines, log_lines
from netra.errors import AuthServiceUnreachable, NetraError
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal, Role
from netra.telemetry import RequestContext, Stage, request_record
from netra.tokens import KeySet, RevocationSet
from netra.wire.problem import MEDIA_TYPE, problem_response
from netra_backend.app.auth_integration.auth import authenticated, permitted

Caller = Annotated[AuthenticatedPrincipal, Depends(authenticated)]


@dataclass
class Backend:
    """The app under test, a client for it, its issuer, and what it logged."""

    client: httpx2.AsyncClient
    issuer: Issuer
    clock: ManualClock
    revocations: RevocationSet
    source: "Source"
    lines: LogLines

    async def get(self, path: str = "/who", *tokens: str, **more: Any) -> httpx2.Response:
        """Ask with as many Authorization headers as tokens are given."""
        headers = [("Authorization", f"Bearer {token}") for token in tokens]
        return await self.client.get(path, headers=headers + more.pop("headers", []), **more)


class Source:
    """Keys that can become impossible to ask for."""

    def __init__(self, issuer: Issuer) -> None:
        self._known = KeySet.of(issuer.key)
        self.down = False
        self.asked = 0

    async def keys_for(self, kid: str) -> KeySet:
        """Give the keys, or fail as a remote source does for a key it does not know."""
        self.asked += 1
        if self.down and self._known.find(kid) is None:
            raise AuthServiceUnreachable("no connection", retry_after=7)
        return self._known


def small_app(verifier: Any) -> FastAPI:
    """Give an app with the routes a protected API has."""
    app = FastAPI()
    app.state.netra = SimpleNamespace(verifier=verifier)

    @app.get("/who")
    async def who(request: Request, caller: Caller) -> dict[str, str]:
        record = request_record(request.scope)
        return {
            "principal": str(caller),
            "kind": caller.kind.value,
            "stage": record.stage.value,
            "method": str(record.method),
        }

    @app.get("/status", dependencies=[Depends(permitted(Permission.SERVICE_STATUS))])
    async def status() -> dict[str, str]:
        return {"for": "services"}

    @app.get("/threads", dependencies=[Depends(permitted(Permission.THREADS_READ))])
    async def threads() -> dict[str, str]:
        return {"for": "users"}

    @app.get("/users", dependencies=[Depends(permitted(Permission.USERS_ADMIN))])
    async def users() -> dict[str, str]:
        return {"for": "operators"}

    @app.get("/broken")
    async def broken(_caller: Caller) -> None:
        raise RuntimeError("a fault after authentication")

    @app.exception_handler(NetraError)
    async def problem(request: Request, error: NetraError) -> Response:
        answer = problem_response(error, request_record(request.scope).request_id)
        return Response(answer.body, answer.status, dict(answer.headers), MEDIA_TYPE)

    return app


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    """Give the app behind its outermost middleware."""
    clock = ManualClock()
    issuer, revocations = Issuer(clock), RevocationSet()
    source = Source(issuer)
    app = RequestContext(small_app(issuer.verifier(source, revocations)))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    with log_lines() as lines:
        async with httpx2.AsyncClient(transport=transport, base_url="http://netra") as client:
            yield Backend(client, issuer, clock, revocations, source, lines)


async def test_a_good_token_gives_its_principal(backend: Backend) -> None:
    """The route gets the verified user, and the record its method and the next stage."""
    answer = await backend.get("/who", backend.issuer.user_token())

    assert answer.json() == {
        "principal": "usr_alice",
        "kind": "user",
        "stage": "handler",
        "method": "bearer",
    }
    access = backend.lines.of("http_request")[0]
    assert (access["principal"], access["stage"]) == ("usr_alice", "handler")


async def test_a_service_token_gives_a_service(backend: Backend) -> None:
    """A service's own token proves a service principal."""
    answer = await backend.get("/who", backend.issuer.service_token())

    assert answer.json()["principal"] == "service:netra-backend"
    assert answer.json()["kind"] == "service"


async def test_no_credential_is_401_booked_on_the_anonymous_caller(backend: Backend) -> None:
    """The challenge has no error code, and nothing names a service as failing (checklist 43)."""
    answer = await backend.get("/who")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="netra"'
    refused = backend.lines.of("authentication_refused")[0]
    assert refused["user_type"] == "anonymous"
    assert refused["is_service_call"] is False
    assert refused["auth_failure_stage"] == Stage.AUTHENTICATION
    assert refused["severity"] == "INFO"
    assert "service:" not in backend.lines.text
    assert "CRITICAL" not in backend.lines.text


def _expired(backend: Backend) -> str:
    token = backend.issuer.user_token(lifetime=60)
    backend.clock.advance(71)
    return token


def _revoked(backend: Backend) -> str:
    token = backend.issuer.user_token(session_id="ses_ended")
    now = backend.clock.timestamp()
    backend.revocations.apply([("session", "ses_ended", now, now + 300)])
    return token


def _foreign_key(backend: Backend) -> str:
    return Issuer(backend.clock, backend.issuer.url).user_token()


def _tampered(backend: Backend) -> str:
    token = backend.issuer.user_token()
    return token[:-2] + ("AA" if token[-2:] != "AA" else "BB")


BAD_TOKENS: tuple[Callable[[Backend], str], ...] = (
    _expired,
    _revoked,
    _foreign_key,
    _tampered,
    lambda backend: backend.issuer.user_token(audience=("netra-auth",)),
    lambda _: "garbage",
    lambda _: "a.b.c",
)


@pytest.mark.parametrize("bad", BAD_TOKENS)
async def test_every_bad_token_has_the_same_answer(
    backend: Backend, bad: Callable[[Backend], str]
) -> None:
    """Why a token was refused is in the log only; the answer is one and the same (checklist 18)."""
    answer = await backend.get("/who", bad(backend))

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="netra", error="invalid_token"'
    body = answer.json()
    assert body.pop("request_id").startswith("req_")
    assert body == {
        "type": "https://netra.invalid/problems/invalid_token",
        "title": "The credential was refused.",
        "status": 401,
        "code": "invalid_token",
    }
    refused = backend.lines.of("authentication_refused")[0]
    assert refused["reason"] != refused["message"]
    assert refused["severity"] == "WARNING"
    assert refused["user_type"] == "anonymous"


async def test_two_authorization_headers_are_refused(backend: Backend) -> None:
    """The first of two headers is not taken, whichever is good (checklist 45)."""
    good = backend.issuer.user_token()

    assert (await backend.get("/who", good, good)).status_code == 401
    assert (await backend.get("/who", good, "garbage")).status_code == 401
    assert (await backend.get("/who", "garbage", good)).status_code == 401


async def test_a_token_in_the_url_is_refused(backend: Backend) -> None:
    """A query parameter never authenticates, nor beside a good header."""
    token = backend.issuer.user_token()

    assert (await backend.get(f"/who?access_token={token}")).status_code == 401
    assert (await backend.get(f"/who?access_token={token}", token)).status_code == 401
    assert token not in backend.lines.text


SERVICE = "service:netra-backend"


@pytest.mark.parametrize(
    "header",
    [
        "X-User-Id",
        "X-Service-Id",
        "X-Service-Secret",
        "X-Forwarded-User",
        "X-Authenticated-User",
        "X-Test-Mode",
        "X-E2E-Bypass",
        "Cookie",
    ],
)
async def test_no_header_makes_a_service(backend: Backend, header: str) -> None:
    """A header that names a service changes nothing, with a user's token or none (checklist 47)."""
    claimed = [(header, SERVICE)]

    anonymous = await backend.get("/status", headers=claimed)
    user = await backend.get("/who", backend.issuer.user_token(), headers=claimed)
    denied = await backend.get("/status", backend.issuer.user_token(), headers=claimed)

    assert anonymous.status_code == 401
    assert user.json()["principal"] == "usr_alice"
    assert denied.status_code == 403


@pytest.mark.parametrize("name", ["user_id", "service_id", "principal", "sub"])
async def test_no_query_makes_a_service(backend: Backend, name: str) -> None:
    """A parameter that names a service changes nothing."""
    assert (await backend.get(f"/status?{name}={SERVICE}")).status_code == 401
    user = await backend.get(f"/who?{name}={SERVICE}", backend.issuer.user_token())
    assert user.json()["kind"] == "user"


@pytest.mark.parametrize(
    ("changes", "without"),
    [
        ({"sub": SERVICE}, ()),
        ({"sub": SERVICE}, ("sid",)),
        ({"sub": SERVICE, "client_id": "netra-backend"}, ()),
        ({"sub": SERVICE, "client_id": "netra-backend"}, ("sid",)),
        ({"principal_kind": "service"}, ()),
        ({"principal_kind": "service", "client_id": "netra-backend"}, ("sid",)),
        ({"principal_kind": "service", "sub": SERVICE, "client_id": "netra-backend"}, ()),
        ({"principal_kind": "service", "sub": SERVICE}, ("sid",)),
        ({"sub": "SERVICE:netra-backend"}, ()),
        ({"sub": "usr_service:netra-backend"}, ()),
        ({"principal_kind": "anonymous"}, ()),
        ({}, ("principal_kind",)),
        ({}, ("sid",)),
    ],
)
async def test_no_crafted_claim_makes_a_service(
    backend: Backend, changes: dict[str, str], without: tuple[str, ...]
) -> None:
    """A token that mixes a person's and a service's claims is refused, even well signed.

    (checklist 41)
    """
    token = backend.issuer.crafted(changes, without=without)

    answer = await backend.get("/status", token)

    assert answer.status_code == 401
    assert backend.lines.of("authentication_refused")[0]["user_type"] == "anonymous"


async def test_a_user_with_the_name_of_a_scope_gains_nothing(backend: Backend) -> None:
    """Scopes in a person's token open no service's route (checklist 46)."""
    token = backend.issuer.crafted({"scope": "service:status sessions:open users:admin"})

    assert (await backend.get("/status", token)).status_code == 403
    assert (await backend.get("/users", token)).status_code == 403


async def test_user_and_service_routes_are_apart(backend: Backend) -> None:
    """A user on a service's route and a service on a user's are 403, never 401 (checklist 46)."""
    user, service = backend.issuer.user_token(), backend.issuer.service_token()

    assert (await backend.get("/status", service)).json() == {"for": "services"}
    assert (await backend.get("/threads", user)).json() == {"for": "users"}
    for path, token in (("/status", user), ("/threads", service)):
        answer = await backend.get(path, token)
        assert answer.status_code == 403
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer realm="netra", error="insufficient_scope"'
        )
        assert answer.json()["code"] == "insufficient_scope"


async def test_a_denial_is_logged_with_its_principal_and_stage(backend: Backend) -> None:
    """A 403 says who, what and why in the log, booked on authorization (checklist 59)."""
    await backend.get("/status", backend.issuer.user_token())

    denied = backend.lines.of("permission_denied")[0]
    assert denied["principal"] == "usr_alice"
    assert denied["permission"] == "service:status"
    access = backend.lines.of("http_request")[0]
    assert (access["principal"], access["stage"]) == ("usr_alice", "authorization")


async def test_a_service_without_the_scope_is_denied(backend: Backend) -> None:
    """A service holds what its token's scopes say and nothing more."""
    token = backend.issuer.service_token(scopes=frozenset({"profile:read"}))

    assert (await backend.get("/status", token)).status_code == 403


async def test_an_operator_role_is_what_the_issuer_signed(backend: Backend) -> None:
    """The operator's route opens for the signed role."""
    operator = backend.issuer.user_token("usr_op", roles=frozenset({Role.OPERATOR}))

    assert (await backend.get("/users", operator)).status_code == 200
    assert (await backend.get("/users", backend.issuer.user_token())).status_code == 403


async def test_an_issuer_that_cannot_be_asked_is_503(backend: Backend) -> None:
    """An unknown key while the issuer is down is neither 401 nor 403 nor 500 (checklist 22, 43)."""
    known = backend.issuer.user_token()
    backend.source.down = True
    backend.issuer.rotate()

    answer = await backend.get("/who", backend.issuer.user_token())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"
    assert "WWW-Authenticate" not in answer.headers
    assert (await backend.get("/who", known)).status_code == 200


async def test_a_fault_in_a_route_is_not_booked_on_authentication(backend: Backend) -> None:
    """What goes wrong after authentication is the handler's, under the caller's own name."""
    answer = await backend.get("/broken", backend.issuer.user_token())

    assert answer.status_code == 500
    fault = backend.lines.of("unhandled_exception")[0]
    assert (fault["principal"], fault["stage"]) == ("usr_alice", "handler")
    assert backend.lines.of("authentication_refused") == []
    assert backend.lines.of("critical_auth_failure") == []


async def test_the_openapi_document_names_the_scheme(backend: Backend) -> None:
    """Protected operations declare the bearer scheme, so tools can test them (checklist 44)."""
    document = (await backend.get("/openapi.json")).json()

    assert document["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"
    for path in ("/who", "/status", "/threads", "/users"):
        assert document["paths"][path]["get"]["security"] == [{"accessToken": []}]
    assert "parameters" not in document["paths"]["/who"]["get"]


async def test_keys_are_asked_for_tokens_in_form_only(backend: Backend) -> None:
    """A text that is no token makes nobody ask for a key (checklist 4)."""
    await backend.get("/who", "garbage")

    assert backend.source.asked == 0
