"""The key of a line as an expression of SQL, equal to that of `mining.forms.keys`. Pure.

It is equal for every text without NUL characters, on engines whose `LENGTH` and `SUBSTRING` count
characters and whose `REGEXP_REPLACE` replaces all matches of an expression of RE2. RE2 looks
neither ahead nor back, so what stands around a word is matched with it and put back. Of two words
with one character between them the first takes that away from the second; a second pass finds it.
"""

from typing import Final

from sqlglot import exp

from netra_ops.gardener.mining.forms.keys import HEX, LINE_CHARACTERS, UUID

_CUT: Final = "…"
_SIMPLE: Final = ((r"[\x00-\x03]", "?"), (r"[\n\r\t]", " "), ("[0-9]+", "0"))
"""What is replaced whatever stands around it; afterwards no mark is in the text."""
_WORD: Final = "A-Za-z0"
_DIGIT: Final = "0a-fA-F"
_LETTER: Final = "a-fA-F"
_GROUPS: Final = 5
_UUID: Final = "|".join(
    f"(?:0-){{{first}}}0?[{_LETTER}][{_DIGIT}]*(?:-[{_DIGIT}]+){{{_GROUPS - 1 - first}}}"
    for first in range(_GROUPS)
)
"""By the group that has the first letter: with digits alone it is a number of some kind."""
_HEX: Final = f"0[xX][{_DIGIT}]+|0[{_DIGIT}]*[{_LETTER}][{_DIGIT}]*|[{_LETTER}]+0[{_DIGIT}]*"
_PASSES: Final = 2


def key_of(text: exp.Expression) -> exp.Expression:
    """Give the key of a text.

    Args:
        text: An expression that is a text, not NULL.
    """
    key = _counted(text)
    for pattern, replacement in _SIMPLE:
        key = _replaced(key, exp.Literal.string(pattern), exp.Literal.string(replacement))
    key = _marked(key, _UUID, f"[^{_WORD}-]", UUID)
    return _marked(key, _HEX, f"[^{_WORD}]", HEX)


def _counted(text: exp.Expression) -> exp.Expression:
    """Give what of a text counts, see `mining.forms.keys.counted`."""
    start = exp.Substring(
        this=text.copy(),
        start=exp.Literal.number(1),
        length=exp.Literal.number(LINE_CHARACTERS - 1),
    )
    too_long = exp.Length(this=text.copy()) > LINE_CHARACTERS
    return exp.case().when(too_long, _joined(start, exp.Literal.string(_CUT))).else_(text.copy())


def _marked(text: exp.Expression, form: str, behind: str, mark: str) -> exp.Expression:
    """Put a mark for each word of a form that stands by itself."""
    pattern = exp.Literal.string(f"(^|[^{_WORD}])(?:{form})($|{behind})")
    # A control character would be lost where a query is printed and read again.
    code = exp.Chr(expressions=[exp.Literal.number(ord(mark))])
    replacement = _joined(exp.Literal.string(r"\1"), code, exp.Literal.string(r"\2"))
    for _ in range(_PASSES):
        text = _replaced(text, pattern, replacement)
    return text


def _replaced(
    text: exp.Expression, pattern: exp.Expression, replacement: exp.Expression
) -> exp.Expression:
    return exp.RegexpReplace(this=text, expression=pattern.copy(), replacement=replacement.copy())


def _joined(*parts: exp.Expression) -> exp.Expression:
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part, safe=True)
    return whole
