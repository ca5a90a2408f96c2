"""The files of the chat page, read once, and the headers under which a browser gets them.

What the page does is in `static/`; its routes are in `routes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from netra.wire.auth_api import (
    AUTHORIZE_PATH,
    CHAT_CLIENT_ID,
    LOGOUT_PATH,
    OWN_SESSION_PATH,
    REGISTER_PATH,
    TOKEN_PATH,
    WireModel,
)
from netra_backend.app.settings import Settings

_HERE: Final = Path(__file__).parent
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
_STATIC: Final = (
    "api.js",
    "app.js",
    "callback.js",
    "chat.js",
    "connection.js",
    "conversation.js",
    "dom.js",
    "markdown.js",
    "pkce.js",
    "rich_text.js",
    "sign_in.js",
    "socket.js",
    "style.css",
    "threads.js",
    "view_approval.js",
    "view_dialogs.js",
    "view_messages.js",
    "view_run.js",
    "view_status.js",
    "view_threads.js",
    "words.js",
)
"""All that is served; a file that is not listed is not there."""


class PageSettings(WireModel):
    """What the page is told: where people log in, and as whom it asks for a token."""

    issuer: str
    client_id: str
    authorization_endpoint: str
    token_endpoint: str
    session_endpoint: str
    registration_page: str
    logout_page: str


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page."""

    body: bytes
    media_type: str
    etag: str


def page_settings(settings: Settings) -> PageSettings:
    """Say what the page is told."""
    issuer = settings.token_issuer
    return PageSettings(
        issuer=issuer,
        client_id=CHAT_CLIENT_ID,
        authorization_endpoint=issuer + AUTHORIZE_PATH,
        token_endpoint=issuer + TOKEN_PATH,
        session_endpoint=issuer + OWN_SESSION_PATH,
        registration_page=issuer + REGISTER_PATH,
        logout_page=issuer + LOGOUT_PATH,
    )


def assets() -> Mapping[str, Asset]:
    """Read every file that is served, by name."""
    return {name: asset(f"static/{name}") for name in _STATIC}


def asset(path: str) -> Asset:
    """Read one file of this room."""
    body = (_HERE / path).read_bytes()
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    return Asset(body, _TYPES[Path(path).suffix], etag)


def page_policy(settings: Settings) -> str:
    """Write the page's Content-Security-Policy.

    Scripts and styles come from here and are never inline; connections go here, to the allowed
    origins' sockets and to the auth service; one named door makes HTML out of a string.
    """
    sockets = " ".join(sorted(map(_socket_origin, settings.allowed_origins)))
    return _policy(
        (
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' {sockets} {settings.token_issuer}".replace("  ", " "),
            f"frame-src 'self' {settings.token_issuer}",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types netra-markdown",
        )
    )


def callback_policy() -> str:
    """Write the policy of the page that hands on what the auth service answered."""
    return _policy(
        (
            "script-src 'self'",
            "frame-ancestors 'self'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _policy(directives: Iterable[str]) -> str:
    always = ("default-src 'none'", "base-uri 'none'", "form-action 'none'")
    return "; ".join((*always, *directives))


def _socket_origin(origin: str) -> str:
    # http becomes ws, https becomes wss.
    return "ws" + origin.removeprefix("http")
