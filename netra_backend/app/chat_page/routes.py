"""The chat page's routes: its files, open to everybody, and the rendering of a person's texts.

All that a page needs to know about a person it asks of the API like any other client.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from netra.errors import NotFound
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal
from netra.wire.auth_api import WireModel
from netra_backend.app.auth_integration.auth import ProtectedRoute, permitted
from netra_backend.app.chat_page.markdown import MAX_TEXT, MAX_TEXTS, MarkdownRenderer
from netra_backend.app.chat_page.page import (
    Asset,
    PageSettings,
    asset,
    assets,
    callback_policy,
    page_policy,
    page_settings,
)
from netra_backend.app.settings import Settings

ErrorAnswers: TypeAlias = dict[int | str, dict[str, Any]]

MARKDOWN_REFUSALS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
"""How the rendering of texts can be refused, besides what every protected route can answer."""

_HEADERS: Final[Mapping[str, str]] = {
    # Asked for again each time, so that a page never runs with another revision's scripts.
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DOCUMENT_HEADERS: Final[Mapping[str, str]] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Texts(WireModel):
    """Markdown texts."""

    texts: tuple[Annotated[str, Field(max_length=MAX_TEXT)], ...] = Field(
        max_length=MAX_TEXTS, repr=False
    )


class Rendered(WireModel):
    """The texts as HTML, in the same order; it holds no script, no style and no image."""

    html: tuple[str, ...] = Field(repr=False)


def page_router(settings: Settings) -> APIRouter:
    """Make the routes of the page's own files."""
    router = APIRouter(prefix="/chat", include_in_schema=False)
    page, callback, files = asset("page.html"), asset("callback.html"), assets()
    told = page_settings(settings)
    page_headers = {"Content-Security-Policy": page_policy(settings), **_DOCUMENT_HEADERS}
    callback_headers = {"Content-Security-Policy": callback_policy()}

    @router.get("")
    async def chat(request: Request) -> Response:
        """Serve the page."""
        return _answer(request, page, page_headers)

    @router.get("/callback")
    async def answered(request: Request) -> Response:
        """Serve the page that the auth service's answer comes to."""
        return _answer(request, callback, callback_headers)

    @router.get("/settings.json")
    async def read_settings() -> PageSettings:
        """Say what the page must know of its surroundings."""
        return told

    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        """Serve one file of the page."""
        if name not in files:
            raise NotFound("the page has no such file")
        return _answer(request, files[name], {})

    return router


def markdown_router(error_answers: ErrorAnswers) -> APIRouter:
    """Make the route that renders texts.

    Args:
        error_answers: The error answers it declares.
    """
    router = APIRouter(prefix="/api/markdown", route_class=ProtectedRoute)
    renderer = MarkdownRenderer()

    @router.post("", responses=error_answers)
    async def render_markdown(
        body: Texts,
        principal: Annotated[AuthenticatedPrincipal, Depends(permitted(Permission.THREADS_READ))],
    ) -> Rendered:
        """Render Markdown texts as HTML that can do nothing."""
        return Rendered(html=tuple(await renderer.render(str(principal), body.texts)))

    return router


def _answer(request: Request, served: Asset, headers: Mapping[str, str]) -> Response:
    all_headers = {**_HEADERS, "ETag": served.etag, **headers}
    if served.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=all_headers)
    return Response(served.body, headers=all_headers, media_type=served.media_type)
