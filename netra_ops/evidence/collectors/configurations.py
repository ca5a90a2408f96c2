"""The revisions of a state directory: what each was made with, keyed anew, and who serves.

No value is told but those of variables that their contract calls plain. The key of a bundle's
fingerprints is made for it and thrown away, so nothing in it can be tried against anything else.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from netra.clock import as_iso
from netra.contract import VariableKind
from netra.contract.reference import CONTRACTS
from netra.principal import is_service_id
from netra.secret import Secret
from netra.telemetry.redaction.names import names_a_secret
from netra_ops.candidates.candidate import Candidate
from netra_ops.candidates.file_text import read_text
from netra_ops.candidates.fingerprints.ledger_key import FILE_NAME, ledger_key, passing_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import recorded, rekeyed_for_evidence
from netra_ops.candidates.forms.env_file import read_env_file
from netra_ops.evidence.writing.cleaning import Cleaner
from netra_ops.findings import OpsError
from netra_ops.ledger import export, queries
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.configurations import configuration_of
from netra_ops.ledger.export import Made
from netra_ops.ledger.records import Deploy
from netra_ops.platform.local import record
from netra_ops.platform.local.record import Record
from netra_ops.platform.local.state_directory import StateDirectory

_ENDING: Final = ".env"
_KINDS: Final = {
    (contract.service, name): variable.kind
    for contract in CONTRACTS
    for variable in contract.variables
    for name in variable.names
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A configuration that is kept in a state directory.

    Attributes:
        service: Of which service.
        revision: Of which of its revisions; None for what the next one is made of.
        written: When it was written, seconds since the epoch.
        candidate: The configuration.
    """

    service: str
    revision: str | None
    written: float
    candidate: Candidate


