"""Traces whose calls are lines that begin with `at`: Java's and its relatives', and Node's."""

import re
from collections.abc import Sequence
from typing import Final

from netra_ops.logs.entries.entry import Frame, Raised
from netra_ops.logs.entries.stacks.trace import Trace, raised, stack_of

AT: Final = re.compile(r"\s+at \S")
_JAVA: Final = re.compile(
    r"\s+at (?:[\w.-]+@?[\w.-]*/{1,2})?([\w$.<>-]+)"
    r"\(([\w$-]+\.(?:java|kt|kts|scala|groovy|clj)|Native Method|Unknown Source|<generated>)"
    r"(?::(\d+))?\)"
)
_NODE: Final = re.compile(
    r"\s+at (?:async )?(?:(.{1,200}?) \()?"
    r"(?:(?:file://)?([^\s()]{1,400}?):(\d+):\d+|(native|<anonymous>|index \d+))\)?\s*$"
)
_CAUSE: Final = re.compile(r"\s*(?:Caused by:|\[(?:cause|errors)\]:)\s*(.*)$")
_BESIDES: Final = re.compile(
    r"\s+(?:Suppressed: |\.\.\. \d+ |\[|\]|\}|\w+: )|[\]}],?\s*$|\s*$|\s+\d+ \|"
)
_EXCEPTION: Final = re.compile(
    r"(?:Exception in thread \"[^\"\n]*\" )?(?:Uncaught )?(?:\[?\w+\]? )?"
    r"((?:[A-Za-z_$][\w$]*\.)*[A-Z_$][\w$]*)(?: \[[\w.]+\])?(?::\s?(.*))?$"
)
_NAMED: Final = re.compile(r"(?:Error|Exception|Throwable|Failure|Fault|Interrupt)\b")
_JAVA_LIBRARIES: Final = (
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "clojure.",
    "org.springframework.",
    "org.apache.",
    "org.eclipse.",
    "org.hibernate.",
    "io.netty.",
    "reactor.",
    "io.grpc.",
    "com.google.common.",
    "com.zaxxer.",
)
_NODE_LIBRARIES: Final = ("node_modules/", "node_modules\\", "node:", "internal/", "<anonymous>")
_MOST_UP: Final = 20


def find(lines: Sequence[str]) -> Trace | None:
    """Find a trace of such lines in a text, with its causes."""
    first = next((at for at, line in enumerate(lines) if AT.match(line)), None)
    if first is None:
        return None
    is_java = _JAVA.match(lines[first]) is not None
    if not is_java and _NODE.match(lines[first]) is None:
        return None
    begin, last = _head(lines, first)
    chain: list[Raised] = [last]
    calls: list[list[Frame]] = [[]]
    end = first
    for at in range(first, len(lines)):
        line = lines[at]
        frame = _java(line) if is_java else _node(line)
        if frame is not None:
            calls[-1].append(frame)
        elif (cause := _CAUSE.match(line)) is not None:
            chain.append(_raised(cause[1]))
            calls.append([])
        elif _BESIDES.match(line) is None and not _goes_on(lines, at):
            break
        if line.strip():
            end = at + 1
    language = "java" if is_java else "node"
    is_library = _is_java_library if is_java else _is_node_library
    return Trace(begin, end, stack_of(language, last, chain[1:], calls[::-1], is_library))


def _head(lines: Sequence[str], first: int) -> tuple[int, Raised]:
    """Find the line that names the exception: messages may have several lines."""
    for at in range(first - 1, max(first - _MOST_UP, 0) - 1, -1):
        found = _EXCEPTION.match(lines[at])
        if found is not None and _NAMED.search(found[1]):
            return at, raised(found[1], found[2])
    if first == 0:
        return 0, raised("exception", None)
    return first - 1, _raised(lines[first - 1])


def _raised(written: str) -> Raised:
    found = _EXCEPTION.match(written.rstrip(" {"))
    if found is not None and ("." in found[1] or _NAMED.search(found[1])):
        return raised(found[1], found[2])
    # A log line may end with the exception it tells of.
    inner = re.search(r"((?:[\w$]+\.)*[A-Z][\w$]*(?:Error|Exception))(?::\s?(.*))?$", written)
    return raised(inner[1], inner[2]) if inner else raised("exception", written)


def _goes_on(lines: Sequence[str], at: int) -> bool:
    """Tell whether a cause of several lines stands here."""
    return any(AT.match(line) for line in lines[at + 1 : at + 4])


def _java(line: str) -> Frame | None:
    found = _JAVA.match(line)
    if found is None:
        return None
    return Frame(found[1], found[2], int(found[3][:9]) if found[3] else None)


def _node(line: str) -> Frame | None:
    found = _NODE.match(line)
    if found is None:
        return None
    line_number = int(found[3][:9]) if found[3] else None
    return Frame(found[1] or "<anonymous>", found[2] or found[4], line_number)


def _is_java_library(frame: Frame) -> bool:
    return frame.function.startswith(_JAVA_LIBRARIES)


def _is_node_library(frame: Frame) -> bool:
    return any(part in frame.file for part in _NODE_LIBRARIES) or frame.file == "native"
