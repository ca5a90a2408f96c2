"""Finding the shape of a line by the places of its words, without understanding it again.

Serves lines whose words never repeat: hexadecimal ids, and names of which there are thousands.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from netra_ops.gardener.mining.forms.keys import ANY, HEX, UUID

_ASCII: Final = 128
_WORDS: Final = bytes(
    code
    for code in range(256)
    if code >= _ASCII or chr(code).isalnum() or chr(code) in f"-{HEX}{UUID}{ANY}"
)
_SEPARATORS: Final = bytes(code for code in range(1, 256) if code not in _WORDS)
_TO_SPACE: Final = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))
_APART: Final = re.compile("([" + re.escape(_SEPARATORS.decode()) + "])")
_MARK: Final = re.compile(f"[{HEX}{UUID}{ANY}]")
_HEX_DIGITS: Final = b"0abcdefABCDEF"
_FEWEST_FOR_ANY: Final = 32
"""Keys that must differ in the same places before these are taken for variables, at any rate."""
_RARE: Final = 64
"""A word that is in less than one of this many keys of one form is a value, not a constant."""

_Table = dict[Any, tuple[int, tuple[tuple[int, Callable[[bytes], bool]], ...]]]


def _is_hex(word: bytes) -> bool:
    if word[:2] in {b"0x", b"0X"}:
        return len(word) > 2 and not word[2:].strip(_HEX_DIGITS)  # noqa: PLR2004 -- The prefix.
    return b"0" in word and not word.strip(_HEX_DIGITS) and bool(word.strip(b"0"))


def _is_uuid(word: bytes) -> bool:
    parts = word.split(b"-")
    return (
        len(parts) == 5  # noqa: PLR2004 -- So many parts has every UUID.
        and all(parts)
        and not word.strip(_HEX_DIGITS + b"-")
        and bool(word.strip(b"0-"))
    )


_WILD: Final[dict[bytes, Callable[[bytes], bool]]] = {
    HEX.encode(): _is_hex,
    UUID.encode(): _is_uuid,
    ANY.encode(): bool,
}


class Patterns:
    """Keys whose marks stand for a whole word each, by what separates their words."""

    def __init__(self) -> None:
        self._forms: dict[bytes, list[tuple[int, Callable[[Sequence[bytes]], Any], _Table]]] = {}
        self._places: dict[tuple[bytes, tuple[int, ...]], _Table] = {}

    def register(self, key: str, shape: int) -> bool:
        """Let lines with this key be found from now on; say whether its form allows that."""
        if not _MARK.search(key):
            return False
        raw = key.encode()
        words = raw.translate(_TO_SPACE).split(b" ")
        wild: list[tuple[int, Callable[[bytes], bool]]] = []
        constant: list[int] = []
        for place, word in enumerate(words):
            if word in _WILD:
                wild.append((place, _WILD[word]))
            elif any(mark in word for mark in _WILD):
                return False
            else:
                constant.append(place)
        if not wild:
            return False
        form = raw.translate(None, _WORDS)
        getter = itemgetter(*constant) if constant else len
        table = self._places.get((form, tuple(constant)))
        if table is None:
            table = self._places[form, tuple(constant)] = {}
            tables = self._forms.setdefault(form, [])
            tables.append((-len(constant), getter, table))
            # The more constants a pattern has, the more it says, so it is asked first.
            tables.sort(key=itemgetter(0))
        table[getter(words)] = (shape, tuple(wild))
        return True

    def match(self, number_form: bytes) -> int | None:
        """Return the shape of the line with this number form, if a pattern gives it."""
        return self.matches([number_form])[0]

    def matches(self, number_forms: Sequence[bytes]) -> list[int | None]:
        """Return of each line, by its number form, the shape that a pattern gives it, if any."""
        if not self._forms:
            return [None] * len(number_forms)
        block = b"\0".join(number_forms)
        forms = block.translate(None, _WORDS).split(b"\0")
        lines = block.translate(_TO_SPACE).split(b"\0")
        known = self._forms.get
        found: list[int | None] = []
        for form, line in zip(forms, lines, strict=True):
            tables = known(form)
            shape = None
            if tables is not None:
                words = line.split(b" ")
                for _, getter, table in tables:
                    entry = table.get(getter(words))
                    if entry is not None:
                        for place, fits in entry[1]:
                            if not fits(words[place]):
                                break
                        else:
                            shape = entry[0]
                            break
            found.append(shape)
        return found


def learn(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return patterns that many of the keys have in common, each with its keys.

    Only keys of one form are compared. A word that few of them have is taken for a value.
    """
    forms: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for key in sorted(keys):
        parts = _APART.split(key)
        forms["".join(parts[1::2])].append((key, parts))
    learned: dict[str, list[str]] = defaultdict(list)
    for members in forms.values():
        if len(members) < _FEWEST_FOR_ANY:
            continue
        columns = [
            Counter(parts[place] for _, parts in members)
            for place in range(0, len(members[0][1]), 2)
        ]
        rare = len(members) / _RARE
        for key, parts in members:
            pattern = list(parts)
            for place, counts in enumerate(columns):
                word = parts[2 * place]
                if word and word != "0" and counts[word] <= rare and len(counts) >= _FEWEST_FOR_ANY:
                    pattern[2 * place] = ANY
            if pattern != parts:
                learned["".join(pattern)].append(key)
    return {
        pattern: members for pattern, members in learned.items() if len(members) >= _FEWEST_FOR_ANY
    }
