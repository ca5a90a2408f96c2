"""The file that waivers are written in, YAML or JSON: read strictly, or refused with every flaw.

    waivers:
      - check: secret_reference_lost
        service: netra-backend
        variable: OLD_API_KEY
        reason: nothing reads it since the last release
        person: ana@example.com
        expires: 2026-12-31T00:00:00Z

Besides `service` and `variable` there is `revision`; at least one of the three is given.
`verdicts: [FAIL, UNKNOWN]` waives UNKNOWN too, which nothing else does.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from netra_ops.candidates.file_text import read_text, shown_path
from netra_ops.candidates.reading import documents_of
from netra_ops.candidates.trees.node import Mapping, Node, Scalar, Sequence, TreeInvalid
from netra_ops.findings import UsageRefused, Verdict, printable
from netra_ops.gate.waivers import LONGEST_DAYS, OWN_CHECKS, WAIVABLE, Waiver

_NEEDED: Final = ("check", "reason", "person", "expires")
_SCOPE: Final = ("service", "variable", "revision")
_KNOWN: Final = frozenset({*_NEEDED, *_SCOPE, "verdicts"})
_LONGEST_TEXT: Final = 2000
_DAY: Final = 86_400
_SHAPE: Final = "Write `waivers:` and a list below it, and nothing else."


def read(path: Path, now: float) -> tuple[Waiver, ...]:
    """Read a file of waivers. Expired ones are given too: they are the gate's to refuse.

    Args:
        path: The file.
        now: The time, in seconds since the epoch.

    Raises:
        UsageRefused: It cannot be read, or something in it is wrong: every flaw in a line of its
            own, with its place and what to do.
    """
    text, file = read_text(str(path)), shown_path(str(path))
    try:
        documents = documents_of(text)
    except TreeInvalid as error:
        raise UsageRefused(f"{file}:{error.line} {error.says}.") from None
    if len(documents) != 1:
        raise UsageRefused(f"{file} is no list of waivers. {_SHAPE}")
    reading = _Reading(file, now)
    waivers = reading.waivers(documents[0])
    if reading.flaws:
        raise UsageRefused("\n".join(printable(flaw) for flaw in reading.flaws))
    return waivers


class _Reading:
    """Goes through one document and collects what is wrong with it."""

    def __init__(self, file: str, now: float) -> None:
        self._file = file
        self._now = now
        self.flaws: list[str] = []

    def waivers(self, top: Node) -> tuple[Waiver, ...]:
        """Give the waivers that have no flaw."""
        if not isinstance(top, Mapping) or top.items.keys() != {"waivers"}:
            self._flaw(top, "it", "is no list of waivers.", _SHAPE)
            return ()
        entries = top.items["waivers"]
        if not isinstance(entries, Sequence):
            self._flaw(entries, "waivers", "is no list.", _SHAPE)
            return ()
        places: dict[tuple[str | None, ...], str] = {}
        found: list[Waiver] = []
        for number, entry in enumerate(entries):
            place = f"waivers[{number}]"
            waiver = self._waiver(place, entry)
            if waiver is None:
                continue
            first = places.setdefault(waiver.scope, place)
            if first != place:
                self._flaw(entry, place, f"is about the same as {first}.", "Keep one of them.")
            found.append(waiver)
        return tuple(found)

    def _waiver(self, place: str, entry: Node) -> Waiver | None:
        before = len(self.flaws)
        if not isinstance(entry, Mapping):
            do = f"Write {', '.join(_NEEDED)} and a scope."
            self._flaw(entry, place, "is no waiver.", do)
            return None
        for name in sorted(entry.items.keys() - _KNOWN):
            do = f"Known are {', '.join(sorted(_KNOWN))}."
            self._flaw(entry.items[name], place, f"has {name}, which is not known.", do)
        texts = {name: self._text(place, entry, name) for name in (*_NEEDED, *_SCOPE)}
        if not any(name in entry.items for name in _SCOPE):
            do = f"Name at least one of {', '.join(_SCOPE)}."
            self._flaw(entry, place, "has no scope.", do)
        expires = self._expiry(place, entry, texts["expires"]) if texts["expires"] else None
        verdicts = self._verdicts(place, entry)
        if texts["check"] in OWN_CHECKS:
            what = f"is {texts['check']}, which is the gate's own and cannot be waived."
            self._flaw(entry.items["check"], f"{place}.check", what, "Remove it.")
        if len(self.flaws) > before or expires is None:
            return None
        try:
            return Waiver(
                check=texts["check"] or "",
                reason=texts["reason"] or "",
                person=texts["person"] or "",
                expires=expires,
                **{name: texts[name] for name in _SCOPE},
                verdicts=verdicts,
                place=f"{self._file}:{entry.line}",
            )
        except ValueError as error:
            self._flaw(entry, place, f"is none. {error}", "Write it so.")
            return None

    def _text(self, place: str, entry: Mapping, name: str) -> str | None:
        node = entry.items.get(name)
        if node is None:
            if name in _NEEDED:
                self._flaw(entry, place, f"has no {name}.", f"Give its {name}.")
            return None
        place = f"{place}.{name}"
        # YAML takes a time for something other than a text.
        is_text = isinstance(node, Scalar) and (node.is_text or name == "expires")
        if not isinstance(node, Scalar) or not is_text or not node.text.strip():
            self._flaw(node, place, "is no text.", "Write one, in quotes if need be.")
            return None
        if len(node.text) > _LONGEST_TEXT or not node.text.isprintable():
            what = f"is longer than {_LONGEST_TEXT} letters, or not one line of visible text."
            self._flaw(node, place, what, "Write it plainly.")
            return None
        return node.text.strip()

    def _expiry(self, place: str, entry: Mapping, text: str) -> float | None:
        node, place = entry.items["expires"], f"{place}.expires"
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                do = "Write it as 2026-12-31T00:00:00Z."
                self._flaw(node, place, "does not say its time zone.", do)
                return None
            expires = moment.timestamp()
        except (ValueError, OverflowError):
            self._flaw(node, place, "is no time.", "Write it as 2026-12-31T00:00:00Z.")
            return None
        if expires > self._now + LONGEST_DAYS * _DAY:
            what = f"is more than {LONGEST_DAYS} days ahead."
            self._flaw(node, place, what, "Give an earlier end; it can be renewed.")
            return None
        return expires

    def _verdicts(self, place: str, entry: Mapping) -> frozenset[Verdict]:
        node = entry.items.get("verdicts")
        if node is None:
            return frozenset({Verdict.FAIL})
        given = list(node) if isinstance(node, Sequence) else []
        names = {one.text for one in given if isinstance(one, Scalar) and one.text in WAIVABLE}
        if not given or len(names) != len(given):
            do = "Write one, each at most once."
            self._flaw(node, f"{place}.verdicts", "is no list of FAIL and UNKNOWN.", do)
            return frozenset()
        return frozenset(Verdict(name) for name in names)

    def _flaw(self, node: Node, place: str, what: str, do: str) -> None:
        self.flaws.append(f"{self._file}:{node.line} {place} {what} {do}")
