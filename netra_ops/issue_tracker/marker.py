"""Pure: the hidden lines by which an issue and a comment are known again, written and read.

    <!-- netra-fingerprint: v1:9f3c aliases v0:77aa,v0:12ab sighting 0a1b2c3d4e5f6071 -->
    <!-- netra-sighting: 0a1b2c3d4e5f6071 of v1:9f3c -->
    <!-- netra-related: 12,15 -->

A marker counts only as the whole first line of a text, letter by letter in this form. What is
quoted cannot be one: everything below the first line is written with `<!--` made harmless. Who
wrote the text is for the tracker to judge.
"""

import re
from dataclasses import dataclass
from typing import Final

from netra_ops.issue_tracker.sighting import FINGERPRINT, KEY

LONGEST_BODY: Final = 60_000
"""Characters; GitHub takes 65,536."""

_ISSUE: Final = re.compile(
    rf"<!-- netra-fingerprint: (?P<fingerprint>{FINGERPRINT})"
    rf"(?: aliases (?P<aliases>{FINGERPRINT}(?:,{FINGERPRINT})*))?"
    rf" sighting (?P<key>{KEY}) -->"
)
_SIGHTING: Final = re.compile(
    rf"<!-- netra-sighting: (?P<key>{KEY}) of (?P<fingerprint>{FINGERPRINT}) -->"
)
_RELATED: Final = re.compile(
    r"<!-- netra-related: (?P<numbers>[1-9][0-9]{0,9}(?:,[1-9][0-9]{0,9})*) -->"
)
_OPENING: Final = "<!--"
_HARMLESS: Final = "&lt;!--"
_CUT: Final = "\n\n(The rest was cut off: it is too long for an issue.)"


@dataclass(frozen=True, slots=True)
class IssueMarker:
    """What an issue says of itself: what it is, what that was called before, its first sighting."""

    fingerprint: str
    aliases: tuple[str, ...]
    key: str

    @property
    def names(self) -> frozenset[str]:
        """Everything it is or was called."""
        return frozenset((self.fingerprint, *self.aliases))

    def line(self) -> str:
        """Write it."""
        aliases = f" aliases {','.join(self.aliases)}" if self.aliases else ""
        return f"<!-- netra-fingerprint: {self.fingerprint}{aliases} sighting {self.key} -->"


@dataclass(frozen=True, slots=True)
class SightingMarker:
    """What a comment says of itself: which sighting it tells of."""

    key: str
    fingerprint: str

    def line(self) -> str:
        """Write it."""
        return f"<!-- netra-sighting: {self.key} of {self.fingerprint} -->"


@dataclass(frozen=True, slots=True)
class RelatedMarker:
    """What a comment says of itself: which issues it links."""

    numbers: tuple[int, ...]

    def line(self) -> str:
        """Write it."""
        return f"<!-- netra-related: {','.join(map(str, self.numbers))} -->"


Marker = IssueMarker | SightingMarker | RelatedMarker


def marked(marker: Marker, text: str) -> str:
    """Put a marker before a text in which no other one can be."""
    safe = harmless(text)
    if len(safe) > LONGEST_BODY:
        safe = safe[:LONGEST_BODY] + _CUT
    return f"{marker.line()}\n{safe}"


def harmless(text: str) -> str:
    """Write a text so that it can neither hide anything nor be taken for a marker."""
    return text.replace(_OPENING, _HARMLESS)


def issue_marker(text: str) -> IssueMarker | None:
    """Read the marker of an issue from its body; None where it has none of this form."""
    found = _ISSUE.fullmatch(_first_line(text))
    if found is None:
        return None
    aliases = found["aliases"]
    return IssueMarker(
        found["fingerprint"], tuple(aliases.split(",")) if aliases else (), found["key"]
    )


def comment_marker(text: str) -> SightingMarker | RelatedMarker | None:
    """Read the marker of a comment; None where it has none of this form."""
    line = _first_line(text)
    if (found := _SIGHTING.fullmatch(line)) is not None:
        return SightingMarker(found["key"], found["fingerprint"])
    if (found := _RELATED.fullmatch(line)) is not None:
        return RelatedMarker(tuple(map(int, found["numbers"].split(","))))
    return None


def without_marker(text: str) -> str:
    """Give what stands below the first line."""
    return text.partition("\n")[2]


def _first_line(text: str) -> str:
    # Whoever edits a text on a web page leaves a carriage return at the end of each line.
    return text.partition("\n")[0].removesuffix("\r")
