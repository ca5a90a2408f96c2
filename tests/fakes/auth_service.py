"""A small auth service with switches for everything that goes wrong with one.

It has the endpoints a backend relies on: token, JWK set, revocation feed, standing of people. The
same contract test runs against it and against the real one.
"""

import asyncio
import base64
import binascii
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote_plus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fakes.issuer import BACKEND_SCOPES, Issuer
from fakes.serving import Served, serving
from netra.clock import Clock, SystemClock
from netra.errors import NetraError
from netra.secret import Secret
from netra.tokens import TokenRejected
from netra.wire.auth_api import (
    AUTH_AUDIENCE,
    JWKS_PATH,
    REVOCATIONS_PATH,
    SUBJECTS_PATH,
    TOKEN_PATH,
    Revocation,
    RevocationKind,
    RevocationPage,
    SubjectReport,
    SubjectStanding,
    TokenResponse,
)

OPS_SCOPES = frozenset({"profile:read", "sessions:open", "service:status", "users:admin"})
BACKEND_SECRET = Secret("zQ4-fake+secret%with:every/character&of=trouble")


@dataclass
class Faults:
    """What is wrong with the service at the moment; everything off is a healthy one."""

    status: int | None = None
    retry_after: str | None = None
    times: int | None = None
    """How many more answers have the status; None: all."""
    slow_seconds: float = 0.0
    garbage: bool = False
    redirect_to: str | None = None
    huge: bool = False


