"""Find and hide credentials that are known by their own shape, whatever stands around them.

Every pass is linear in the text: a shape is tried only where a run of its letters begins.
"""

import base64
import binascii
import re
from typing import Final

from netra.telemetry.redaction import names
from netra.telemetry.redaction.names import REDACTED

# A run begins after anything but a letter or digit, or after an escape such as `%20` or `\n`.
_BEGIN: Final = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f][0-9A-Fa-f])|(?<=\\[nrt]))"

# A compact JWS or JWE begins with base64url of `{"`, `{ ` or `{` and a line break (RFC 7515).
_JWT: Final = re.compile(_BEGIN + r"e(?:yJ|yA|w[o0k])[\w-]{10,}+(?:\.[\w-]*+){0,4}+")
_KEYED: Final = re.compile(
    _BEGIN + r"(?:(?:rt|nsec)_[\w-]{20,}+|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_\w{20,}+"
    r"|xox[abeprs]-[\w-]{10,}+"
    r"|AIza[\w-]{30,}+|AKIA[A-Z0-9]{16}|ya29\.[\w-]{20,}+|glpat-[\w-]{16,}+)"
)
_MODEL_KEY: Final = re.compile(_BEGIN + r"sk-[\w-]{16,}+")
_ARGON2: Final = re.compile(
    r"\$(?:argon2(?:id|i|d)|2[aby]|scrypt|pbkdf2[\w-]{0,12})\$[\w$=,+/.-]++"
)
_JWK_MEMBER: Final = re.compile(
    r"(?P<lead>\\?[\"'](?:d|p|q|dp|dq|qi|k)\\?[\"']\s{0,4}+:\s{0,4}+\\?[\"'])[\w-]{20,}+"
)
_PEM_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_PEM_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----")

_SCHEME: Final = re.compile(
    r"\b(?:(?P<bearer>Bearer|bearer|BEARER|DPoP)(?:[ \t]{1,8}+|%20|\+)"
    r"|(?:Basic|basic|BASIC)[ \t]{1,8}+)"
)
_CREDENTIAL: Final = re.compile(r"[^\s,;\"'<>`)\]}\\]++")
# A parameter of a challenge, or the next field of a list: no credential has `=` but at its end.
_FIELD: Final = re.compile(r"[A-Za-z_][\w.-]{0,40}+(?:=[\"'\w\[]|:\[redacted\])")
_SUBPROTOCOL: Final = re.compile(r"(?i)\bbearer\.(?P<token>[\w.~+/=-]{8,}+)")

_MAX_WORD: Final = 64
_MIXED_TOKEN: Final = 9
_LONG_TOKEN: Final = 20
_BASIC_READ: Final = 4096

_AUTHORITY: Final = re.compile(r"[^\s/?#\"'<>`\\]*+")
_RUN: Final = re.compile(r"[^\s\"'<>`]{0,512}+")
_PORT: Final = re.compile(r"\d{0,5}(?:[/?#]|\Z)")

# What validators and database drivers quote of their input, which may be anything.
_VALIDATED: Final = re.compile(r"input_value=(?!\[redacted\])")
_INPUT_TYPE: Final = ", input_type="
_PARAMETERS: Final = re.compile(r"\[parameters: (?!\[redacted\])")


