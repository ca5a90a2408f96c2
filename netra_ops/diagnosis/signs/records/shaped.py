"""What a record's form adds to its words: a stack, its fields, how bad it was called. Pure."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from netra_ops.diagnosis.signs.meaning import Meaning
from netra_ops.diagnosis.signs.records.own import ends_process, is_undecided
from netra_ops.diagnosis.signs.records.said import CALLED
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.logs.entries import Frame, Level, Stack
from netra_ops.logs.entries.stacks.python import is_library
from netra_ops.logs.entries.times import from_text

_RAISED: Final = re.compile(
    r"^\W{0,3}(?:[A-Z]\w*(?:::|\.|\\))*[A-Z]\w*(?:Error|Exception)(?: \(|:| at )"
    r"|^\s*\*\* \((?:[A-Z]\w*\.)*[A-Z]\w*Error\)"
    r"|\bPHP (?:Fatal|Parse) error: |^Fatal error: Uncaught"
)
_DOES_WITHOUT: Final = re.compile(
    r"using|fall(?:ing|s)?[ -]?back|optional|skip|disabl|without|instead|not there", re.IGNORECASE
)
_IS_LIBRARY: Final = re.compile(r"node_modules|^node:|\.pyx$|/usr/local/go/|/go/pkg/mod/")
_JAVA_LIBRARY: Final = re.compile(
    r"(?:com\.(?:google|nimbusds|auth0|mysql|zaxxer|fasterxml|squareup)|okhttp3|retrofit2|feign|"
    r"io\.(?:jsonwebtoken|grpc|netty|github\.resilience4j)|org\.(?:postgresql|keycloak|mariadb))\."
)
_UNNAMED: Final = frozenset({"exception", "Traceback"})
_PLAIN: Final = frozenset(
    {"Error", "Exception", "RuntimeError", "RuntimeException", "StandardError"}
)
_CLOCK: Final = re.compile(
    r"current time (\d{4}-\d\d-\d\dT[\d:]{8}\S*?) is (before|after)", re.IGNORECASE
)
_HOUR: Final = 3_600_000_000_000
_ANSWERED: Final = re.compile(
    r"\b(?:status(?:[ _]?code)?|answered|returned|responded|replied|got|code|HTTP(?:/[\d.]+)?)"
    r"[ =:\"']{1,4}(?:with )?(?:an? )?(?:http )?(?:status )?(?:code )?4(?:0[0-79]|[1-9]\d)\b"
    r"|\b4(?:00|01|03|04) (?:client error|unauthorized|forbidden|bad request|not found)",
    re.IGNORECASE,
)
"""That something answered, and with what: the caller's fault, but for 408, which is silence."""
_NO_FAULT: Final = re.compile(
    r"HTTP|Http|Timeout|Connection|Connect|Cancel|KeyboardInterrupt|SystemExit|OSError|IOError"
    r"|Unavailable|Disconnect|Operational|Interface|Database|Refused|Denied|Forbidden|Unauth|Auth"
    r"|IOException|Socket"
)
_REFUSED: Final = MappingProxyType({401: Sign.NOT_AUTHENTICATED, 403: Sign.NOT_PERMITTED})
_STATUSES: Final = ("status", "status_code", "statusCode", "upstream_status", "code")
_BROKEN: Final = frozenset({502, 503, 504})
_CORS: Final = "access-control-"
_ANSWERS: Final = frozenset({"res", "response", "resp"})
_ANSWERS_HEADERS: Final = frozenset(
    {"resp_headers", "response_headers", "responseHeaders", "headers_out", "res_headers"}
)
_BREAKERS: Final = ("breaker", "circuit", "circuit_breaker", "circuitBreaker", "breaker_name")
_BREAKER: Final = re.compile(r"\b(?:circuit|(?:circuit)?[ _-]?breaker)\b", re.IGNORECASE)
_STATES: Final = ("to", "state", "new_state", "newState", "to_state", "new", "status")
_OPEN: Final = frozenset({"open", "opened", "forced_open", "isolated"})
_CLOSED: Final = frozenset({"closed"})
_SHUT: Final = re.compile(
    r"\bopen\b|refus|reject|short[- ]?circuit|too many requests|not permitted|not allow",
    re.IGNORECASE,
)
"""What stands beside a breaker's name where a call was not made; `too many requests` is what
sony/gobreaker says while it is half-open (its `ErrTooManyRequests`)."""
_BESIDE_A_BREAKER: Final = frozenset({Sign.NOT_AUTHENTICATED, Sign.NOT_PERMITTED})
_CALLS: Final = ("err", "error", "response", "res", "resp", "call", "upstream", "http")
_TOLD: Final = ("event", "message", "msg", "phase", "stage", "step", "logger", "component")
_CHECKS: Final = ("check", "check_name", "checkName", "name", "probe", "step", "test")
_ENDED: Final = ("ok", "passed", "success", "healthy", "result", "outcome", "state", "verdict")
_ENDS: Final = frozenset(_ENDED)
_CALL: Final = frozenset(_CALLS)
_CALLED: Final = frozenset(CALLED)
_ENDED_BADLY: Final = frozenset({"failed", "fail", "failure", "error", "false", "bad", "violated"})
_AT_START: Final = re.compile(
    r"\A(?:(?:pre-?flight|start-?up|boot|pre-?start|self-?|sanity) ?(?:self-?)?"
    r"(?:checks?|tests?|validation|gate|invariants?)?)(?:[.: ]+(?:failed|finished|done|result"
    r"|error|violated|aborted|report|outcome))?\Z",
    re.IGNORECASE,
)
_FAILED_CHECK: Final = re.compile(r"\b(?:failed|violated|aborted)\Z", re.IGNORECASE)
_OF_REQUESTS: Final = frozenset(
    {"origin", "method", "path", "url", "req", "request", "http", "httpRequest", "request_id"}
)
_NO_REASON: Final = frozenset({Sign.NOT_AUTHENTICATED, Sign.NOT_PERMITTED})


