"""One event, one line of JSON in the Cloud Logging form on standard output.

Our own events, the standard library's log records, warnings and uncaught exceptions all go
through here, and all are redacted (`netra.telemetry.redaction`). What is worth an event is decided
where it happens.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TextIO, cast

import structlog
from structlog.contextvars import get_contextvars

from netra.clock import SystemClock, as_iso
from netra.secret import Secret
from netra.telemetry.library_logs import LibraryLogs
from netra.telemetry.log_values import as_line, capped, fit, plain, text_of, valid
from netra.telemetry.redaction import Redactor

TRACE_FIELD: Final = "logging.googleapis.com/trace"
LABELS_FIELD: Final = "logging.googleapis.com/labels"

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
_LEADING: Final = ("severity", "timestamp", "message", "event", "room", "service", "revision")
_CONTEXT: Final = ("request_id", TRACE_FIELD)
_ERROR: Final = ("error_type", "error_message", "stack_trace")
_OURS: Final = frozenset({*_LEADING, *_CONTEXT, LABELS_FIELD, "serviceContext", "stack_trace"})
_ESSENTIAL: Final = (*_LEADING, *_CONTEXT, LABELS_FIELD, *_ERROR)

_WORKABLE_TEXT: Final = 65_536
_MAX_STACK: Final = 14_000
_MAX_ERROR_MESSAGE: Final = 2_048


@dataclass(frozen=True, slots=True)
class _Settings:
    service: str = "unconfigured"
    revision: str = "unconfigured"
    threshold: int = logging.INFO
    stream: TextIO | None = None
    redactor: Redactor = field(default_factory=Redactor)


class EventLogger(structlog.BoundLoggerBase):
    """Write events with a static name and fields, under one room's name.

    `message` is the sentence for people; without one it is the event's name in words. A field with
    a reserved name is written as `field_<name>`, so it can replace nothing.
    """

    def debug(self, event: str, /, **fields: Any) -> None:
        """Write what only a developer looks for."""
        self._say("debug", event, fields)

    def info(self, event: str, /, **fields: Any) -> None:
        """Write what happened."""
        self._say("info", event, fields)

    def warning(self, event: str, /, **fields: Any) -> None:
        """Write what someone should look at some day."""
        self._say("warning", event, fields)

    def error(self, event: str, /, **fields: Any) -> None:
        """Write a fault of ours."""
        self._say("error", event, fields)

    def critical(self, event: str, /, **fields: Any) -> None:
        """Write what someone must act on now."""
        self._say("critical", event, fields)

    def exception(self, event: str, /, **fields: Any) -> None:
        """Write a fault of ours with the exception that is being handled."""
        self._say("error", event, {"exc_info": True, **fields})

    def _say(self, method: str, event: str, fields: dict[str, Any]) -> None:
        for name in ("event", "room"):
            if name in fields:
                fields[f"field_{name}"] = fields.pop(name)
        try:
            self._process_event(method, event, fields)
        except structlog.DropEvent:
            return


def event_logger(room: str) -> EventLogger:
    """Give the logger of one room; it can be made before `configure_logging` is called."""
    if not structlog.is_configured():
        structlog.configure(
            processors=[_write_event],
            wrapper_class=EventLogger,
            logger_factory=lambda *_: None,
            cache_logger_on_first_use=True,
        )
    return cast("EventLogger", structlog.get_logger(room=room))


def configure_logging(
    *,
    service: str,
    revision: str,
    level: str = "INFO",
    stream: TextIO | None = None,
    known_secrets: Iterable[Secret] = (),
) -> None:
    """Send every event of this process, the libraries' too, through one redacting pipe.

    Args:
        service: Written with every line.
        revision: Written with every line.
        level: The lowest severity that is written: DEBUG, INFO, WARNING or ERROR.
        stream: Where lines go; standard output if None.
        known_secrets: Values that must never appear, in whatever shape they are mentioned.

    Raises:
        ValueError: The level is not one of the words.
    """
    threshold = _LEVELS.get(level.lower())
    if threshold is None:
        raise ValueError(f"Unknown log level {level!r}; use DEBUG, INFO, WARNING or ERROR.")
    _PIPE.settings = _Settings(service, revision, threshold, stream, Redactor(known_secrets))
    _LIBRARIES.connect(threshold)


def release_logging() -> None:
    """Undo `configure_logging`: the libraries' records and the hooks are as they were before."""
    _PIPE.settings = _Settings()
    _LIBRARIES.disconnect()


