"""What a script of the chat page may ask of this service across origins (Fetch, "CORS protocol").

It lets a browser hand an answer to that page; who may ask is decided by the credential alone, and
no cookie is ever part of such a request.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from fastapi import APIRouter, Depends, Response

from netra.wire.auth_api import OWN_SESSION_PATH, TOKEN_PATH
from netra_auth.api.transport import secure_transport

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

METHODS: Final = MappingProxyType({TOKEN_PATH: "POST", OWN_SESSION_PATH: "DELETE"})
"""All that is offered across origins."""

_PREFLIGHT: Final = "OPTIONS"
_REMEMBERED_SECONDS: Final = 600
_READABLE: Final = b"Retry-After, WWW-Authenticate, X-Request-Id"

router = APIRouter(include_in_schema=False, dependencies=[Depends(secure_transport)])


@router.options(TOKEN_PATH)
@router.options(OWN_SESSION_PATH)
async def preflight() -> Response:
    """Answer a browser that asks first; what it may do then is said in `CrossOrigin`'s headers."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


class CrossOrigin:
    """Adds the headers by which a browser lets the chat page's origins read an answer.

    It stands outside everything that answers, so that a page can read refusals and faults too.
    Another origin gets none of these headers, and never is a cookie invited.
    """

    def __init__(self, app: App, *, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode("ascii") for origin in origins)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        method = METHODS.get(scope.get("path", "")) if scope["type"] == "http" else None
        if method is None:
            await self._app(scope, receive, send)
            return
        # A cache must not give one origin the answer made for another.
        added: Headers = [(b"vary", b"Origin")]
        origin = _only(scope, b"origin")
        if origin is not None and origin in self._origins:
            added += _granted(scope, method, origin)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await self._app(scope, receive, with_headers)


def _granted(scope: MutableMapping[str, Any], method: str, origin: bytes) -> Headers:
    """Give what an origin of the page is told, on the request itself or when it asks first."""
    allow_origin = (b"access-control-allow-origin", origin)
    if scope["method"] == method:
        return [allow_origin, (b"access-control-expose-headers", _READABLE)]
    if scope["method"] != _PREFLIGHT or _only(scope, b"access-control-request-method") != (
        method.encode("ascii")
    ):
        return []
    granted = [
        allow_origin,
        (b"access-control-allow-methods", method.encode("ascii")),
        (b"access-control-max-age", str(_REMEMBERED_SECONDS).encode("ascii")),
    ]
    if scope["path"] == OWN_SESSION_PATH:
        # A page has no client secret, so at the token endpoint it has nothing to put there.
        granted.append((b"access-control-allow-headers", b"Authorization"))
    return granted


def _only(scope: MutableMapping[str, Any], name: bytes) -> bytes | None:
    """Give a request header that came exactly once."""
    values = [bytes(value) for key, value in scope["headers"] if bytes(key).lower() == name]
    return values[0] if len(values) == 1 else None
