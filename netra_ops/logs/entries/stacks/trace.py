"""What the readers of all languages have in common: a trace in pieces, and which calls matter."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from netra_ops.logs.entries.entry import Frame, Raised, Stack

_MOST_FRAMES: Final = 3
_MOST_CAUSES: Final = 8
_LONGEST: Final = 400
_MOST_LIBRARIES: Final = 8
_INSTALLED: Final = re.compile(
    r"(?:site-packages|dist-packages|node_modules)[/\\]((?:@[\w.-]+[/\\])?[\w.-]+)"
)
_PACKAGE: Final = re.compile(r"((?:com|org|net|io|oracle)\.\w+(?:\.\w+)?)\.")


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
    has_own = False
    libraries: dict[str, None] = {}
    for group in calls:
        own: list[Frame] = []
        of_any: list[Frame] = []
        for frame in group:
            if len(libraries) < _MOST_LIBRARIES and (name := _library(frame, language)):
                libraries[name] = None
            if len(of_any) < _MOST_FRAMES:
                of_any.append(frame)
            if len(own) < _MOST_FRAMES and not is_library(frame):
                own.append(frame)
        if own and not has_own:
            shown, has_own = tuple(own), True
        shown = shown or tuple(of_any)
    return Stack(language, last, tuple(causes)[:_MOST_CAUSES], shown, tuple(libraries))


def _library(frame: Frame, language: str) -> str | None:
    """Name the library that a call is of, where its file or package tells."""
    if language == "java":
        package = _PACKAGE.match(frame.function)
        return package[1] if package else None
    found = _INSTALLED.search(frame.file)
    return found[1].removesuffix(".py").replace("\\", "/") if found else None
