"""What the local platform remembers: per service its port, revision and process.

A process is known by its pid and its birth, so that a number the system gave to another process
since is never taken for it.
"""

from typing import Final

import msgspec

from netra_ops.findings import Failed
from netra_ops.platform.local.state_directory import StateDirectory, write_whole

_FORMAT: Final = 1


class ProcessMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One process of this machine, past or present."""

    pid: int
    birth: str


class ServiceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one service since its last start; `process` is None once it was stopped."""

    port: int
    revision: str
    fingerprint: str
    process: ProcessMark | None = None


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The services by name; empty before the first start."""

    services: dict[str, ServiceRecord] = {}
    format: int = _FORMAT

    def with_service(self, name: str, service: ServiceRecord) -> "Record":
        """Give a record that remembers this of the service."""
        return Record({**self.services, name: service})


def load(directory: StateDirectory) -> Record:
    """Read the record.

    Raises:
        Failed: It is damaged.
    """
    try:
        record = msgspec.json.decode(directory.record_file.read_bytes(), type=Record)
    except FileNotFoundError:
        return Record()
    except msgspec.DecodeError as error:
        raise Failed(
            f"{directory.record_file} is damaged ({error}). Stop what runs of this state, then "
            "remove that one file: secrets, users and ports are kept elsewhere."
        ) from error
    if record.format != _FORMAT:
        raise Failed(f"{directory.record_file} was written by another version of netra.")
    return record


def save(directory: StateDirectory, record: Record) -> None:
    """Write the record, whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(record), indent=2).decode()
    write_whole(directory.record_file, text + "\n")