def with_stack(stack: Stack, found: Sequence[Meaning], text: str = "") -> list[Meaning]:
    """Give what a record with a stack means: an error of the code says where it is.

    What was raised in the application's own code and is no failing call, no refusal and nothing
    else that is known is an error of that code. What it raises because it was answered with a
    refusal (an error that has no name of its own) is none.

    Args:
        stack: Its stack.
        found: What its words mean.
        text: Its words.
    """
    where = _where(stack.frames)
    named = [Meaning(one.sign, where) if one.sign is Sign.CODE_ERROR else one for one in found]
    if any(one.sign not in _NO_REASON for one in named):
        return named
    kinds = [stack.raised.type, *(cause.type for cause in stack.causes)]
    is_unnamed = stack.raised.type in _UNNAMED and not stack.causes
    is_unnamed |= stack.raised.type in _PLAIN and _ANSWERED.search(text) is not None
    if where is None or is_unnamed or any(_NO_FAULT.search(kind) for kind in kinds):
        return named or [Meaning(Sign.OTHER_ERROR, where)]
    return [Meaning(Sign.CODE_ERROR, where), *named]


def stands_below_error(sign: Sign, text: str, level: Level) -> bool:
    """Tell whether a record that is called no error may mean a sign all the same.

    A package that a program does without is not missing; faults at lower levels are told of, not
    met, unless the runtime itself tells of them: by a line of no level that begins with what was
    raised, as Ruby, PHP and Elixir print it.
    """
    if sign is Sign.CODE_ERROR:
        is_raised = level is Level.DEFAULT and _RAISED.search(text, 0, 300) is not None
        return "panic" in text or is_raised
    return sign is not Sign.MODULE_MISSING or _DOES_WITHOUT.search(text) is None


def without_silence(text: str, found: Sequence[Meaning]) -> list[Meaning]:
    """Leave out that a service did not answer where the text has its answer: a refusal is one."""
    signs = {one.sign for one in found}
    if Sign.DEPENDENCY_FAILED not in signs:
        return list(found)
    is_answered = Sign.CLIENT_REFUSED in signs or _ANSWERED.search(text) is not None
    return [one for one in found if not (is_answered and one.sign is Sign.DEPENDENCY_FAILED)]


def with_clock(time: int | None, text: str, found: Sequence[Meaning]) -> list[Meaning]:
    """See whether a refused certificate was refused by a clock that is wrong.

    Args:
        time: The record's, nanoseconds since the epoch.
        text: What it says; a verifier may say what time it had.
        found: What that means.
    """
    said = _CLOCK.search(text)
    if said is None:
        return list(found)
    clock = from_text(said[1])
    is_early = said[2].lower() == "before"
    meanings = [
        Meaning(Sign.CERTIFICATE_REFUSED, one.subject)
        if one.sign is Sign.CERTIFICATE_EXPIRED and is_early
        else one
        for one in found
    ]
    if time is not None and clock is not None and abs(clock - time) > _HOUR:
        meanings.append(Meaning(Sign.CLOCK_DIFFERS))
    return meanings


def with_fields(
    fields: Mapping[str, Any], found: Sequence[Meaning], *, is_warning: bool
) -> list[Meaning]:
    """Add what members of a payload mean by themselves.

    Args:
        fields: The payload.
        found: What its words mean.
        is_warning: Whether it is a warning or worse that tells of no request of its own.
    """
    meanings = list(found)
    breaker = _of_breaker(fields)
    if breaker is not None and breaker.sign not in {one.sign for one in meanings}:
        meanings = [breaker, *(one for one in meanings if one.sign not in _BESIDE_A_BREAKER)]
    if _is_redirected(fields):
        meanings.append(Meaning(Sign.REDIRECTED))
    if not meanings and (is_undecided(fields) or _called_in_vain(fields)):
        meanings.append(Meaning(Sign.DEPENDENCY_FAILED))
    check = _failed_check(fields) if is_warning or not _ENDS.isdisjoint(fields) else None
    if check is not None and not any(one.sign is Sign.START_FAILED for one in meanings):
        meanings.append(check)
    if ends_process(fields):
        meanings.append(Meaning(Sign.EXITED))
    status = fields.get("status")
    if not meanings and is_warning and isinstance(status, int) and status in _REFUSED:
        meanings.append(Meaning(_REFUSED[status]))
    return meanings


