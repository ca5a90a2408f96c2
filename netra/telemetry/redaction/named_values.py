"""Find and hide values that stand beside a name in a text: `name=value`, `name: value`, reprs.

Passes go from left to right and never back, so their time is linear in the text. What a name or a
word means is decided in `names`.
"""

import re
from typing import Final, NamedTuple

from netra.policy import Permission
from netra.telemetry.redaction import names
from netra.telemetry.redaction.names import REDACTED
from netra.telemetry.redaction.shapes import end_of

# Possessive throughout: a name that leads nowhere is passed once, never tried from its middle.
_NAMED: Final = re.compile(
    r"(?<![\w.-])[.-]{0,3}(?P<name>\w[\w.-]*+)\\{0,4}+[\"']?+\]?+"
    r"(?P<lead>[ \t]{0,8}+(?:=>|:=|={1,2}+|:|%3[AaDd])\s{0,8}+)"
)
_FLAG: Final = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w.-]*+)(?P<lead>[ \t]{1,4}+)(?=[^-\s])")
_PAIR: Final = re.compile(
    r"[(\[]\s?b?\\{0,4}[\"'](?P<name>[\w.-]++)\\{0,4}+[\"'](?P<lead>,\s{0,4}+)(?=b?\\{0,4}[\"'])"
)
_ASSIGNMENT: Final = re.compile(r"[\w.-]{1,60}+=[^=\s]")
_OPENING: Final = re.compile(r"[bBrRuUfF]{0,2}(?P<slashes>\\{0,8}+)(?P<quote>[\"'])")
_CONTAINER: Final = re.compile(r"[\[({]\s{0,8}+[bBrRuU]?\\{0,4}+[\"']")
_STRUCTURE: Final = re.compile(r"[\[({\])}]|(?P<slashes>\\{0,8}+)(?P<quote>[\"'])")
_STRING: Final = re.compile(r"[\"']([^\"'\\]*+)\\?[\"']")
# A value without quotes goes on to a blank, or to where another field or the end of a quotation or
# a parameter list plainly begins.
_BARE: Final = re.compile(
    r"(?:[^\s&,;\\\"'`<>]++|(?!&[\w.%-]{1,60}+=|[,;](?:\s|\Z|[\w.\"'-]{1,60}+[=:])"
    r"|\\{0,4}+[\"'`](?:[\s,;:)\]}>&?#|\\]|\Z)|[<>](?:\s|\Z))\S)*+"
)
_COOKIES: Final = re.compile(r"[^\r\n\"']*+")
_REST_OF_LINE: Final = re.compile(r"[^\r\n]*+")
_SCHEME: Final = re.compile(r"(?i:bearer|basic|digest|dpop|negotiate|apikey|token)[ \t]{1,8}+")
_FIELD_NEXT: Final = re.compile(r"[ \t]{0,8}+(?:[|,;][ \t]{0,8}+)?[\w.-]{1,60}+[\"']?+[ \t]?[=:]")
_WORD_NEXT: Final = re.compile(r"[ \t]{1,8}+([A-Za-z][\w'-]{0,40}+)")

_AFTER_A_SENTENCE: Final = ".,;:!?)]}>\"'`\\"
_AFTER_A_FIELD: Final = ".,;:)]}>\"'`\\"
_BEFORE: Final = "([{<`"
_NO_VALUE: Final = ",;|"
_SCOPES: Final = frozenset(permission.value for permission in Permission)
_MAX_WORD: Final = 64
_MAX_WORD_BEFORE: Final = 20
_MAX_STATEMENT: Final = 500
_DIGITS_OF_A_SECRET: Final = 6
_CODE_LENGTH: Final = 8
_CLOSING: Final = "])}"


class _Span(NamedTuple):
    """What to hide: from `start` to `end`, nothing if they are equal; `after`: search on there."""

    start: int
    end: int
    after: int


class _Place(NamedTuple):
    """Where a value begins, under which name, and how firmly the two are joined."""

    text: str
    start: int
    name: str
    joined: bool
    """Written `name=value`: a value follows, not a sentence."""
    last_word: str


