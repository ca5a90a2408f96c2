"""Hide secrets in texts and in structured values: the entrance to this room.

Redaction is idempotent, and a sentence about a secret ("SERVICE_SECRET not found") is no secret.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

from netra.secret import Secret
from netra.telemetry.redaction import names
from netra.telemetry.redaction.named_values import hide_named_values
from netra.telemetry.redaction.names import REDACTED
from netra.telemetry.redaction.shapes import hide_shapes

_MIN_KNOWN: Final = 8
_MAX_DEPTH: Final = 50
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]{0,100}\Z")
_PRIVATE_JWK: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})

# A text in which none of these occurs, in any case, holds nothing that any pass would change.
# Each begins with one plain letter and no two with the same: the search then skips what begins
# none of them.
_HINTS: Final = re.compile(
    r"a(?:uth|ssertion|iza|kia)|b(?:earer|asic)|c(?:ookie|redential|ode)|dpop|e(?:y[ja]|w[o0k])"
    r"|g(?:h[pousr]_|ithub_pat|lpat)|hash|input_value|jw[tk]|key|nsec_|otp"
    r"|p(?:ass(?:w|phrase)|wd|arameters|rivate)|rt_|s(?:e(?:cret|ssion)|k-)|token|verifier|xox"
    r"|ya29|\$|://|\"[dkpq]|'[dkpq]"
)
_SHORT: Final = 80
_SAY_NOTHING: Final = frozenset({bool, int, float})
_REMEMBERED: Final = 4096


class Redactor:
    """Hides what looks like a secret, and the secrets it was told, in every encoding of them."""

    def __init__(self, known_secrets: Iterable[Secret] = ()) -> None:
        variants: set[str] = set()
        for secret in known_secrets:
            variants |= _variants(secret.reveal())
        # The longest first: a variant that is part of another must not cut it in two.
        self._known = tuple(sorted(variants, key=lambda text: (-len(text), text)))
        # Most texts of a log are few and short: names, methods, paths, states.
        self._short = lru_cache(_REMEMBERED)(self._looked_through)
        self.member = lru_cache(_REMEMBERED)(self._member)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._known)} known texts>"

    def text(self, text: str) -> str:
        """Hide every secret in a text."""
        return self._short(text) if len(text) <= _SHORT else self._looked_through(text)

    def _looked_through(self, text: str) -> str:
        text = self._without_known(text)
        if _HINTS.search(text.lower()) is None:
            return text
        return hide_named_values(hide_shapes(text))

    def workable(self, text: str, limit: int) -> str:
        """Cut a text to about `limit` characters without cutting a known secret in two."""
        if len(text) <= limit:
            return text
        cut = self._without_known(text)[:limit]
        head, _, partial = cut.rpartition(" ")
        kept = head if head and len(partial) < limit // 2 else cut
        return f"{kept} [truncated {max(len(text) - len(kept), 1)} characters]"

    def value(self, value: Any, depth: int = 0) -> Any:
        """Hide every secret in a value made of dicts, lists, tuples and sets; leave other types."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Secret) or depth > _MAX_DEPTH:
            return REDACTED
        if isinstance(value, bytes | bytearray):
            return self.text(bytes(value).decode("latin-1")).encode("latin-1")
        if isinstance(value, Mapping):
            return self._mapping(value, depth + 1)
        if isinstance(value, list | tuple | AbstractSet):
            return self._items(value, depth + 1)
        return value

    def _member(self, name: str) -> tuple[str, bool]:
        """Give a member's name as it may be shown, and whether its value is hidden for its name."""
        is_telling = names.names_a_code(name) or names.names_a_secret(name)
        return self.text(name), is_telling

    def _items(self, value: list[Any] | tuple[Any, ...] | AbstractSet[Any], depth: int) -> Any:
        if isinstance(value, tuple):
            return self._tuple(value, depth)
        items = (self.value(item, depth) for item in value)
        return list(items) if isinstance(value, list) else set(items)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        is_key = "kty" in value
        is_refused_input = "loc" in value and "input" in value
        found = {}
        for name, item in value.items():
            key = self.text(name) if isinstance(name, str) else name
            if item is None or type(item) in _SAY_NOTHING:
                found[key] = item
            elif (is_key and name in _PRIVATE_JWK) or (is_refused_input and name == "input"):
                found[key] = _hidden(item)
            else:
                found[key] = self._named(name, item, depth)
        return found

    def _tuple(self, value: tuple[Any, ...], depth: int) -> tuple[Any, ...]:
        """Treat a pair as a header's name and value (the ASGI form) if its first is a name."""
        if len(value) == len(("name", "value")) and _is_name(value[0]):
            return (value[0], self._named(value[0], value[1], depth))
        return tuple(self.value(item, depth) for item in value)

    def _named(self, name: Any, item: Any, depth: int) -> Any:
        if isinstance(name, bytes):
            name = name.decode("latin-1")
        if isinstance(name, str):
            if names.names_a_code(name) and isinstance(item, str):
                return item if names.is_code_word(item) else _hidden(item)
            if names.names_a_secret(name):
                return _hidden(item, self)
        return self.value(item, depth)

    def _without_known(self, text: str) -> str:
        for known in self._known:
            if known in text:
                text = text.replace(known, REDACTED)
        return text


