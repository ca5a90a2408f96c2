"""The chat page is there, may run nothing but its own scripts, and knows its auth service."""

from http import HTTPStatus
from typing import Final

from netra.wire.auth_api import CHAT_CLIENT_ID, CHAT_PATH
from netra_ops.validation.answer import Answer
from netra_ops.validation.step import Outcome, Step, Walk, described, failed, passed

_POLICY: Final = "content-security-policy"
_NEEDED: Final = ("default-src 'none'", "script-src 'self'")


def _take(walk: Walk) -> Outcome:
    auth_url = walk.credentials.issuer
    fault = _page_fault(walk.ask("GET", CHAT_PATH))
    fault = fault or _settings_fault(walk.ask("GET", f"{CHAT_PATH}/settings.json"), auth_url)
    return failed(fault) if fault else passed(f"200, logging in at {auth_url}")


def _page_fault(page: Answer) -> str | None:
    if page.status != HTTPStatus.OK:
        return described(page)
    if not page.headers.get("content-type", "").startswith("text/html"):
        return "200, and no page of HTML"
    directives = [part.strip() for part in page.headers.get(_POLICY, "").split(";")]
    missing = [part for part in _NEEDED if part not in directives]
    if missing:
        return f"200, with a Content-Security-Policy that lacks {' and '.join(missing)}"
    return None


def _settings_fault(settings: Answer, auth_url: str) -> str | None:
    if settings.status != HTTPStatus.OK:
        return f"200, and its settings: {described(settings)}"
    told = settings.member("issuer")
    if told != auth_url:
        return f"200, and a page that logs people in at {told}, not at {auth_url}"
    if settings.member("client_id") != CHAT_CLIENT_ID:
        return f"200, and a page that is another client than {CHAT_CLIENT_ID}"
    return None


STEP = Step(
    "chat page",
    "200, HTML under a strict Content-Security-Policy, its settings naming this auth service",
    _take,
)
