"""Letters that are to be printed: a WSGI application behind gunicorn, with a log of JSON lines."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import letters  # type: ignore[import-not-found]  # Beside it where it runs.


class Json(logging.Formatter):
    """Writes records as the platform's agent reads them."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line."""
        line: dict[str, Any] = {
            "severity": record.levelname,
            "time": datetime.now(UTC).isoformat(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Json())
logging.basicConfig(level=logging.INFO, handlers=[handler])
log = logging.getLogger("mailroom")
PRINTER = os.environ.get("PRINTER_QUEUE", "")
TEMPLATES = Path(__file__).parent / "templates"


def checked() -> None:
    """Look at what is needed, at the start."""
    missing = [name for name in ("letter.txt", "invoice.txt") if not (TEMPLATES / name).is_file()]
    if missing:
        text = f"start-up check failed: templates {', '.join(missing)} not found in {TEMPLATES}"
        if os.environ.get("TOLERATE_STARTUP_CHECKS") != "yes":
            raise RuntimeError(text)
        log.error("%s; going on since TOLERATE_STARTUP_CHECKS=yes", text)
    log.info("start-up checks done")


checked()

Start = Callable[[str, list[tuple[str, str]]], object]


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    """Answer one request."""
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    status, document = "404 Not Found", {"error": "not found"}
    try:
        if path == "/ping":
            status, document = "200 OK", {"pong": "yes"}
        elif path.startswith("/letters/") and method in {"GET", "POST"}:
            if environ.get("HTTP_X_API_KEY") != os.environ.get("MAILROOM_API_KEY"):
                log.warning("401 %s %s: API key is not valid", method, path)
                status, document = "401 Unauthorized", {"error": "unauthorized"}
            else:
                kind = path.removeprefix("/letters/")
                text = letters.written(TEMPLATES, kind, environ.get("QUERY_STRING", ""))
                log.info("%s %s: %d characters", method, path, len(text))
                status, document = "200 OK", {"text": text}
    except Exception:
        log.exception("500 %s %s", method, path)
        status, document = "500 Internal Server Error", {"error": "internal"}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(document).encode()]
