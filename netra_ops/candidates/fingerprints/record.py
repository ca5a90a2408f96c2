"""A configuration as it may be kept and compared: names, references and fingerprints, no value.

A candidate is described as one before it is compared; what a ledger keeps of a revision is one.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Deployment, Form, Reference, Setting
from netra_ops.candidates.fingerprints.prints import Fingerprints, Prints, rekeyed

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class RecordedSetting:
    """One variable: where its value comes from, and its fingerprints where it could be seen."""

    name: str
    place: str
    prints: Prints | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class ConfigurationRecord:
    """One service's configuration without its values.

    Attributes:
        service: The service's name, or None where the source does not say.
        form: How it was written.
        key_id: Which key the fingerprints are made with; only those of one key can be compared.
        settings: Its variables, by name.
        deployment: How it is deployed, where the form says so.
    """

    service: str | None
    form: Form
    key_id: str
    settings: tuple[RecordedSetting, ...]
    deployment: Deployment | None = None
    format: int = _FORMAT


def recorded(candidate: Candidate, fingerprints: Fingerprints) -> ConfigurationRecord:
    """Describe a candidate without its values."""

    def setting_of(setting: Setting) -> RecordedSetting:
        prints = None if setting.value is None else fingerprints.of(setting.value)
        return RecordedSetting(setting.name, str(setting.place), prints, setting.reference)

    return ConfigurationRecord(
        candidate.name,
        candidate.form,
        fingerprints.key_id,
        tuple(setting_of(setting) for setting in sorted(candidate.settings, key=lambda s: s.name)),
        candidate.deployment,
    )


def encoded(record: ConfigurationRecord) -> bytes:
    """Write a record as JSON."""
    return msgspec.json.encode(record)


def decoded(document: bytes) -> ConfigurationRecord:
    """Read a record.

    Raises:
        ValueError: It is none, or one of another format.
    """
    try:
        record = msgspec.json.decode(document, type=ConfigurationRecord)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("This is no record of a configuration.") from None
    if record.format != _FORMAT:
        raise ValueError("This record was written by another version.")
    return record


def rekeyed_for_evidence(records: Iterable[ConfigurationRecord]) -> tuple[ConfigurationRecord, ...]:
    """Give the records of one evidence bundle fingerprints that nobody can ever match again.

    The salt is made here and thrown away. Within the bundle equal values still show as equal, and
    nearly equal ones as nearly equal; neither other bundles nor the ledger, with its key, can be
    compared with it.

    Raises:
        ValueError: The records were not made with one key, so nothing in them is comparable.
    """
    held = tuple(records)
    if len({record.key_id for record in held}) > 1:
        raise ValueError("Records of several keys cannot go into one bundle.")
    again = Fingerprints(Secret(secrets.token_hex(32)))

    def setting_of(setting: RecordedSetting) -> RecordedSetting:
        if setting.prints is None:
            return setting
        return replace(setting, prints=rekeyed(setting.prints, again))

    return tuple(
        replace(
            record,
            key_id=again.key_id,
            settings=tuple(setting_of(setting) for setting in record.settings),
        )
        for record in held
    )
