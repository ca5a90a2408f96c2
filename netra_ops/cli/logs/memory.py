"""The file in which one run of the gardener leaves for the next one what it knew."""

from pathlib import Path

from netra_ops.cli.logs.inputs import is_there
from netra_ops.cli.logs.output_directory import OutputDirectory
from netra_ops.findings import UsageRefused, printable
from netra_ops.gardener.memory import Memory, NotReadable, decoded, encoded


def remembered(path: Path | None, granularity: str) -> Memory:
    """Read what an earlier run knew; nothing where there is no file yet.

    Raises:
        UsageRefused: The file cannot be read, or is no memory of this form.
    """
    if path is None or not is_there(path):
        return Memory(granularity)
    try:
        return decoded(path.read_bytes(), granularity)
    except OSError as error:
        raise UsageRefused(f"{printable(str(path))} cannot be read: {error.strerror}.") from error
    except NotReadable as error:
        raise UsageRefused(
            f"{printable(str(path))} cannot be used: {error}. Name another file, or remove it."
        ) from error


def to_remember(path: Path, memory: Memory) -> None:
    """Write what the next run is to know; the file is whole, or as it was."""
    OutputDirectory.made(path.parent).write(path.name, encoded(memory))
