"""Bring what libraries and the interpreter report into the same pipe as our own events.

Covers the standard library's log records (uvicorn, SQLAlchemy, asyncio), warnings, and exceptions
that nobody caught, in any thread.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

Write = Callable[[int, MutableMapping[str, Any]], None]

_QUIET: Final = (
    "httpx2",
    "httpcore2",
    "httpx",
    "httpcore",
    "asyncio",
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "websockets",
    "openai",
    "anthropic",
    "genai-prices",
)
"""Libraries whose lines below WARNING only repeat our events, some of them with whole URLs or, as
aiosqlite and anthropic at DEBUG, with statements' values and requests: what users write."""

_SERVER: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")

# What uvicorn says of a request that the request's own event says better; it takes every denied
# handshake for a fault of the application, and its handshake lines carry the query string.
_ALREADY_REPORTED: Final = {
    "ASGI callable returned without completing handshake.": (
        "the handshake was denied with an answer, which the request's own event reports"
    ),
    "ASGI callable returned without completing response.": (
        "the request's own event reports an answer that was not completed"
    ),
    '%s - "WebSocket %s" [accepted]': "the request's own event reports the handshake",
    '%s - "WebSocket %s" 403': "the request's own event reports the handshake",
    '%s - "WebSocket %s" %d': "the request's own event reports the handshake",
    "connection open": "the request's own event reports the handshake",
    "HTTP response sent (%d %s)": "the request's own event reports the handshake",
    "connection rejected (%d %s)": "the request's own event reports the handshake",
    "connection closed": "the socket's own event reports its end",
}
_QUERY_STRING: Final = re.compile(r"\?[^\s\"]*")


@dataclass(frozen=True, slots=True)
class _Before:
    handlers: tuple[logging.Handler, ...]
    level: int
    excepthook: Callable[..., Any]
    thread_hook: Callable[..., Any]
    unraisable_hook: Callable[..., Any]


class LibraryLogs(logging.Handler):
    """The root logger's only handler, and the interpreter's hooks for what nobody caught."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write
        self._before: _Before | None = None

    def connect(self, threshold: int) -> None:
        """Take over the root logger, warnings and the exception hooks; again changes the level."""
        root = logging.getLogger()
        if self._before is None:
            self._before = _Before(
                tuple(root.handlers),
                root.level,
                sys.excepthook,
                threading.excepthook,
                sys.unraisablehook,
            )
        root.handlers[:] = [self]
        root.setLevel(threshold)
        for name in _SERVER:
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True
            # At DEBUG uvicorn writes whole handshakes and frames: tokens, and what people say.
            logger.setLevel(max(threshold, logging.INFO))
        for name in _QUIET:
            logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
        logging.captureWarnings(True)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread
        sys.unraisablehook = self._unraisable

    def disconnect(self) -> None:
        """Give back the root logger, warnings and the hooks as they were before `connect`."""
        if self._before is None:
            return
        before, self._before = self._before, None
        root = logging.getLogger()
        root.handlers[:] = before.handlers
        root.setLevel(before.level)
        for name in (*_SERVER, *_QUIET):
            logging.getLogger(name).setLevel(logging.NOTSET)
        logging.captureWarnings(False)
        sys.excepthook = before.excepthook
        threading.excepthook = before.thread_hook
        sys.unraisablehook = before.unraisable_hook

    def emit(self, record: logging.LogRecord) -> None:
        """Write a library's record as an event named `library_log`."""
        level = record.levelno
        fields: dict[str, Any] = {"event": "library_log", "room": record.name}
        fields["message"] = _sentence(record)
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        if reason := _already_reported(record):
            level = logging.DEBUG
            fields["message"] = _QUERY_STRING.sub("", fields["message"])
            fields["reason"] = reason
        self._write(_severity(level), fields)

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self._report(logging.CRITICAL, "uncaught_exception", error, where="main thread")

    def _uncaught_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if issubclass(arguments.exc_type, SystemExit):
            return
        thread = arguments.thread.name if arguments.thread else "unknown"
        self._report(
            logging.ERROR, "uncaught_exception", arguments.exc_value, where=f"thread {thread}"
        )

    def _unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        where = type(unraisable.object).__name__
        self._report(logging.ERROR, "unraisable_exception", unraisable.exc_value, where=where)

    def _report(self, level: int, event: str, error: BaseException | None, *, where: str) -> None:
        fields = {"event": event, "room": "process", "where": where, "exc_info": error}
        self._write(level, fields)


def _already_reported(record: logging.LogRecord) -> str | None:
    if record.name not in _SERVER or not isinstance(record.msg, str):
        return None
    return _ALREADY_REPORTED.get(record.msg)


def _sentence(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library's arguments may not fit its format; say the format
        return str(record.msg)


def _severity(level: int) -> int:
    """Round a library's own level down to one of the five that Cloud Logging has."""
    for known in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO):
        if level >= known:
            return known
    return logging.DEBUG
