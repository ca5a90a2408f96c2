"""Which sayings are only about the assistant itself: searches, commands and its own answers. Pure.

A search that finds the search before it, or a summary of commands, would help nobody.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from netra.agent_api import Saying
from netra_backend.app.agents.assistant.intents import Search
from netra_backend.app.agents.assistant.replies import NOT_UNDERSTOOD, OPENINGS
from netra_backend.app.agents.assistant.understanding import understood

_USER: Final = "user"
_OPENING: Final = 2_000
"""Characters: no answer's opening is longer."""


def worth_finding(sayings: Sequence[Saying]) -> Iterator[Saying]:
    """Leave out searches and what this assistant answered."""
    return (saying for saying in sayings if not (_is_own(saying) or _is_search(saying)))


def worth_summarising(sayings: Sequence[Saying]) -> Iterator[Saying]:
    """Leave out what this assistant answered, and the questions it did so to.

    What it did not understand was no question to it, and stays.
    """
    left_out = set()
    for place, saying in enumerate(sayings):
        if not _is_own(saying):
            continue
        left_out.add(place)
        if not saying.text.startswith(NOT_UNDERSTOOD) and place:
            left_out.add(place - 1)
    return (saying for place, saying in enumerate(sayings) if place not in left_out)


def _is_search(saying: Saying) -> bool:
    return saying.author == _USER and isinstance(understood(saying.text), Search)


def _is_own(saying: Saying) -> bool:
    return saying.author != _USER and OPENINGS.match(saying.text[:_OPENING]) is not None