def end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Give where a pattern ends that matches at `start`, or `start` if it does not."""
    found = pattern.match(text, start)
    return found.end() if found else start


def hide_shapes(text: str) -> str:
    """Replace private keys, tokens, hashes of passwords and credentials by their shape."""
    if "PRIVATE KEY-----" in text:
        text = _hide_private_keys(text)
    text = _JWT.sub(REDACTED, text)
    text = _KEYED.sub(REDACTED, text)
    if "sk-" in text:
        text = _MODEL_KEY.sub(_if_it_has_a_digit, text)
    if "$" in text:
        text = _ARGON2.sub(REDACTED, text)
    text = _JWK_MEMBER.sub(rf"\g<lead>{REDACTED}", text)
    if "://" in text:
        text = _hide_userinfo(text)
    text = _SUBPROTOCOL.sub(_hide_opaque, text)
    text = _hide_after_schemes(text)
    return _hide_quoted_input(text)


def _if_it_has_a_digit(found: re.Match[str]) -> str:
    return REDACTED if any(map(str.isdigit, found[0])) else found[0]


def _hide_private_keys(text: str) -> str:
    parts: list[str] = []
    position = 0
    while begin := _PEM_BEGIN.search(text, position):
        parts += [text[position : begin.start()], REDACTED]
        end = _PEM_END.search(text, begin.end())
        position = end.end() if end else len(text)
    return "".join([*parts, text[position:]])


def _hide_userinfo(text: str) -> str:
    """Hide passwords, and lone tokens, before the `@` of a URL (RFC 3986 section 3.2.1)."""
    parts: list[str] = []
    done = position = 0
    while (slashes := text.find("://", position)) != -1:
        position = start = slashes + len("://")
        end = _userinfo_end(text, start)
        if end is None:
            continue
        user, colon, password = text[start:end].partition(":")
        position = end
        if colon and password:
            shown = REDACTED if _is_credential(user) else user
            hidden = f"{shown}:{REDACTED}"
        elif _is_credential(user):
            hidden = REDACTED
        else:
            continue
        if hidden != text[start:end]:
            parts += [text[done:start], hidden]
            done = end
    return "".join([*parts, text[done:]]) if parts else text


def _userinfo_end(text: str, start: int) -> int | None:
    authority = end_of(_AUTHORITY, text, start)
    at = text.rfind("@", start, authority)
    if at != -1:
        return at
    colon = text.find(":", start, authority)
    if colon == -1 or _PORT.match(text, colon + 1, authority + 1):
        return None
    # A password with a raw slash in it: everything up to the last @ of the run is userinfo.
    at = text.rfind("@", start, end_of(_RUN, text, start))
    return None if at == -1 else at


def _is_credential(text: str) -> bool:
    """Tell whether a user's name in a URL looks like a token rather than a name or an address."""
    if names.placeholder_end(text) is not None or "%40" in text:
        return False
    if not any(map(str.isdigit, text)):
        return False
    return len(text) >= (_LONG_TOKEN if text.islower() else _MIXED_TOKEN)


def _hide_after_schemes(text: str) -> str:
    parts: list[str] = []
    done = position = 0
    while scheme := _SCHEME.search(text, position):
        position = scheme.end()
        if names.placeholder_end(text, position) is not None or _FIELD.match(text, position):
            continue
        value = text[position : end_of(_CREDENTIAL, text, position)].rstrip(".:!?")
        if _is_offered(scheme["bearer"], value):
            parts += [text[done:position], REDACTED]
            done = position = position + len(value)
    return "".join([*parts, text[done:]]) if parts else text


def _is_offered(bearer: str | None, value: str) -> bool:
    """Tell whether what follows a scheme's name is a credential or the rest of a sentence."""
    if bearer is None:
        return _is_basic(value)
    if not any(map(str.isalnum, value)) or value[0] in "([{<:=":
        return False
    if len(value) <= _MAX_WORD and names.goes_on_after_bearer(value):
        return False
    return bearer == "Bearer" or not names.is_simple_word(value)


def _is_basic(value: str) -> bool:
    """Tell whether a text is base64 of `user:password` (RFC 7617)."""
    if names.is_simple_word(value) and len(value) % 4:
        return False
    try:
        start = value[:_BASIC_READ].rstrip("=")
        decoded = base64.b64decode(start + "=" * (-len(start) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in decoded


def _hide_opaque(found: re.Match[str]) -> str:
    token = found["token"]
    if names.is_simple_word(token.rstrip(".")):
        return found[0]
    return f"{found[0][: -len(token)]}{REDACTED}"


def _hide_quoted_input(text: str) -> str:
    for pattern, close in ((_VALIDATED, _INPUT_TYPE), (_PARAMETERS, "]\n")):
        parts: list[str] = []
        position = 0
        while found := pattern.search(text, position):
            parts += [text[position : found.end()], REDACTED]
            end = text.find(close, found.end())
            if end == -1:
                end = len(text) if close == _INPUT_TYPE else _last_bracket(text)
            position = max(end, found.end())
        text = "".join([*parts, text[position:]]) if parts else text
    return text


def _last_bracket(text: str) -> int:
    return len(text) - 1 if text.endswith("]") else len(text)
