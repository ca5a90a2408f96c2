"""What the readers of all languages have in common: a trace in pieces, and which calls matter."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from netra_ops.logs.entries.entry import Frame, Raised, Stack

_MOST_FRAMES: Final = 3
_MOST_CAUSES: Final = 8
_LONGEST: Final = 400


class Trace(msgspec.Struct, gc=False):
    """A trace that was found in a text.

    Attributes:
        begin: The line it begins with.
        end: The line after its last.
        stack: What it says.
    """

    begin: int
    end: int
    stack: Stack


def raised(kind: str, text: str | None) -> Raised:
    """Give an exception, what it says shortened."""
    return Raised(kind[:_LONGEST], (text or "").strip()[:_LONGEST])


def stack_of(
    language: str,
    last: Raised,
    causes: Iterable[Raised],
    calls: Iterable[Iterable[Frame]],
    is_library: Callable[[Frame], bool],
) -> Stack:
    """Make a stack of its pieces.

    Args:
        language: Which.
        last: What came out.
        causes: What was behind it.
        calls: The calls of each exception, innermost first; the first with code of the
            application is what is shown.
        is_library: Whether a call is none of the application's.
    """
    shown: tuple[Frame, ...] = ()
    for group in calls:
        own: list[Frame] = []
        of_any: list[Frame] = []
        for frame in group:
            if len(of_any) < _MOST_FRAMES:
                of_any.append(frame)
            if not is_library(frame):
                own.append(frame)
                if len(own) == _MOST_FRAMES:
                    break
        if own:
            shown = tuple(own)
            break
        shown = shown or tuple(of_any)
    return Stack(language, last, tuple(causes)[:_MOST_CAUSES], shown)
