"""What an operator wants, told by how they say it. Pure and total: every text has one intent.

A fixed list of patterns, tried in order; this is no understanding of language.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_QUESTION: Final = 500
"""A longer text is no question of a kind that is known here."""
USUAL_MINUTES: Final = 1440
MOST_MINUTES: Final = 10_080


@dataclass(frozen=True, slots=True)
class Help:
    """What can you do."""


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Why is it failing: of the evidence of so many minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Mend:
    """What mends it, by the evidence that was collected last."""


@dataclass(frozen=True, slots=True)
class Prove:
    """What would prove that it is mended, by the evidence that was collected last."""


@dataclass(frozen=True, slots=True)
class Logs:
    """What happened in the logs of so many minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """None of these."""


Intent: TypeAlias = Help | Diagnose | Mend | Prove | Logs | Serving | Unknown

# Compiled when they are first used: a backend that nobody asks does not wait for it at its start.
_HELP: Final = r"help\b|\?*$|.*\bwhat (?:can|do) you (?:do|know|answer)\b|who are you\b"
_PROVE: Final = (
    r".*\b(?:prove[sdn]?|proven|proof|verif(?:y|ied|ies))\b"
    r"|.*\b(?:is|was) (?:it|this|that|everything) (?:fixed|mended|repaired|solved|resolved)\b"
    r"|.*\bhow (?:do|can|would|will) (?:i|we) (?:know|tell|see)\b"
)
_WHY: Final = r"why\b|how come\b|(?:please )?diagnos|what (?:is|was|are|went) wrong\b"
_MEND: Final = (
    r".*\b(?:how (?:do|can|should|would|to)|what (?:will|would|should|can|could|do)|please)\b"
    r".*\b(?:fix(?:es)?|mend[s]?|repair[s]?|solve[s]?|resolve[s]?|do about)\b"
    r"|(?:the )?fix$"
)
_SERVING: Final = (
    r".*\b(?:what|who|which|show|list)\b.*\b(?:serves?|serving|revisions?|traffic|deployed|live)\b"
    r"|(?:revisions?|traffic|status)$"
)
_LOGS: Final = (
    r".*\blogs?\b|.*\bworklog\b|.*\bwhat (?:has )?happen(?:ed|s|ing)\b|.*\bwhat is happening\b"
)
_TROUBLE: Final = (
    r".*\b(?:diagnos\w*|fail\w*|broken?|breaks?|wrong|errors?|incident|outage|down|refused|rejected"
    r"|denied|cause|trouble|problem|50[0-4]|40[13]|unauthori[sz]ed|forbidden|not working)\b"
)
_SPAN: Final = (
    r"\b(?:last|past|previous|since|in|for|of)\s+(?:the\s+)?(?:last\s+|past\s+)?"
    r"(?:(?P<number>\d{1,5}|an?|one|two|three|six|twelve|few|half an?|couple of)\s+)?"
    r"(?P<unit>minutes?|mins?|hours?|hrs?|days?|weeks?)\b"
)
_UNITS: Final = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
_NUMBERS: Final = {
    "a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "couple of": 2.0, "three": 3.0, "few": 3.0,
    "six": 6.0, "twelve": 12.0, "half a": 0.5, "half an": 0.5,
}  # fmt: skip


def understood(text: str) -> Intent:
    """Say what an operator wants."""
    if len(text) > MAX_QUESTION:
        return Unknown()
    plain = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    said = " ".join(plain.replace("what's", "what is").split()).strip(" .!?,;:")
    for pattern, intent in (
        (_HELP, Help()),
        (_PROVE, Prove()),
        (_WHY, Diagnose(minutes_in(said))),
        (_MEND, Mend()),
        (_SERVING, Serving()),
        (_LOGS, Logs(minutes_in(said))),
        (_TROUBLE, Diagnose(minutes_in(said))),
    ):
        if re.match(pattern, said):
            return intent
    return Unknown()


def minutes_in(said: str) -> int:
    """Give of how much time is spoken, up to now: a day if that is not said, a week at most."""
    match = re.search(_SPAN, said)
    if match is None:
        return 2 * USUAL_MINUTES if "yesterday" in said else USUAL_MINUTES
    number = match["number"] or "one"
    times = float(number) if number.isdigit() else _NUMBERS[number]
    return max(1, min(round(times * _UNITS[match["unit"][0]]), MOST_MINUTES))
