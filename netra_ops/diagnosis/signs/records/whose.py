"""Who was acting, by a record: of which kind, under which name; and when their token was issued.

It sorts records and proves nothing. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from netra_ops.diagnosis.signs.tally import Caller
from netra_ops.logs.entries import Entry, whom
from netra_ops.logs.entries.times import from_value
from netra_ops.logs.entries.whom import Names

_NOBODY: Final = frozenset(
    {"anonymous", "anonymoususer", "anon", "guest", "nobody", "none", "null", "undefined", "-", ""}
)
_NOBODY_NAMES: Final = _NOBODY - {"-", ""}
"""What names nobody on purpose: a dash is what access logs write where nobody looked."""
_NOBODY_TEXT: Final = re.compile(
    r"\b(?:user(?:[_ ]?(?:id|name))?|principal(?:_id)?|uid|sub|subject|account|owner|member)[\"']?"
    r"\s?[=:]\s?[\"'<(]?(?:None|null|nil|undefined|anonymous(?:user)?|guest|nobody)\b",
    re.IGNORECASE,
)
_HEADERS: Final = Names(
    *("authorization", "Authorization", "auth_header", "authHeader", "authorization_header"),
    *("authorization_present", "has_authorization", "has_token", "hasToken", "token_present"),
    *("bearer", "http_authorization", "credential", "credentials", "has_credentials"),
)
_NOTHING: Final = frozenset(
    {
        "-",
        "",
        "none",
        "null",
        "nil",
        "absent",
        "missing",
        "no",
        "false",
        "empty",
        "(none)",
        "<none>",
    }
)
_BARE_TEXT: Final = re.compile(
    r"\b(?:authorization|auth_?header|http_authorization|bearer|has_?token|token_present"
    r"|credentials?)[\"']?\s?[=:]\s?[\"'<(]?(?:-|none|null|nil|absent|missing|no|false|empty)"
    r"(?=[\s\"'>),;}\]]|$)",
    re.IGNORECASE,
)
_SERVICE: Final = re.compile(
    r"(?:service|svc|serviceaccount|client|workload|app|system|machine|robot)[:/]"
    r"|.*@[\w.-]*gserviceaccount\.com$|svc[-_.]|.*[-_](?:svc|service|worker|backend|api|daemon|"
    r"job|bot|gateway)$|spiffe:",
    re.IGNORECASE,
)
_KINDS: Final = Names(
    "principal_kind", "user_type", "caller_kind", "caller_type", "actor_type", "subject_type"
)
_KIND_OF: Final = {
    "user": Caller.USER,
    "human": Caller.USER,
    "person": Caller.USER,
    "service": Caller.SERVICE,
    "service_account": Caller.SERVICE,
    "machine": Caller.SERVICE,
    "workload": Caller.SERVICE,
    "client": Caller.SERVICE,
    "anonymous": Caller.NOBODY,
    "nobody": Caller.NOBODY,
    "none": Caller.NOBODY,
}
_CLIENTS: Final = Names("client_id", "clientId", "azp", "caller", "client", "service_id", "from")
_ISSUED: Final = Names(
    "iat",
    "token_iat",
    "issued_at",
    "issuedAt",
    "token_issued_at",
    "tokenIat",
    "jwt.iat",
    "token.iat",
    "jwt.claims.iat",
    "auth.iat",
    "jwt_iat",
)
_OF_TOKENS: Final = re.compile(
    r"tok|jw[tsek]|jose|claim|head|auth|bearer|cred|sess|cookie|user|princip|ident|caller|subject"
    r"|context|ctx|err|exception|detail|extra|payload|data|fields|meta|span",
    re.IGNORECASE,
)
"""Members in which programs tell of a token, or of what holds one."""
_DEEP: Final = 3
_MOST_HOLDERS: Final = 24
_ISSUED_TEXT: Final = re.compile(
    r"\b(?:\w{1,16}[_.])?(?:iat|issued[_ ]at)[\"']?[ ]?[:= ][ ]?[\"']?"
    r"(\d{10}(?:\.\d+)?\b|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?"
    r"(?:Z|[ ]?(?:UTC|GMT)|[ ]?[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)
_HOLDERS: Final = ("token", "claims", "jwt", "identity", "caller", "session")
_OF_TOKEN: Final = Names("sub", "user_id", "user", "email", "client_id")
_DONE_FOR: Final = re.compile(
    r"\b(?:log-?in (?:ok|succeeded|successful|success)|logged in|signed in|tokens? (?:was )?issued|"
    r"issued (?:an? )?(?:\w+ ){0,2}token|authenticated|session (?:\w+ )?(?:created|started|opened))"
    r" (?:for|to|as) (?:(?P<kind>user|client|service|principal) )?[\"']?"
    r"(?P<name>[A-Za-z][\w.@:-]{1,120})",
    re.IGNORECASE,
)
_TOKEN_FOR: Final = re.compile(
    r"\btoken (?:for|of) (?:service |client )?[\"']?(?P<name>[A-Za-z][\w.@:-]{1,60})[\"']? "
    r"(?:was |has been |is )?(?:renewed|refreshed|obtained|acquired|fetched|cached|issued)\b",
    re.IGNORECASE,
)
_REFUSED_TO: Final = re.compile(
    r"\b(?:client|service) (?:authentication|credentials?|secret) (?:\w+ )?(?:failed|refused"
    r"|rejected|"
    r"wrong|invalid) (?:for|of) [\"']?(?P<name>[A-Za-z][\w.@:-]{1,120})",
    re.IGNORECASE,
)
_SESSION: Final = re.compile(r"\bsession(?:_id)?=[\"']?((?=\w*\d)\w{8,64})\b")
"""A session tells people apart where nothing else does."""
_NO_NAMES: Final = frozenset({"a", "an", "the", "this", "that", "user", "client", "service"})
_CLIENT_TEXT: Final = re.compile(
    r"\b(?:client_id|client|caller|service_id|azp)[=:] ?[\"']?([\w.:@/-]{1,120})", re.IGNORECASE
)
_TEST: Final = Names("test", "is_test", "synthetic", "smoke_test", "load_test", "dry_run")
_TEST_TEXT: Final = re.compile(
    r"\[(?:test|synthetic|smoke|load-?test)\]|\bsynthetic (?:probe|check|test)\b|\bsmoke[- ]test\b"
    r"|\bload[- ]test\b|\bpen(?:etration)?[- ]test\b",
    re.IGNORECASE,
)


def caller_of(entry: Entry) -> tuple[Caller, str | None]:
    """Give who was acting, as far as a record tells."""
    fields = entry.fields
    name, kind = entry.principal, None
    if fields is not None:
        told = whom.first_of(fields, _KINDS)
        kind = _KIND_OF.get(told.lower()) if told else None
        if name is None:
            name = whom.first_within(whom.described(fields), _CLIENTS)
            if name is not None and kind is None and "." not in name[:4]:
                kind = kind_of(name) if kind_of(name) is not Caller.USER else Caller.SERVICE
        if name is None:
            inner = [one for held in _HOLDERS if isinstance(one := fields.get(held), dict)]
            name = whom.first_within(inner, _OF_TOKEN)
    if name is None:
        name, kind = _in_text(entry.message, kind)
    if name is None:
        return kind or Caller.UNKNOWN, None
    by_name = kind_of(name)
    if by_name is Caller.NOBODY:
        return Caller.NOBODY, None
    return (by_name if by_name is Caller.SERVICE else kind or by_name), name


def came_bare(entry: Entry) -> bool:
    """Tell whether a record says that what came had no credential: its header is told as empty."""
    fields = entry.fields
    if fields is not None:
        for inner in whom.described(fields):
            if _HEADERS.any.isdisjoint(inner):
                continue
            value = inner[next(name for name in _HEADERS.order if name in inner)]
            return value in (None, False) or str(value).lower() in _NOTHING
    text = entry.message
    if "=" not in text and ":" not in text:
        return False
    return _BARE_TEXT.search(text, 0, 2_000) is not None


def names_nobody(entry: Entry) -> bool:
    """Tell whether a record names nobody where others name who was acting."""
    fields = entry.fields
    if fields is not None:
        told = [
            inner[name]
            for inner in whom.described(fields)
            if not whom.PRINCIPALS.any.isdisjoint(inner)
            for name in whom.PRINCIPALS.order
            if name in inner
        ]
        told += [one["id"] for one in told if isinstance(one, dict) and "id" in one]
        named = [one for one in told if not isinstance(one, dict)]
        if named:
            return all(one is None or str(one).lower() in _NOBODY_NAMES for one in named)
    text = entry.message
    return _NOBODY_TEXT.search(text, 0, 2_000) is not None if "=" in text or ":" in text else False


def _in_text(text: str, kind: Caller | None) -> tuple[str | None, Caller | None]:
    """Find who was acting in what a text says of a client, or of whom something was done for."""
    if "client" in text or "caller" in text or "service_id" in text or "azp" in text:
        found = _CLIENT_TEXT.search(text, 0, 2_000)
        if found is not None and not found[1][0].isdigit():
            is_nobody = kind_of(found[1]) is Caller.NOBODY
            return found[1], Caller.NOBODY if is_nobody else Caller.SERVICE
        refused = _REFUSED_TO.search(text, 0, 2_000)
        if refused is not None:
            return refused["name"], Caller.SERVICE
    if "log" in text or "token" in text or "session" in text or "signed" in text or "auth" in text:
        done = _DONE_FOR.search(text, 0, 2_000)
        if done is not None and done["name"].lower() not in _NO_NAMES:
            word = (done["kind"] or "").lower()
            return done["name"], Caller.SERVICE if word in ("client", "service") else kind
        gained = _TOKEN_FOR.search(text, 0, 2_000) if "token" in text else None
        if gained is not None and gained["name"].lower() not in _NO_NAMES:
            return gained["name"], kind
        own = _SESSION.search(text, 0, 2_000) if "=" in text else None
        if own is not None:
            return own[1], kind or Caller.USER
    return None, kind


def kind_of(name: str) -> Caller:
    """Tell by a principal's name of which kind it is."""
    if name.lower() in _NOBODY:
        return Caller.NOBODY
    return Caller.SERVICE if _SERVICE.match(name) else Caller.USER


