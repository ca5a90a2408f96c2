"""A text with a stack trace becomes one sentence: what was raised, and in which calls.

Lines of code are not in it: they move with every revision, and the failure stays the same.
"""

from typing import Final

import msgspec

from netra_ops.logs.entries.entry import Frame, Raised, Stack
from netra_ops.logs.entries.stacks import go, lines_at, python

_MOST_LINES: Final = 2_000
_LONGEST_LINE: Final = 1_000
_LONGEST_LEAD: Final = 1_000


class Folded(msgspec.Struct, frozen=True, gc=False):
    """A text whose trace was folded, and what the trace says."""

    message: str
    stack: Stack


def fold(text: str) -> Folded | None:
    """Fold the stack trace in a text; None if there is none.

    What stands before the trace is kept before it, in one line.
    """
    if "\n" not in text:
        return None
    has_python = python.HEAD in text
    if not has_python and "goroutine " not in text and "at " not in text:
        return None
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    lines = [line[:_LONGEST_LINE].rstrip("\r") for line in lines]
    found = python.find(lines) if has_python else go.find(lines) or lines_at.find(lines)
    if found is None:
        return None
    head = lines[found.begin]
    if has_python:
        # `foo failed: Traceback (most recent call last):` begins within a line.
        before = head[: head.find(python.HEAD)].strip(" +|").removesuffix("Exception Group").strip()
    elif found.stack.raised.type in head:
        before = head[: head.find(found.stack.raised.type)]
        before = "" if before.startswith(("Exception in thread", "Uncaught")) else before.strip()
    else:
        before = ""
    lead = " ".join(part for line in [*lines[: found.begin], before] if (part := line.strip()))
    told = sentence(found.stack)
    return Folded(f"{lead[:_LONGEST_LEAD]} {told}" if lead else told, found.stack)


def sentence(stack: Stack) -> str:
    """Say what a stack trace says, in one line."""
    said = _said(stack.raised)
    for cause in stack.causes:
        said += f" caused by {_said(cause)}"
    calls = " < ".join(_call(frame) for frame in stack.frames)
    return f"{said} at {calls}" if calls else said


def _said(one: Raised) -> str:
    text = " ".join(one.text.split())
    return f"{one.type}: {text}" if text else one.type


def _call(frame: Frame) -> str:
    file = frame.file.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{frame.function} ({file})"