def hide_named_values(text: str) -> str:
    """Replace every value that stands beside a secret's name; everything else stays as it is."""
    for pattern in (_NAMED, _PAIR, _FLAG):
        text = _hide(text, pattern)
    return text


def _hide(text: str, pattern: re.Pattern[str]) -> str:
    parts: list[str] = []
    done = position = 0
    while found := pattern.search(text, position):
        position = found.end("name")
        span = _span(text, found)
        if span is None:
            continue
        if span.end > span.start:
            parts += [text[done : span.start], REDACTED]
            done = span.end
        position = max(position, span.after)
    return "".join([*parts, text[done:]]) if parts else text


def _span(text: str, found: re.Match[str]) -> _Span | None:
    name, lead, start = _true_name(text, found), found["lead"], found.end()
    is_code = names.names_a_code(name)
    if not is_code and not _is_secret_name(text, found, name):
        return None
    if names.placeholder_end(text, start) is not None or _is_on_another_line(text, found):
        return None
    joined = lead.startswith("%3") or ("=" in lead and lead == lead.strip())
    if is_code:
        return _code(text, start, joined=joined)
    place = _Place(text, start, name, joined, re.split(r"[^a-z]+", name[-_MAX_WORD:].lower())[-1])
    if lead.isspace() and _ASSIGNMENT.match(text, start):
        # `--set-secrets NAME=reference`: what is assigned is looked at under its own name.
        return None
    if opening := _OPENING.match(text, start):
        return _quoted(place, opening)
    return _contained(text, start) if _CONTAINER.match(text, start) else _bare(place)


def _is_on_another_line(text: str, found: re.Match[str]) -> bool:
    """Tell whether what follows a line break is the next line's; after a quoted name it is not."""
    return (
        any(map(str.isspace, found["lead"].strip(" \t"))) and text[found.end("name")] not in "\"'\\"
    )


def _is_secret_name(text: str, found: re.Match[str], name: str) -> bool:
    if name in {"key", "Key", "KEY"}:
        # "API key: …" and "private key: …"; the word before decides.
        name = f"{_word_before(text, found.start())}_{name}"
    if not names.names_a_secret(name):
        return False
    return not (found["lead"].startswith(":") and names.names_a_fault(name))


def _true_name(text: str, found: re.Match[str]) -> str:
    r"""Take off what an escape before the name left on it, such as `%3F` or a `\n` in a repr."""
    name, start = found["name"], found.start("name")
    before = text[start - 1] if start else ""
    if before == "%":
        return name[2:]
    if before == "\\" and name[0] in "nrtbfu":
        return name[5:] if name[0] == "u" else name[1:]
    return name


def _word_before(text: str, start: int) -> str:
    words = text[max(0, start - _MAX_WORD_BEFORE) : start].rpartition("\n")[2].split()
    return words[-1] if words and words[-1].isalpha() else ""


def _code(text: str, start: int, *, joined: bool) -> _Span | None:
    """Hide an authorization code, but no error's or status's code."""
    opening = _OPENING.match(text, start)
    if opening:
        begin = opening.end()
        end, after = _quote_end(text, opening)
        if names.is_code_word(text[begin:end]) or names.is_statement(text[begin:end]):
            return None
        return _Span(begin, end, after)
    end = end_of(_BARE, text, start)
    value = text[start:end].rstrip(_AFTER_A_FIELD)
    if not joined or REDACTED[:-1] in value:
        return None
    if names.is_code_word(value) or len(value) < _CODE_LENGTH:
        return None
    return _Span(start, start + len(value), end)


def _quote_end(text: str, opening: re.Match[str]) -> tuple[int, int]:
    """Give where a quoted value ends and where the search goes on.

    A quotation that its line does not close was cut off: it ends with the line.
    """
    quote, slashes, begin = opening["quote"], len(opening["slashes"]), opening.end()
    position = begin - 1
    while (position := text.find(quote, position + 1)) != -1:
        escaped = _slashes_before(text, position, begin)
        if escaped <= slashes if slashes else escaped % 2 == 0:
            newline = text.find("\n", begin, position)
            if newline != -1:
                return newline, newline
            return position - min(escaped, slashes), position + 1
    newline = text.find("\n", begin)
    end = len(text) if newline == -1 else newline
    return end, end