def issued_of(entry: Entry) -> int | None:
    """Give when the token that a record is about was issued; None if it does not say."""
    fields = entry.fields
    if fields is not None:
        found = _issued_in(fields)
        if found is not None:
            return found
        for inner in of_tokens(fields):
            found = _issued_in(inner)
            if found is not None:
                return found
    text = entry.message
    if "iat" not in text and "ssued" not in text:
        return None
    said = _ISSUED_TEXT.search(text, 0, 4_000)
    return from_value(_as_iso(said[1])) if said else None


@lru_cache(8_192)
def _holders(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _OF_TOKENS.search(name))


def of_tokens(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give what is inside a record that may tell of a token, the outermost first."""
    level: list[Mapping[str, Any]] = [fields]
    given = 0
    for _ in range(_DEEP):
        level = [
            inner
            for one in level
            for name in _holders(tuple(one))
            if isinstance(inner := one[name], dict)
        ]
        for one in level:
            given += 1
            if given > _MOST_HOLDERS:
                return
            yield one


def _as_iso(said: str) -> str:
    """Write a moment that has blanks, or names its zone, without them."""
    return (
        said.upper().replace(" ", "T", 1).replace(" ", "").replace("UTC", "Z").replace("GMT", "Z")
    )


def _issued_in(fields: Mapping[str, Any]) -> int | None:
    for name in _ISSUED.order:
        if name in fields:
            found = from_value(fields[name])
            if found is not None:
                return found
    return None


def is_test(entry: Entry) -> bool:
    """Tell whether a record says of itself that it is of a test."""
    fields = entry.fields
    if fields is not None and not _TEST.any.isdisjoint(fields):
        return any(fields.get(name) is True for name in _TEST.order)
    return "est" in entry.message and _TEST_TEXT.search(entry.message, 0, 1_000) is not None
