"""A route that reads its request itself: the framework documents it, and stands aside at work."""

import inspect
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from netra_auth.api.transport import TransportInsecure, secure_transport
from netra_auth.grants.errors import invalid_request

_NOT_KEPT: Final = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
"""What an answer of the token endpoint must say (RFC 6749 section 5.1)."""


class FormRoute(APIRoute):
    """A route whose function takes the request alone, and whose answers nobody keeps.

    What it is declared to depend on is for the documentation and never called; the transport is
    looked at here.

    Raises:
        TypeError: The function takes anything else, which nobody would read for it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        handle = self.get_route_handler()

        # Nothing of what the framework puts around a function is needed here: no dependency has
        # something to close, and what is raised is answered by the same handlers further out.
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            response = await handle(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = app

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Call the function, and write what it gives."""
        endpoint = self.endpoint
        if list(inspect.signature(endpoint).parameters) != ["request"]:
            raise TypeError(f"{self.path}: a form route takes a request only")
        status = int(self.status_code or HTTPStatus.OK)
        leaves_out_none = self.response_model_exclude_none

        async def handle(request: Request) -> Response:
            try:
                await secure_transport(request)
            except TransportInsecure as error:
                raise invalid_request(error.public_text) from error
            given = await endpoint(request)
            if isinstance(given, Response):
                return given
            text = given.model_dump_json(exclude_none=leaves_out_none)
            answer = Response(text, status, media_type="application/json")
            answer.raw_headers.extend(_NOT_KEPT)
            return answer

        return handle