def _is_redirected(fields: Mapping[str, Any]) -> bool:
    if fields.get("redirected") is True:
        return True
    if _CALL.isdisjoint(fields):
        return False
    inner = (fields[name] for name in _CALLS if isinstance(fields.get(name), dict))
    return any(one.get("redirected") is True for one in inner)


def _called_in_vain(fields: Mapping[str, Any]) -> bool:
    """Tell whether members name what was called, and that it was not to be had."""
    if _CALLED.isdisjoint(fields):
        return False
    status = next((fields[one] for one in _STATUSES if type(fields.get(one)) is int), 0)
    return status in _BROKEN and any(isinstance(fields.get(name), str) for name in CALLED)


def _failed_check(fields: Mapping[str, Any]) -> Meaning | None:
    """Read a check at start that failed, by its members; a browser's preflight is none."""
    if not _OF_REQUESTS.isdisjoint(fields):
        return None
    told = [str(fields[name]) for name in _TOLD if isinstance(fields.get(name), str)]
    if not any(_AT_START.search(one.replace("_", " ")) for one in told):
        return None
    ended = [fields[name] for name in _ENDED if name in fields]
    has_failed = any(
        one is False or (isinstance(one, str) and one.lower() in _ENDED_BADLY) for one in ended
    )
    if not has_failed and not any(_FAILED_CHECK.search(one.replace("_", " ")) for one in told):
        return None
    named = next((fields[name] for name in _CHECKS if isinstance(fields.get(name), str)), None)
    return Meaning(Sign.START_FAILED, named)


def is_bare_preflight(
    method: str | None, status: int | None, fields: Mapping[str, Any] | None
) -> bool:
    """Tell whether a preflight was refused with headers of which none is for browsers.

    Args:
        method: Of the request that a record tells of.
        status: How it was answered.
        fields: The record's payload, in which the answer's headers may stand.
    """
    if method != "OPTIONS" or status not in _REFUSED or fields is None:
        return False
    headers = _headers_of(fields)
    return bool(headers) and not any(name.lower().startswith(_CORS) for name in headers)


def _headers_of(fields: Mapping[str, Any], depth: int = 3) -> Mapping[str, Any]:
    """Give the headers of an answer, wherever a payload keeps them; nothing if it has none."""
    for name, value in fields.items():
        if not isinstance(value, dict):
            continue
        if name in _ANSWERS_HEADERS:
            return value
        headers = value.get("headers") if name in _ANSWERS else None
        if isinstance(headers, dict):
            return headers
        if depth and (found := _headers_of(value, depth - 1)):
            return found
    return {}


def _speaks_of_breaker(text: str) -> bool:
    lower = text.lower()
    return ("circuit" in lower or "breaker" in lower) and _BREAKER.search(text) is not None


def _of_breaker(fields: Mapping[str, Any]) -> Meaning | None:
    """Read a circuit breaker's members: its name, the state that it is in or goes to, a refusal."""
    told = str(fields.get("message") or fields.get("msg") or fields.get("event") or "")
    kept = next((name for name in _BREAKERS if name in fields), None)
    if kept is None and not _speaks_of_breaker(told):
        return None
    named = fields.get(kept) if kept is not None else fields.get("name")
    subject, state = (named if isinstance(named, str) else None), None
    if isinstance(named, dict):
        name, state = named.get("name"), named.get("state")
        subject = name if isinstance(name, str) else None
    state = next((fields[one] for one in _STATES if isinstance(fields.get(one), str)), state)
    if subject is not None and subject.lower() in _OPEN | _CLOSED:
        subject, state = None, subject
    if isinstance(state, str) and state.lower() in _CLOSED:
        return Meaning(Sign.BREAKER_CLOSED, subject)
    is_open = isinstance(state, str) and state.lower() in _OPEN
    error = fields.get("error") or fields.get("err") or ""
    refuses = kept is not None and isinstance(error, str) and _SHUT.search(f"{told} {error}")
    return Meaning(Sign.BREAKER_OPEN, subject) if is_open or refuses else None


def _where(frames: Sequence[Frame]) -> str | None:
    """Name the innermost call of the application; None if there is none."""
    for frame in frames:
        is_own = not is_library(frame) and _IS_LIBRARY.search(frame.file) is None
        if is_own and _JAVA_LIBRARY.match(frame.function) is None:
            return f"{frame.file}:{frame.function}"
    return None
