"""What the code that runs now was begun for: a request's route, or a piece of the service's work.

It is kept in the context, so that whoever notices something long after (a session that nobody
closed, a slow statement) can name the route, with no route having to say anything.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any, Final

UNNAMED: Final = "unnamed work"

_begun_for: ContextVar[MutableMapping[str, Any] | str | None] = ContextVar(
    "netra_begun_for", default=None
)


@contextmanager
def work_for(begun_for: MutableMapping[str, Any] | str) -> Iterator[None]:
    """Say what the block, and whatever it starts, is for.

    Args:
        begun_for: The ASGI scope of a request, whose route is found later; or a name.
    """
    token = _begun_for.set(begun_for)
    try:
        yield
    finally:
        _begun_for.reset(token)


def current_work(context: Context | None = None) -> str:
    """Name the work: "GET /api/threads/{thread_id}", never with a value a caller chose.

    Args:
        context: Where to look; the running code's own context by default.
    """
    begun_for = _begun_for.get() if context is None else context.get(_begun_for)
    if begun_for is None:
        return UNNAMED
    return begun_for if isinstance(begun_for, str) else _route(begun_for)


def _route(scope: MutableMapping[str, Any]) -> str:
    method = scope.get("method") or "a handshake"
    path = getattr(scope.get("route"), "path", None)
    return f"{method} {path}" if isinstance(path, str) else f"{method} (no route)"
