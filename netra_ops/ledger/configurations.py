"""What the ledger keeps of a revision's configuration, as configurations are compared. Pure.

It keeps of a value its exact fingerprint alone: a nearly equal one shows as another, and nothing
says how long a value is.
"""

from netra_ops.candidates.candidate import Form, Reference
from netra_ops.candidates.fingerprints.prints import Prints
from netra_ops.candidates.fingerprints.record import ConfigurationRecord, RecordedSetting
from netra_ops.ledger.records import Deploy, Setting

_PREFIX = "hmac-sha256:"
_SECRET = "secret"  # noqa: S105 - the kind of a reference


def configuration_of(record: Deploy, key_id: str) -> ConfigurationRecord:
    """Give a revision's configuration as it was recorded when the revision was made.

    Args:
        record: What was recorded.
        key_id: Which key the ledger's fingerprints are made with.
    """
    place = f"the ledger, {record.revision}"
    settings = tuple(
        RecordedSetting(name, place, _prints(one), _reference(one))
        for name, one in sorted(record.settings.items())
    )
    refers = any(one.reference for one in settings)
    form = Form.KNATIVE if refers else Form.ENV_FILE
    return ConfigurationRecord(record.service, form, key_id, settings)


def as_kept(record: ConfigurationRecord) -> ConfigurationRecord:
    """Give what the ledger would keep of a configuration: nothing of what nobody could see."""
    kept = tuple(
        one
        for one in record.settings
        if one.prints is not None or (one.reference is not None and one.reference.is_secret)
    )
    refers = any(one.reference and one.reference.is_secret for one in kept)
    form = Form.KNATIVE if refers else Form.ENV_FILE
    return ConfigurationRecord(record.service, form, record.key_id, kept)


def _prints(setting: Setting) -> Prints | None:
    if setting.fingerprint is None or not setting.fingerprint.startswith(_PREFIX):
        return None
    return Prints(setting.fingerprint.removeprefix(_PREFIX), {}, distinctive=False)


def _reference(setting: Setting) -> Reference | None:
    if setting.secret is None:
        return None
    return Reference(_SECRET, setting.secret, setting.version, resolved=setting.resolved)