class Configurations:
    """What a state directory keeps of configurations.

    Args:
        state: The directory.
        entries: What its ledger says.

    Attributes:
        notes: What could not be had, in sentences.
    """

    def __init__(self, state: StateDirectory, entries: Sequence[Entry]) -> None:
        self._state = state
        self._entries = entries
        self.notes: list[str] = []
        self._kept = tuple(self._read())
        self._record = self._recorded()

    def secrets(self) -> tuple[Secret, ...]:
        """Give every value that must not stand in a bundle."""
        found = [
            setting.value
            for one in self._kept
            for setting in one.candidate.settings
            if setting.value is not None and not _is_plain(one.service, setting.name)
        ]
        if (self._state.root / FILE_NAME).exists():
            with suppress(OpsError):
                found.append(ledger_key(self._state.root))
        return tuple(found)

    def environment(self) -> str | None:
        """Say in which environment the services run, by the first that says so."""
        settings = (one.candidate.setting("ENVIRONMENT") for one in self._kept)
        values = (one.value.reveal() for one in settings if one is not None and one.value)
        return next(values, None)

    def documents(self, cleaner: Cleaner) -> dict[str, Any]:
        """Give revisions, traffic and fingerprints by the names of their files."""
        made = self._made(cleaner)
        serving = {name: service.split for name, service in self._record.services.items()}
        return {
            export.REVISIONS: [export.revision_document(one) for one in made],
            export.TRAFFIC: self._traffic(),
            export.FINGERPRINTS: export.fingerprint_table(made, serving),
        }

    def _made(self, cleaner: Cleaner) -> list[Made]:
        key = ledger_key(self._state.root) if self._has_key() else passing_key()
        fingerprints = Fingerprints(key)
        deploys = {
            entry.record.revision: (entry, entry.record)
            for entry in self._entries
            if isinstance(entry.record, Deploy)
        }
        found = [
            Made(
                service=one.service,
                revision=one.revision,
                created=deploys[one.revision][0].time
                if one.revision in deploys
                else as_iso(one.written),
                code=self._code(one.service, one.revision, deploys.get(one.revision)),
                configuration=recorded(one.candidate, fingerprints),
                shown=_shown(one, cleaner),
            )
            for one in self._kept
            if one.revision is not None
        ]
        found += self._only_in_ledger(deploys.values(), found, fingerprints.key_id)
        found.sort(key=lambda one: (one.created, one.revision))
        anew = rekeyed_for_evidence(one.configuration for one in found)
        return [
            replace(one, configuration=record_) for one, record_ in zip(found, anew, strict=True)
        ]

    def _only_in_ledger(
        self, deploys: Iterable[tuple[Entry, Deploy]], kept: Sequence[Made], key_id: str
    ) -> Iterator[Made]:
        """Give what was recorded of revisions whose configuration is gone."""
        names = {one.revision for one in kept}
        for entry, deploy in deploys:
            if deploy.revision in names:
                continue
            if deploy.key != key_id:
                self.notes.append(
                    f"The configuration of {deploy.revision} is left out: it was recorded under "
                    "another key, so that nothing in it can be compared."
                )
                continue
            yield export.made_of(entry, deploy, configuration_of(deploy, key_id))

    def _code(self, service: str, revision: str, found: tuple[Entry, Deploy] | None) -> str:
        if found is not None:
            return found[1].code
        known = self._record.services.get(service)
        one = known.revisions.get(revision) if known else None
        return f"local-{one.digest[:12]}" if one is not None and one.digest else "local-unknown"

    def _traffic(self) -> list[dict[str, Any]]:
        """Give the ledger's changes; of a service it does not know, who serves since it is made."""
        lines = export.traffic_lines(self._entries)
        known = queries.serving(self._entries)
        made = {one.revision: one.written for one in self._kept if one.revision}
        for name, service in sorted(self._record.services.items()):
            if name in known or not service.split.keys() <= made.keys() or not service.split:
                continue
            since = as_iso(max(made[one] for one in service.split))
            lines += [
                export.traffic_line(since, name, revision, percent)
                for revision, percent in service.split.items()
            ]
        return sorted(lines, key=lambda line: str(line["time"]))

    def _read(self) -> Iterator[Kept]:
        for path in sorted((self._state.root / "env").glob(f"*{_ENDING}")):
            yield from self._kept_in(path, path.name.removesuffix(_ENDING), None)
        for path in sorted((self._state.root / "revisions").glob(f"*/*{_ENDING}")):
            yield from self._kept_in(path, path.parent.name, path.name.removesuffix(_ENDING))

    def _kept_in(self, path: Path, service: str, revision: str | None) -> Iterator[Kept]:
        if not is_service_id(service):
            return
        try:
            text, written = read_text(str(path), keep_mark=True), path.stat().st_mtime
        except (OpsError, OSError) as error:
            self.notes.append(f"A configuration of {service} could not be read: {error}")
            return
        yield Kept(service, revision, written, read_env_file(text, path.name, service))

    def _recorded(self) -> Record:
        try:
            return record.load(self._state)
        except OpsError as error:
            self.notes.append(f"Who serves is not known: {error}")
            return Record()

    def _has_key(self) -> bool:
        return (self._state.root / FILE_NAME).exists()


def _is_plain(service: str, name: str) -> bool:
    """Tell whether a value may be shown; what no contract names is shown to nobody.

    Whether it is hidden wherever else it stands is another thing: a port stands everywhere.
    """
    kind = _KINDS.get((service, name))
    if kind is None:
        return not names_a_secret(name)
    return kind is VariableKind.PLAIN


def _shown(one: Kept, cleaner: Cleaner) -> dict[str, str]:
    shown = {}
    for setting in one.candidate.settings:
        value = None if setting.value is None else setting.value.reveal()
        if value is None:
            continue
        is_plain = _KINDS.get((one.service, setting.name)) is VariableKind.PLAIN
        # An empty value is no secret, and often the whole of the matter.
        if not value or (is_plain and cleaner.shows(setting.name, value)):
            shown[setting.name] = value
    return shown
