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

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from netra_ops.findings import UsageRefused, Verdict, printable
from netra_ops.gate.strict_document import Document, Unreadable, parsed
from netra_ops.gate.waivers import LONGEST_DAYS, OWN_CHECKS, WAIVABLE, Waiver

_NEEDED: Final = ("check", "reason", "person", "expires")
_SCOPE: Final = ("service", "variable", "revision")
_KNOWN: Final = frozenset({*_NEEDED, *_SCOPE, "verdicts"})
_LONGEST_BYTES: Final = 1_048_576
_LONGEST_TEXT: Final = 2000
_DAY: Final = 86_400
_SHAPE: Final = "Write `waivers:` and a list below it, and nothing else."


def read(path: Path, now: float) -> tuple[Waiver, ...]:
    """Read a file of waivers. Expired ones are given too: they are the gate's to refuse.

    Args:
        path: The file; its name ends in .yaml, .yml or .json.
        now: The time, in seconds since the epoch.

    Raises:
        UsageRefused: It cannot be read, or something in it is wrong: every flaw in a line of its
            own, with its place and what to do.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_BYTES + 1)
    except OSError as error:
        raise UsageRefused(f"{path}: it cannot be read: {error.strerror}.") from error
    if len(content) > _LONGEST_BYTES:
        raise UsageRefused(f"{path}: it is larger than {_LONGEST_BYTES} bytes. Shorten it.")
    try:
        document = parsed(content, path.suffix)
    except Unreadable as error:
        raise UsageRefused(printable(f"{path}: {error}")) from error
    reading = _Reading(path, document, now)
    waivers = reading.waivers()
    if reading.flaws:
        raise UsageRefused("\n".join(printable(flaw) for flaw in reading.flaws))
    return waivers


class _Reading:
    """Goes through one document and collects what is wrong with it."""

    def __init__(self, path: Path, document: Document, now: float) -> None:
        self._path = path
        self._document = document
        self._now = now
        self.flaws: list[str] = []

    def waivers(self) -> tuple[Waiver, ...]:
        """Give the waivers that have no flaw."""
        top = self._document.value
        if not isinstance(top, Mapping) or set(top) != {"waivers"}:
            self._flaw("", "it is no list of waivers.", _SHAPE)
            return ()
        if not isinstance(top["waivers"], list):
            self._flaw("waivers", "it is no list.", _SHAPE)
            return ()
        places: dict[tuple[str | None, ...], str] = {}
        found: list[Waiver] = []
        for number, entry in enumerate(top["waivers"]):
            place = f"waivers[{number}]"
            waiver = self._waiver(place, entry)
            if waiver is None:
                continue
            first = places.setdefault(waiver.scope, place)
            if first != place:
                self._flaw(place, f"it is about the same as {first}.", "Keep one of them.")
            found.append(waiver)
        return tuple(found)

    def _waiver(self, place: str, entry: Any) -> Waiver | None:
        before = len(self.flaws)
        if not isinstance(entry, Mapping):
            self._flaw(place, "it is no waiver.", f"Write {', '.join(_NEEDED)} and a scope.")
            return None
        for name in sorted(set(entry) - _KNOWN):
            self._flaw(place, f"{name} is not known.", f"Known are {', '.join(sorted(_KNOWN))}.")
        texts = {name: self._text(place, entry, name) for name in (*_NEEDED, *_SCOPE)}
        if not any(name in entry for name in _SCOPE):
            self._flaw(place, "it has no scope.", f"Name at least one of {', '.join(_SCOPE)}.")
        expires = self._expiry(place, texts["expires"]) if texts["expires"] else None
        verdicts = self._verdicts(place, entry)
        if texts["check"] in OWN_CHECKS:
            what = f"{texts['check']} is the gate's own and cannot be waived."
            self._flaw(f"{place}.check", what, "Remove it.")
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
                place=self._place(place),
            )
        except ValueError as error:
            self._flaw(place, str(error), "Write it so.")
            return None

    def _text(self, place: str, entry: Mapping[str, Any], name: str) -> str | None:
        if name not in entry:
            if name in _NEEDED:
                self._flaw(place, f"it has no {name}.", f"Give its {name}.")
            return None
        value = entry[name]
        if not isinstance(value, str) or not value.strip():
            self._flaw(f"{place}.{name}", "it is no text.", "Write one, in quotes if need be.")
            return None
        if len(value) > _LONGEST_TEXT or not value.isprintable():
            what = f"it is longer than {_LONGEST_TEXT} letters, or not one line of visible text."
            self._flaw(f"{place}.{name}", what, "Write it plainly.")
            return None
        return value.strip()

    def _expiry(self, place: str, text: str) -> float | None:
        place = f"{place}.expires"
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                what = "it does not say its time zone."
                self._flaw(place, what, "Write it as 2026-12-31T00:00:00Z.")
                return None
            expires = moment.timestamp()
        except (ValueError, OverflowError):
            self._flaw(place, "it is no time.", "Write it as 2026-12-31T00:00:00Z.")
            return None
        if expires > self._now + LONGEST_DAYS * _DAY:
            what = f"it is more than {LONGEST_DAYS} days ahead."
            self._flaw(place, what, "Give an earlier end; it can be renewed.")
            return None
        return expires

    def _verdicts(self, place: str, entry: Mapping[str, Any]) -> frozenset[Verdict]:
        given = entry.get("verdicts", [Verdict.FAIL.value])
        if not isinstance(given, list) or not given or not all(n in list(WAIVABLE) for n in given):
            self._flaw(f"{place}.verdicts", "it is no list of FAIL and UNKNOWN.", "Write one.")
            return frozenset()
        return frozenset(Verdict(name) for name in given)

    def _place(self, place: str) -> str:
        line = self._document.lines.get(place)
        return f"{self._path}: {place}" + (f" (line {line})" if line else "")

    def _flaw(self, place: str, what: str, do: str) -> None:
        where = self._place(place) if place else str(self._path)
        self.flaws.append(f"{where}: {what} {do}")
