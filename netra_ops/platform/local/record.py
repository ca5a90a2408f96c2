"""What the local platform remembers: services with their ports, revisions, processes and shares.

A process is known by its pid and its birth, so that a number the system gave to another process
since is never taken for it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from netra_ops.findings import Failed
from netra_ops.platform.local.state_directory import StateDirectory, write_whole

_FORMAT: Final = 2
_WHOLE: Final = 100


class ProcessMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One process of this machine, past or present."""

    pid: int
    birth: str


class RevisionRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one revision.

    Attributes:
        port: Where its process listens, or did.
        fingerprint: The digest of its code and configuration.
        digest: The digest of its code alone; empty where it was not written down.
        code: The folder its code is run from; None for the code that this command belongs to.
        slot: Its place at the front; None where nothing stands before the service.
        tag: The name under which it is reached by itself.
        process: Its process; None once it was stopped.
    """

    port: int
    fingerprint: str
    digest: str = ""
    code: str | None = None
    slot: int | None = None
    tag: str | None = None
    process: ProcessMark | None = None


class ServiceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one service.

    Attributes:
        port: Where people reach it.
        revisions: Its revisions by name, the oldest first.
        split: Who serves which share, whole percents, 100 together.
        newest: The last name that was given to a revision, be it one that did not come to be.
    """

    port: int
    revisions: dict[str, RevisionRecord] = {}
    split: dict[str, int] = {}
    newest: str | None = None

    @property
    def revision(self) -> str | None:
        """The revision that serves most; the newer of two that serve as much."""
        names = [name for name in self.revisions if name in self.split]
        return max(reversed(names), key=lambda name: self.split[name], default=None)

    @property
    def serving(self) -> RevisionRecord | None:
        """What is known of that revision."""
        return self.revisions[self.revision] if self.revision else None

    @property
    def current(self) -> tuple[str, ...]:
        """The revisions that serve, and those that run besides."""
        return tuple(
            name
            for name, revision in self.revisions.items()
            if name in self.split or revision.process is not None
        )

    def having(self, name: str, revision: RevisionRecord) -> "ServiceRecord":
        """Give a record that remembers this of the revision."""
        return msgspec.structs.replace(self, revisions={**self.revisions, name: revision})

    def with_new(self, name: str, revision: RevisionRecord) -> "ServiceRecord":
        """Give a record that remembers one more revision."""
        return msgspec.structs.replace(self.having(name, revision), newest=name)

    def without(self, name: str) -> "ServiceRecord":
        """Give a record that has forgotten a revision without a share."""
        left = {other: known for other, known in self.revisions.items() if other != name}
        return msgspec.structs.replace(self, revisions=left)

    def split_as(self, split: Mapping[str, int]) -> "ServiceRecord":
        """Give a record by which these revisions serve."""
        return msgspec.structs.replace(self, split=dict(split))


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The services by name; empty before the first start.

    Attributes:
        services: What is known of each.
        run: Which start it was that everything runs from; empty once all was stopped.
    """

    services: dict[str, ServiceRecord] = {}
    run: str = ""
    format: int = _FORMAT

    def with_service(self, name: str, service: ServiceRecord) -> "Record":
        """Give a record that remembers this of the service."""
        return msgspec.structs.replace(self, services={**self.services, name: service})


class _FirstServiceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service as the first format knew it: one revision, which served."""

    port: int
    revision: str
    fingerprint: str
    process: ProcessMark | None = None


class _FirstRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    services: dict[str, _FirstServiceRecord] = {}
    format: int = 1


def load(directory: StateDirectory) -> Record:
    """Read the record, also one of the first format.

    Raises:
        Failed: It is damaged.
    """
    try:
        content = directory.record_file.read_bytes()
    except FileNotFoundError:
        return Record()
    try:
        document: Any = msgspec.json.decode(content)
        written = document.get("format", 1) if isinstance(document, dict) else None
        if written == 1:
            return _converted(msgspec.convert(document, _FirstRecord))
        if written == _FORMAT:
            return _whole(msgspec.convert(document, Record))
    except (msgspec.DecodeError, ValueError) as error:
        raise Failed(
            f"{directory.record_file} is damaged ({error}). Stop what runs of this state, then "
            "remove that one file: secrets, users and ports are kept elsewhere."
        ) from error
    raise Failed(f"{directory.record_file} was written by another version of netra.")


def save(directory: StateDirectory, record: Record) -> None:
    """Write the record, whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(record), indent=2).decode()
    write_whole(directory.record_file, text + "\n")


def _converted(first: _FirstRecord) -> Record:
    def service_of(old: _FirstServiceRecord) -> ServiceRecord:
        revision = RevisionRecord(old.port, old.fingerprint, process=old.process)
        first = ServiceRecord(old.port).with_new(old.revision, revision)
        return first.split_as({old.revision: _WHOLE})

    return Record({name: service_of(old) for name, old in first.services.items()})


def _whole(record: Record) -> Record:
    for name, service in record.services.items():
        if not service.split.keys() <= service.revisions.keys():
            raise ValueError(f"{name} is served by a revision that is not there")
        if service.split and sum(service.split.values()) != _WHOLE:
            raise ValueError(f"the shares of {name} are not 100 together")
    return record