@dataclass
class FakeAuthService:
    """The state of the fake: keys, registered services, the feed, and what was asked of it."""

    clock: Clock = field(default_factory=SystemClock)
    faults: Faults = field(default_factory=Faults)
    secrets: dict[str, Secret] = field(default_factory=lambda: {"netra-backend": BACKEND_SECRET})
    scopes: frozenset[str] = BACKEND_SCOPES
    lifetime: float = 300
    calls: Counter[str] = field(default_factory=Counter)
    refuse_next_bearer: bool = False
    token_override: str | None = None
    standings: dict[str, SubjectStanding] = field(default_factory=dict)
    """How people stand; who is not in it is active, so that any id can be a test's person."""

    def __post_init__(self) -> None:
        self.issuer = Issuer(self.clock)
        self._revocations: list[Revocation] = []
        self._revoked = asyncio.Condition()
        self._app = Starlette(
            routes=[
                Route(TOKEN_PATH, self._token, methods=["POST"]),
                Route(JWKS_PATH, self._jwks),
                Route(REVOCATIONS_PATH, self._feed),
                Route(f"{SUBJECTS_PATH}/{{user_id}}", self._subject),
            ]
        )

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[Served]:
        """Serve it; leaving the block is the service going down."""
        async with serving(self, port) as served:
            self.issuer.url = served.url
            yield served

    async def revoke(self, kind: RevocationKind, identifier: str) -> None:
        """Append an entry to the feed and wake who waits for one."""
        now = self.clock.timestamp()
        async with self._revoked:
            self._revocations.append(
                Revocation(
                    seq=len(self._revocations) + 1,
                    kind=kind,
                    identifier=identifier,
                    revoked_at=now,
                    expires_at=now + 300,
                )
            )
            self._revoked.notify_all()

    def forget_revocations(self) -> None:
        """Begin the feed anew, as a store restored from nothing would."""
        self._revocations.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or go wrong with it as the switches say."""
        self.calls[scope["path"]] += 1
        faulty = self._fault()
        if self.faults.slow_seconds:
            await asyncio.sleep(self.faults.slow_seconds)
        await (faulty or self._app)(scope, receive, send)

    def _fault(self) -> Response | None:
        faults = self.faults
        if faults.status is not None:
            status = faults.status
            if faults.times is not None:
                faults.times -= 1
                if faults.times <= 0:
                    faults.status = faults.times = None
            headers = {"Retry-After": faults.retry_after} if faults.retry_after else {}
            return PlainTextResponse("no", status, headers=headers)
        if faults.garbage:
            return PlainTextResponse("<html>sign in to the network</html>", media_type="text/html")
        if faults.redirect_to is not None:
            return RedirectResponse(faults.redirect_to, 302)
        if faults.huge:
            return PlainTextResponse("x" * (3 * 1024 * 1024))
        return None

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        service_id = self._authenticated_client(request)
        if service_id is None:
            return _oauth_error("invalid_client", 401, 'Basic realm="netra"')
        if form.get("grant_type") != ["client_credentials"]:
            return _oauth_error("unsupported_grant_type", 400)
        if len(form.get("audience", [""])) > 1:
            return _oauth_error("invalid_request", 400)
        registered = {AUTH_AUDIENCE, "netra-backend"}
        asked = frozenset(form.get("audience", [""])[0].split()) or registered
        if not asked <= registered:
            return _oauth_error("invalid_target", 400)
        scopes = OPS_SCOPES if service_id == "netra-ops" else self.scopes
        token = self.token_override or self.issuer.service_token(
            service_id,
            scopes=scopes,
            lifetime=self.lifetime,
            audience=tuple(sorted(asked)),
        )
        answer = TokenResponse(
            access_token=token,
            expires_in=int(self.lifetime),
            scope=" ".join(sorted(scopes)),
        )
        return JSONResponse(
            answer.model_dump(exclude_none=True), headers={"Cache-Control": "no-store"}
        )

    def _authenticated_client(self, request: Request) -> str | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        name, _, secret = pair.partition(":")
        name, secret = unquote_plus(name), unquote_plus(secret)
        known = self.secrets.get(name)
        if scheme.lower() != "basic" or known is None:
            return None
        return name if hmac.compare_digest(known.reveal().encode(), secret.encode()) else None

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(self.issuer.jwks(), headers={"Cache-Control": "public, max-age=300"})

    async def _feed(self, request: Request) -> Response:
        refused = await self._refused_service(request, "revocations:read")
        if refused is not None:
            return refused
        after = int(request.query_params.get("after", "0"))
        limit = int(request.query_params.get("limit", "500"))
        wait = float(request.query_params.get("wait", "0"))
        try:
            async with asyncio.timeout(wait), self._revoked:
                await self._revoked.wait_for(lambda: self._behind(after) or after > self._last())
        except TimeoutError:
            pass
        items = self._behind(after)[:limit]
        page = RevocationPage(
            items=tuple(items), next_after=items[-1].seq if items else min(after, self._last())
        )
        return JSONResponse(page.model_dump(mode="json"))

    async def _subject(self, request: Request) -> Response:
        refused = await self._refused_service(request, "tokens:introspect")
        if refused is not None:
            return refused
        user_id = request.path_params["user_id"]
        standing = self.standings.get(user_id, SubjectStanding.ACTIVE)
        report = SubjectReport(user_id=user_id, standing=standing)
        return JSONResponse(report.model_dump(mode="json"))

    async def _refused_service(self, request: Request, scope: str) -> Response | None:
        if self.refuse_next_bearer:
            self.refuse_next_bearer = False
            return PlainTextResponse("no", 401)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = await self.issuer.verifier().verify(token)
        except TokenRejected as error:
            return _problem(error)
        if AUTH_AUDIENCE not in claims.audience or scope not in claims.scopes:
            return PlainTextResponse("no", 403)
        return None

    def _last(self) -> int:
        return self._revocations[-1].seq if self._revocations else 0

    def _behind(self, after: int) -> list[Revocation]:
        return [entry for entry in self._revocations if entry.seq > after]


def _oauth_error(error: str, status: int, challenge: str | None = None) -> Response:
    headers = {"Cache-Control": "no-store"}
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return JSONResponse({"error": error, "error_description": error}, status, headers=headers)


def _problem(error: NetraError) -> Response:
    return JSONResponse({"code": error.code}, error.status)