def _slashes_before(text: str, position: int, begin: int) -> int:
    count = 0
    while position - count > begin and text[position - count - 1] == "\\":
        count += 1
    return count


def _quoted(place: _Place, opening: re.Match[str]) -> _Span | None:
    text, begin = place.text, opening.end()
    end, after = _quote_end(text, opening)
    content = text[begin:end]
    if not content or _is_harmless(content):
        return None
    if scheme := _SCHEME.match(content):
        rest = content[scheme.end() :]
        if names.placeholder_end(rest) is not None:
            return None
        begin += scheme.end() if rest else 0
    return _Span(begin, end, after)


def _is_harmless(content: str) -> bool:
    """Tell whether a quoted value is a word or sentence about a secret, or a secret's name."""
    if len(content) > _MAX_STATEMENT:
        return False
    return (
        names.is_statement(content)
        or names.is_name_of_a_secret(content)
        or names.placeholder_end(content) == len(content)
    )


def _contained(text: str, start: int) -> _Span | None:
    """Hide a list, tuple or dictionary as a whole, unless all its texts are sentences."""
    depth, position = 0, start
    end = len(text)
    while found := _STRUCTURE.search(text, position):
        position = found.end()
        if found["quote"]:
            position = _quote_end(text, found)[1]
        elif found[0] in _CLOSING:
            depth -= 1
            if depth == 0:
                end = position
                break
        else:
            depth += 1
    inside = text[start:end]
    if len(inside) <= _MAX_STATEMENT and all(map(_is_harmless, _STRING.findall(inside))):
        return None
    if text[end : end + 1].isalnum() or text[end : end + 1] in {"[", "%"}:
        # What sticks to the closing bracket belongs to it.
        end = end_of(_BARE, text, end)
    return _Span(start, end, end)


def _bare(place: _Place) -> _Span | None:
    text, start = place.text, place.start
    if scheme := _SCHEME.match(text, start):
        return _after_scheme(place, scheme)
    if not place.joined and not text.startswith(REDACTED, start):
        while start < len(text) and text[start] in _BEFORE:
            start += 1
    end = end_of(_BARE, text, start)
    if place.last_word.startswith("cookie") and "=" in text[start:end]:
        whole = end_of(_COOKIES, text, start)
        return _Span(start, whole, whole)
    value = text[start:end].rstrip(_AFTER_A_FIELD if place.joined else _AFTER_A_SENTENCE)
    if value and value[0] not in _NO_VALUE and _is_secret(place, value, start):
        return _Span(start, start + len(value), start + len(value))
    return None


def _after_scheme(place: _Place, scheme: re.Match[str]) -> _Span | None:
    """Hide the credential after `Authorization: Bearer`, keeping the scheme."""
    text, start = place.text, scheme.end()
    if names.placeholder_end(text, start) is not None:
        return None
    if scheme[0].lower().startswith("digest"):
        value = text[start : end_of(_REST_OF_LINE, text, start)]
    else:
        value = text[start : end_of(_BARE, text, start)].rstrip(_AFTER_A_FIELD)
    if not value.strip(_BEFORE) or names.goes_on_after_bearer(value[:_MAX_WORD]):
        return None
    return _Span(start, start + len(value), start + len(value))


def _is_secret(place: _Place, value: str, start: int) -> bool:
    if len(value) > _MAX_WORD:
        return True
    if names.is_state(value) or names.is_name_of_a_secret(value):
        return False
    if f"{place.name.lower()}:{value}" in _SCOPES:
        return False
    next_word = _WORD_NEXT.match(place.text, start + len(value))
    if value.isdigit():
        return _are_secret_digits(place, value, follows=next_word is not None)
    if place.joined or next_word is None or not names.is_simple_word(value):
        return True
    return not names.is_prose(value) and (
        _FIELD_NEXT.match(place.text, start + len(value)) is not None
        or next_word[1].lower() in names.CONNECTIVES
    )


def _are_secret_digits(place: _Place, value: str, *, follows: bool) -> bool:
    if len(value) >= _DIGITS_OF_A_SECRET:
        return True
    if place.last_word in {"token", "tokens", "authorization", "cookies", "credentials", "secrets"}:
        return False
    return place.joined or not follows