def redact_text(text: str) -> str:
    """Hide everything in a text that looks like a secret; a sentence keeps its meaning."""
    return _PLAIN.text(text)


def redact(value: Any) -> Any:
    """Hide everything in a structured value that looks like a secret or has a secret's name."""
    return _PLAIN.value(value)


def _hidden(item: Any, redactor: Redactor | None = None) -> Any:
    """Hide the texts in a value under a secret's name; numbers, booleans and None say nothing."""
    if isinstance(item, str):
        return item if names.is_statement(item) or item == REDACTED else REDACTED
    if isinstance(item, Secret | bytes | bytearray):
        return REDACTED
    if isinstance(item, Mapping):
        return {
            name: redactor.value(value)
            if redactor is not None and _is_about(name)
            else _hidden(value, redactor)
            for name, value in item.items()
        }
    if isinstance(item, list | tuple | AbstractSet):
        return [_hidden(one, redactor) for one in item]
    return item


def _is_name(value: Any) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return isinstance(text, str) and _NAME.match(text) is not None


def _is_about(name: Any) -> bool:
    """Tell whether a member inside a secret's mapping only describes it: `token_type`."""
    return isinstance(name, str) and not names.names_a_secret(f"secret_{name}")


def _variants(secret: str) -> set[str]:
    """Give the texts in which a known secret may appear: raw, escaped, URL- and base64-encoded."""
    plain = {secret} | _password_in(secret)
    found = set()
    for text in plain:
        if len(text) < _MIN_KNOWN or text in REDACTED:
            continue
        found |= {text, quote(text), quote(text, safe=""), quote_plus(text)}
        found |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        found |= {repr(text)[1:-1]}
        found |= _base64_forms(text.encode("utf-8", "surrogatepass"))
    return {text for text in found if len(text) >= _MIN_KNOWN and text not in REDACTED}


def _password_in(secret: str) -> set[str]:
    """Take the password out of a secret that is a URL, such as a database's address."""
    try:
        password = urlsplit(secret).password
    except ValueError:
        return set()
    if not password or password.isalpha():
        return set()
    return {password, unquote(password)}


def _base64_forms(raw: bytes) -> set[str]:
    """Give what base64 makes of some bytes wherever they stand in what is encoded.

    Depending on the offset modulo three, the first and last letters mix with the neighbours'; only
    the letters that the bytes alone decide are given.
    """
    found = set()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        first = -(-offset * 8 // 6)
        last = (offset + len(raw)) * 8 // 6
        core = encoded[first:last]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return {text for text in found if len(text) >= _MIN_KNOWN}


_PLAIN: Final = Redactor()
