"""An evidence bundle as judges read it: all of its records, each with its place.

The log itself is not read here: `netra_ops.logs.reading` streams it from `Bundle.logs`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from netra_ops.evidence.documents import parts_in
from netra_ops.evidence.files import NotInBundle, content_of, digest_of, lines_in, opened
from netra_ops.evidence.records import audit, commits, fingerprints, manifest, probes, traffic
from netra_ops.evidence.records.audit import AuditRecord
from netra_ops.evidence.records.commits import Commit
from netra_ops.evidence.records.fingerprints import Fingerprints
from netra_ops.evidence.records.manifest import Manifest, VersionUnknown, manifest_of
from netra_ops.evidence.records.probes import Probe
from netra_ops.evidence.records.revisions import reading as revisions
from netra_ops.evidence.records.revisions.reading import configured_of
from netra_ops.evidence.records.revisions.revision import Revision
from netra_ops.evidence.records.taking import Part, Problem, Remarks, Taken
from netra_ops.evidence.records.traffic import Traffic
from netra_ops.findings import CouldNotTell, printable
from netra_ops.logs.entries.objects import NotReadable, decoded_any

LOGS: Final = "logs.ndjson"
FILES: Final = (
    manifest.FILE,
    LOGS,
    revisions.FILE,
    traffic.FILE,
    fingerprints.FILE,
    commits.FILE,
    probes.FILE,
    audit.FILE,
)
"""All that a bundle is made of, in the order in which it is described."""
T = TypeVar("T")


class BundleUnreadable(CouldNotTell):
    """A directory is no evidence bundle that can be read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """All that a judge may read.

    Attributes:
        directory: Where it lies.
        manifest: What it says of itself.
        present: Which of its files are there and can be opened, by their names.
        logs: The log, which is not read here; None where there is none.
        revisions: By service, in the order in which they came.
        traffic: In the order of time, also what documents of services tell.
        fingerprints: By service and variable.
        commits: In the order of time.
        probes: In the order in which they stand there.
        audit: In the order in which they stand there.
        altered: The files that are not what they were when the bundle was made, by their hashes.
        left_out: How many records of each file have another form and are not here.
        problems: What is not as it should be.
    """

    directory: Path
    manifest: Manifest
    present: frozenset[str]
    logs: Path | None = None
    revisions: tuple[Revision, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    fingerprints: Fingerprints = field(default_factory=dict)
    commits: tuple[Commit, ...] = ()
    probes: tuple[Probe, ...] = ()
    audit: tuple[AuditRecord, ...] = ()
    altered: frozenset[str] = frozenset()
    left_out: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_bundle(directory: Path, *, hash_logs: bool = False) -> Bundle:
    """Read a bundle; what somebody wrote in another form is left out, counted and told.

    Args:
        directory: Where it lies.
        hash_logs: Whether the log is compared with its hash too, which takes as long as reading it.

    Raises:
        BundleUnreadable: The directory or its `bundle.json` cannot be read, or it is of a version
            that is not known.
    """
    return _Reading(directory, hash_logs=hash_logs).bundle()


class _Reading:
    """One pass over the files of a bundle."""

    def __init__(self, directory: Path, *, hash_logs: bool) -> None:
        self._directory = directory
        self._hash_logs = hash_logs
        self._problems: list[Problem] = []
        self._left_out: dict[str, int] = {}
        self._present: set[str] = set()

    def bundle(self) -> Bundle:
        """Read it."""
        said = self._manifest()
        self._look()
        altered = frozenset(self._altered(said))
        configured = configured_of(self._document(revisions.FILE))
        self._note(revisions.FILE, configured.problems, configured.left_out)
        shares = self._taken(traffic.FILE, traffic.traffic_of)
        prints = self._taken(fingerprints.FILE, fingerprints.fingerprints_of)
        return Bundle(
            directory=self._directory,
            manifest=said,
            present=frozenset(self._present),
            logs=self._directory / LOGS if LOGS in self._present else None,
            revisions=configured.revisions,
            traffic=_traffic((*configured.traffic, *shares), configured.revisions),
            fingerprints={(one.service, one.variable): one for one in prints},
            commits=self._taken(commits.FILE, commits.commits_of),
            probes=self._taken(probes.FILE, probes.probes_of),
            audit=self._audit(),
            altered=altered,
            left_out=self._left_out,
            problems=tuple(self._problems),
        )

    def _manifest(self) -> Manifest:
        named = printable(str(self._directory))
        if not self._directory.is_dir():
            raise BundleUnreadable(f"{named} is no directory that can be read.")
        try:
            document = decoded_any(content_of(self._directory, manifest.FILE))
            said, problems = manifest_of(Part(document, manifest.FILE))
        except (NotInBundle, VersionUnknown) as error:
            raise BundleUnreadable(f"{named}/{manifest.FILE} {error}.") from None
        except (NotReadable, UnicodeDecodeError):
            raise BundleUnreadable(f"{named}/{manifest.FILE} is no JSON.") from None
        self._present.add(manifest.FILE)
        self._problems += problems
        return said

    def _look(self) -> None:
        """See which files are there."""
        for name in FILES:
            try:
                with opened(self._directory, name):
                    self._present.add(name)
            except NotInBundle as error:
                if not error.is_missing:
                    self._problems.append(Problem(name, name, str(error)))

    def _altered(self, said: Manifest) -> Iterator[str]:
        """Compare the files with their hashes; what has none is told if others have one."""
        for name in FILES[1:]:
            if said.files and name in self._present and name not in said.files:
                self._problems.append(Problem(name, name, "has no hash in bundle.json"))
        for name, digest in said.files.items():
            if name == LOGS and not self._hash_logs and name in self._present:
                continue
            try:
                what = "" if digest_of(self._directory, name) == digest else "was altered: its "
            except NotInBundle as error:
                what = "is missing: its " if error.is_missing else f"{error}: its "
            if what:
                self._problems.append(Problem(name, name, f"{what}hash is in bundle.json"))
                yield name

    def _document(self, name: str) -> tuple[Part, ...]:
        if name not in self._present:
            return ()
        remarks = Remarks(name)
        try:
            parts = parts_in(content_of(self._directory, name), name, remarks)
        except NotInBundle as error:
            remarks.add(name, str(error))
            parts = ()
        self._problems += remarks.told()
        return parts

    def _taken(self, name: str, take: Callable[[Iterable[Part]], Taken[T]]) -> tuple[T, ...]:
        found = take(self._document(name))
        self._note(name, found.problems, found.left_out)
        return found.records

    def _audit(self) -> tuple[AuditRecord, ...]:
        if audit.FILE not in self._present:
            return ()
        remarks = Remarks(audit.FILE)
        found: Taken[AuditRecord] = Taken()
        try:
            found = audit.audit_of(lines_in(self._directory, audit.FILE, remarks))
        except NotInBundle as error:
            remarks.add(audit.FILE, str(error))
        self._note(audit.FILE, (*remarks.told(), *found.problems), found.left_out)
        return found.records

    def _note(self, name: str, problems: Iterable[Problem], left_out: int) -> None:
        self._problems += problems
        if left_out:
            self._left_out[name] = left_out


def _traffic(shares: Iterable[Traffic], known: Iterable[Revision]) -> tuple[Traffic, ...]:
    """Order the shares by time, and say of which service each is where its revision is known."""
    services: dict[str, set[str]] = {}
    for revision in known:
        services.setdefault(revision.name, set()).add(revision.service)
    named = [
        msgspec.structs.replace(one, service=next(iter(ours)))
        if one.service is None and len(ours := services.get(one.revision, set())) == 1
        else one
        for one in shares
    ]
    return tuple(sorted(named, key=lambda one: -1 if one.time is None else one.time))
