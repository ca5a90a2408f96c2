"""Reads a file that somebody names, whatever it is: a bounded text, or one clear refusal.

What the text means is known elsewhere. Nothing of it is in a refusal.
"""

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Final

from netra_ops.findings import UsageRefused, printable

MOST_BYTES: Final = 1_048_576
STANDARD_INPUT: Final = "-"
BYTE_ORDER_MARK: Final = "\ufeff"


def read_text(path: str, *, keep_mark: bool = False) -> str:
    """Read a regular file, or standard input for `-`, of at most 1 MiB of UTF-8 text.

    Args:
        path: Its path.
        keep_mark: Whether a byte order mark at its beginning is a part of the text.

    Raises:
        UsageRefused: It is anything else; the text names the file and says what is wrong.
    """
    if path == STANDARD_INPUT:
        return _text(_standard_input(), "Standard input", keep_mark=keep_mark)
    named = printable(path)
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would keep the command waiting.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageRefused(f"{named} cannot be read: {_reason(error)}.") from None
    except ValueError:
        raise UsageRefused(f"{named} cannot be read: that is not a path.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageRefused(
            f"{named} cannot be read: it is not a regular file. Name a file, or - for standard "
            "input."
        )
    with os.fdopen(descriptor, "rb") as file:
        try:
            content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise UsageRefused(f"{named} cannot be read: {_reason(error)}.") from None
    return _text(content, named, keep_mark=keep_mark)


def shown_path(path: str) -> str:
    """Write a file's name as findings name it."""
    return "standard input" if path == STANDARD_INPUT else printable(path)


def beside(path: str, *parts: str) -> str:
    """Give the path of a file that lies beside another one."""
    return str(Path(path).parent.joinpath(*parts))


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise UsageRefused("Standard input cannot be read: it is closed.")
    try:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageRefused(f"Standard input cannot be read: {_reason(error)}.") from None


def _text(content: bytes, named: str, *, keep_mark: bool) -> str:
    if len(content) > MOST_BYTES:
        raise UsageRefused(f"{named} is larger than 1 MiB, and no configuration is.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UsageRefused(
            f"{named} is not UTF-8 text: the byte at offset {error.start} cannot be read. "
            "Save it as UTF-8."
        ) from None
    if "\x00" in text:
        raise UsageRefused(f"{named} holds zero bytes: it is no text.")
    return text if keep_mark else text.removeprefix(BYTE_ORDER_MARK)


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "its symbolic links lead in a circle"
    return (error.strerror or "it cannot be opened").lower()
