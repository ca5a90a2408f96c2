"""Records that are text: a payload of text, or a plain line."""

from typing import Any, Final

import msgspec

from netra_ops.logs.entries import severity, whom
from netra_ops.logs.entries.colours import uncoloured
from netra_ops.logs.entries.entry import Entry, Kind, Level
from netra_ops.logs.entries.heads.header import Header, header_of
from netra_ops.logs.entries.heads.layout import Layout
from netra_ops.logs.entries.heads.within import moment_within
from netra_ops.logs.entries.payload import read_payload
from netra_ops.logs.entries.stacks import fold

_OBJECTS: Final = msgspec.json.Decoder(dict[str, Any])


def read_text(entry: Entry, text: str) -> None:
    """Put what a text says into its entry; a time that the record has of itself stays."""
    entry.kind = Kind.TEXT
    text = uncoloured(text)
    if text[:2] == '{"' and text.rstrip()[-1:] == "}":
        try:
            fields = _OBJECTS.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            fields = None
        if fields:
            read_payload(entry, fields)
            return
    header = header_of(text, entry.time or entry.receive_time or 0)
    if header is not None:
        take_header(entry, header)
        text = text[header.end :]
    entry.message = text
    if entry.split is None:
        fold_message(entry)


def read_line(entry: Entry, line: str, now: int, layout: Layout | None = None) -> bool:
    """Put what a plain line says into its entry.

    Args:
        entry: Has its place already.
        line: Without its end.
        now: Nanoseconds since the epoch, for dates without a year.
        layout: The columns that its file has before the header.

    Returns:
        Whether the line has a header.
    """
    entry.kind = Kind.LINE
    line = uncoloured(line)
    begin, time = layout.before(line, now) if layout is not None else (0, None)
    header = header_of(line, now, begin)
    if header is None:
        entry.message = line
        entry.time = time if time is not None else moment_within(line, now)
        return entry.time is not None
    take_header(entry, header)
    if entry.time is None:
        entry.time = time if time is not None else moment_within(line, now)
    entry.message = line[header.end :]
    return True


def take_header(entry: Entry, header: Header) -> None:
    """Take what a header says and the entry does not know yet."""
    if entry.time is None:
        entry.time = header.time
    if entry.severity is None or entry.level is Level.DEFAULT:
        entry.severity = entry.severity or header.severity
        entry.level = header.level
    entry.logger = entry.logger or header.logger
    entry.instance = entry.instance or header.host
    entry.principal = entry.principal or header.principal
    entry.request_id = entry.request_id or header.request
    entry.trace = entry.trace or header.trace


def fold_message(entry: Entry) -> None:
    """Fold the stack trace in an entry's message, if there is one."""
    if "\n" not in entry.message:
        return
    folded = fold(entry.message)
    if folded is not None:
        entry.message, entry.stack = folded.message, folded.stack
        if entry.level is Level.DEFAULT:
            entry.level = severity.level_of_text(folded.message) or Level.ERROR


def read_rest(entry: Entry) -> None:
    """Read from the message what no member said: level, principal, request and trace."""
    message = entry.message
    if entry.level is Level.DEFAULT:
        level = severity.level_of_text(message)
        if level is None and entry.stack is not None:
            level = Level.ERROR
        if level is not None:
            entry.level = level
    if entry.principal is None:
        entry.principal = whom.principal_in(message)
    if entry.request_id is None:
        entry.request_id = whom.request_in(message)
    if entry.trace is None:
        entry.trace = whom.trace_in(message)


def written(value: Any) -> str:
    """Give any value as text."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
