"""What every request passes through: the response headers of safety, then the request's record.

While the process is on standby, what would end that looks at it first.
"""

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netra.clock import Clock
from netra.serving import Standby, TrafficWatch
from netra.telemetry.request_context import RequestContext

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}


class SafetyHeaders:
    """Add the headers an API's answers need in a browser, where the answer has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _HEADERS | _OVER_TLS if scope.get("scheme") == "https" else _HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in headers.items():
                    answer.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def add_middleware(app: FastAPI, clock: Clock, standby: Standby) -> None:
    """Wrap the app; the last one added is the outermost."""
    app.add_middleware(RequestContext, clock=clock)
    app.add_middleware(SafetyHeaders)
    if standby.is_on:
        app.add_middleware(TrafficWatch, standby=standby)
