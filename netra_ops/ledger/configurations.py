"""What the ledger keeps of a revision's configuration, as configurations are compared. Pure.

Of a value it keeps the fingerprints of what it is and of what it nearly is, under the ledger's key,
and whether it is distinctive. Records of format 1 keep the exact fingerprint alone: compared with
them, a nearly equal value can show as another.
"""

from dataclasses import replace
from typing import Final

from netra_ops.candidates.candidate import Form, Reference
from netra_ops.candidates.fingerprints.prints import Prints
from netra_ops.candidates.fingerprints.record import ConfigurationRecord, RecordedSetting
from netra_ops.ledger.records import Deploy, Setting

_PREFIX: Final = "hmac-sha256:"
_SECRET: Final = "secret"  # noqa: S105 - the kind of a reference
_FORMS: Final = {form.name.lower(): form for form in Form}


def configuration_of(record: Deploy, key_id: str) -> ConfigurationRecord:
    """Give a revision's configuration as it was recorded when the revision was made.

    Args:
        record: What was recorded.
        key_id: Which key its fingerprints are made with, if the record does not say.
    """
    place = f"the ledger, {record.revision}"
    settings = tuple(
        RecordedSetting(name, place, _prints(one), _reference(one))
        for name, one in sorted(record.settings.items())
    )
    form = _FORMS[record.form] if record.form in _FORMS else _guessed_form(settings)
    return ConfigurationRecord(record.service, form, record.key or key_id, settings)


def tells_form(record: Deploy) -> bool:
    """Tell whether it was recorded how a configuration was written, in a form that is known."""
    return record.form in _FORMS


def as_kept(record: ConfigurationRecord, *, with_form: bool) -> ConfigurationRecord:
    """Give what the ledger would keep of a configuration: nothing of what nobody could see.

    Args:
        record: The configuration.
        with_form: Whether to keep how it was written: what it is compared with must tell it too.
    """
    kept = tuple(
        one
        for one in record.settings
        if one.prints is not None or (one.reference is not None and one.reference.is_secret)
    )
    form = record.form if with_form else _guessed_form(kept)
    return replace(record, form=form, settings=kept, deployment=None)


def _guessed_form(settings: tuple[RecordedSetting, ...]) -> Form:
    refers = any(one.reference and one.reference.is_secret for one in settings)
    return Form.KNATIVE if refers else Form.ENV_FILE


def _prints(setting: Setting) -> Prints | None:
    if setting.fingerprint is None:
        return None
    nearly = {word: _bare(one) for word, one in (setting.nearly or {}).items()}
    return Prints(_bare(setting.fingerprint), nearly, setting.distinctive)


def _bare(fingerprint: str) -> str:
    """Give a fingerprint as it is compared; one without a key stays what equals none with one."""
    return fingerprint.removeprefix(_PREFIX)


def _reference(setting: Setting) -> Reference | None:
    if setting.secret is None:
        return None
    return Reference(_SECRET, setting.secret, setting.version, resolved=setting.resolved)
