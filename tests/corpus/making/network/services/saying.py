"""How the small services write their logs: plain, as JSON, or as keys and values."""

import json
import logging
import os
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

TRACE: Final[ContextVar[str]] = ContextVar("trace", default="")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {"severity": record.levelname, "message": record.getMessage()}
        said |= {"logger": record.name} | getattr(record, "fields", {})
        if record.exc_info:
            said["stack_trace"] = self.formatException(record.exc_info)
        if TRACE.get():
            project = os.environ.get("GOOGLE_CLOUD_PROJECT", "local")
            said["logging.googleapis.com/trace"] = f"projects/{project}/traces/{TRACE.get()}"
        return json.dumps(said)


class _Keys(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        level = record.levelname.lower()
        said = f"{self.formatTime(record)} [{level:<8}] {record.getMessage():<30}"
        said += "".join(f" {key}={value}" for key, value in fields.items())
        return said + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        fields = getattr(record, "fields", {})
        if not fields:
            return said
        first, *rest = said.split("\n", 1)
        pairs = ", ".join(f"{key}={value}" for key, value in fields.items())
        return "\n".join([f"{first} ({pairs})", *rest])


def log_as(name: str) -> logging.Logger:
    """Set logging up in the style that `LOG_STYLE` names, and give a logger."""
    style = os.environ.get("LOG_STYLE", "plain")
    handler = logging.StreamHandler()
    if style == "json":
        handler.setFormatter(_Json())
    elif style == "keys":
        handler.setFormatter(_Keys())
    else:
        handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger(os.environ.get("LOGGER", name))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    root.propagate = False
    return root


class Traced:
    """Middleware that keeps the platform's trace id for the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the id and pass the request on."""
        for name, value in scope.get("headers", ()):
            if name == b"x-cloud-trace-context":
                TRACE.set(value.decode().partition("/")[0])
        await self.app(scope, receive, send)