class _Pipe:
    """Turns events into lines and writes them; never raises."""

    def __init__(self) -> None:
        self.settings = _Settings()
        self._lock = threading.Lock()
        self._clock = SystemClock()

    def write(self, level: int, fields: MutableMapping[str, Any]) -> None:
        settings = self.settings
        if level < settings.threshold:
            return
        now = as_iso(self._clock.timestamp())
        try:
            line = _line(settings, level, now, fields)
        except Exception as error:  # noqa: BLE001 - no event may break the work it reports on
            line = _unwritable(settings, now, error)
        stream = settings.stream or sys.stdout
        with self._lock:
            try:
                stream.write(line + "\n")
                stream.flush()
            except (OSError, ValueError):
                # The reader of our output is gone; the work goes on without it.
                return


def _line(settings: _Settings, level: int, now: str, given: MutableMapping[str, Any]) -> str:
    event = text_of(given.pop("event", "unnamed"))
    message = given.pop("message", None)
    said: dict[str, Any] = {"event": event, "room": given.pop("room", "unknown")}
    said |= _request_context(given)
    raised = _raised(given.pop("exc_info", None))
    for name, value in given.items():
        said[f"field_{name}" if name in _OURS else name] = value
    redactor = settings.redactor
    if raised is not None:
        said |= _described(raised, redactor)

    def shorten(text: str) -> str:
        return redactor.workable(text, _WORKABLE_TEXT)

    sentence = event.replace("_", " ") if message is None else text_of(plain(message, shorten))
    entry: dict[str, Any] = {
        "severity": logging.getLevelName(level),
        "timestamp": now,
        "message": capped(redactor.text(sentence)),
        "event": "",
        "room": "",
        "service": settings.service,
        "revision": settings.revision,
        LABELS_FIELD: {"service": settings.service, "revision": settings.revision},
    }
    if level >= logging.ERROR:
        entry["serviceContext"] = {"service": settings.service, "version": settings.revision}
    entry |= fit(said, redactor, shorten)
    return as_line(entry, _ESSENTIAL)


def _request_context(given: MutableMapping[str, Any]) -> dict[str, Any]:
    """Take the request's id and trace from the context; outside a request a caller may name one."""
    context = get_contextvars()
    found: dict[str, Any] = {}
    for name in _CONTEXT:
        if name in context:
            if given.get(name) == context[name]:
                del given[name]
            found[name] = context[name]
        elif name in given:
            found[name] = given.pop(name)
    return found


def _raised(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, tuple) and len(exc_info) == len(("type", "value", "traceback")):
        exc_info = exc_info[1]
    if isinstance(exc_info, BaseException):
        return exc_info
    return sys.exc_info()[1] if exc_info else None


def _described(error: BaseException, redactor: Redactor) -> dict[str, str]:
    """Describe an exception: type, message, and where it passed through.

    The stack is redacted before it is cut, since a cut could take away what a shape is known by.
    """

    def hidden(text: str) -> str:
        return redactor.text(redactor.workable(valid(text), _WORKABLE_TEXT))

    trace = traceback.TracebackException(
        type(error), error, error.__traceback__, lookup_lines=False, compact=True
    )
    _drop_source(trace)
    stack = hidden("".join(trace.format()))
    if len(stack) > _MAX_STACK:
        half = _MAX_STACK // 2
        cut = f"\n[truncated {len(stack) - 2 * half} characters]\n"
        stack = stack[:half] + cut + stack[-half:]
    return {
        "error_type": type(error).__name__,
        "error_message": capped(hidden(text_of(error)), _MAX_ERROR_MESSAGE),
        "stack_trace": stack,
    }


def _drop_source(trace: traceback.TracebackException) -> None:
    """Leave file, line and function of each frame: a source line may quote what must not show.

    Local variables are never captured in the first place.
    """
    pending = [trace]
    while pending:
        one = pending.pop()
        one.stack = traceback.StackSummary.from_list(
            [
                traceback.FrameSummary(f.filename, f.lineno, f.name, lookup_line=False, line="")
                for f in one.stack
            ]
        )
        pending += filter(None, (one.__cause__, one.__context__, *(one.exceptions or ())))


def _unwritable(settings: _Settings, now: str, error: BaseException) -> str:
    entry = {
        "severity": "ERROR",
        "timestamp": now,
        "message": "An event could not be written as a log line.",
        "event": "log_event_failed",
        "room": "telemetry",
        "service": settings.service,
        "revision": settings.revision,
        "error_type": type(error).__name__,
    }
    return as_line(entry, _ESSENTIAL)


def _write_event(_logger: object, method: str, fields: MutableMapping[str, Any]) -> NoReturn:
    """Be the only structlog processor: write the event, then stop the chain."""
    _PIPE.write(_LEVELS[method], fields)
    raise structlog.DropEvent


_PIPE: Final = _Pipe()
_LIBRARIES: Final = LibraryLogs(_PIPE.write)
