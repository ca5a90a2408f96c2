"""The auth service takes the chat page's log-in from the origin that people see it at."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from netra.wire.auth_api import CHAT_PATH
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import CHAT_CALLBACK
from netra_ops.validation.step import Outcome, Step, Walk, described, failed, passed

_ALLOWED: Final = "access-control-allow-origin"


def _take(walk: Walk) -> Outcome:
    fault = _log_in_fault(walk.auth.ask_silently(walk.origin), walk) or _reading_fault(walk)
    if fault is None:
        return passed(f"{walk.origin} may log people in and read the answer")
    # Where nobody answers there is no page either, and no telling whether its log-in would work.
    walk.ask("GET", CHAT_PATH)
    return failed(fault)


def _reading_fault(walk: Walk) -> str | None:
    allowed = walk.auth.ask_to_redeem(walk.origin).headers.get(_ALLOWED)
    if allowed == walk.origin:
        return None
    return (
        f"{walk.origin} may log people in, but may not read the token "
        f"({_ALLOWED}: {allowed or 'none'})"
    )


def _log_in_fault(answer: Answer, walk: Walk) -> str | None:
    """Say why nobody can log in on the page, if so; `login_required` is the good answer."""
    if answer.status != HTTPStatus.FOUND:
        return f"{described(answer)}: {walk.origin} is not among the chat page's origins"
    target = answer.headers.get("location", "")
    if not target.startswith(f"{walk.origin}{CHAT_CALLBACK}?"):
        return "302, to somewhere else than the chat page"
    error = parse_qs(urlsplit(target).query).get("error")
    return None if error == ["login_required"] else f"302 with the error {error}"


STEP = Step(
    "log-in of the chat page",
    "302 back to the page with login_required, and leave to read the token endpoint's answer",
    _take,
)
