"""The file `audit.ndjson` of an evidence bundle: written whole or not at all, and checked."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from netra.ids import random_token
from netra.wire.audit_lines import audit_line
from netra.wire.auth_admin import AuditRecord
from netra_ops.administration.chain_walk import Anchor, ChainWalk
from netra_ops.findings import Failed, UsageRefused

_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds.

    Attributes:
        lines: How many rows.
        first_time: When the first one was recorded.
        last_time: When the last one was.
        follows: The row before the first one, which the file does not hold.
        walk: What is known of their chain.
    """

    lines: int
    first_time: str | None
    last_time: str | None
    follows: Anchor | None
    walk: ChainWalk


@contextmanager
def appearing_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a private file that takes its name only once everything is in it.

    Raises:
        UsageRefused: There is something of that name, or it cannot be made there.
        Failed: It could not be written to its end.
    """
    if os.path.lexists(path):
        raise UsageRefused(f"{path} is there already. Name another file.")
    unfinished = path.with_name(f".{path.name}.{random_token()[:8]}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    except OSError as error:
        raise UsageRefused(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a renaming, never takes the place of what somebody put there meanwhile.
        os.link(unfinished, path)
    except FileExistsError as error:
        raise UsageRefused(f"{path} was made by somebody else meanwhile.") from error
    except OSError as error:
        raise Failed(f"{path} could not be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def export(
    path: Path,
    records: Iterable[AuditRecord],
    anchor_at: Callable[[int], Anchor | None],
    say: Callable[[int], None],
) -> Exported:
    """Write one JSON document a line, and give the file its name at the end.

    Args:
        path: Where it is to be; there must be nothing yet.
        records: The rows, in their order.
        anchor_at: Gives the hash of a row that is not among them.
        say: Is told the number of lines now and then.

    Raises:
        UsageRefused: The file is there already, or cannot be written.
    """
    lines, first, last, follows, walk = 0, None, None, None, ChainWalk()
    with appearing_whole(path) as file:
        for record in records:
            if walk.first_seq is None and record.seq is not None and record.seq > 1:
                follows = anchor_at(record.seq - 1)
                walk.know(follows or Anchor(record.seq - 1, ""))
            file.write(f"{audit_line(record)}\n".encode())
            walk.take(record)
            first, last = first or record.time, record.time
            lines += 1
            if lines % 500 == 0:
                say(lines)
    return Exported(lines, first, last, follows, walk)


def walked(path: Path, anchors: Iterable[Anchor]) -> ChainWalk:
    """Follow the chain of a file; what is no row breaks it.

    Raises:
        UsageRefused: The file cannot be read.
    """
    walk = ChainWalk(anchors)
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    record = AuditRecord.model_validate_json(line, strict=True)
                except ValidationError:
                    walk.spoil()
                    break
                walk.take(record)
    except OSError as error:
        raise UsageRefused(f"{path} cannot be read: {error.strerror}.") from error
    return walk
