"""The ledger as files of an evidence bundle: revisions, traffic and fingerprints. Pure.

Revisions are written as Cloud Run's v1 API (Knative) gives them, wherever they ran. Fingerprints
come from records that were keyed anew for the bundle.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from netra_ops.candidates.fingerprints.prints import Prints
from netra_ops.candidates.fingerprints.record import ConfigurationRecord, RecordedSetting
from netra_ops.ledger import queries
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.configurations import configuration_of
from netra_ops.ledger.records import Deploy, Traffic

REVISIONS: Final = "revisions.json"
TRAFFIC: Final = "traffic.json"
FINGERPRINTS: Final = "fingerprints.json"

Rekey = Callable[[Sequence[ConfigurationRecord]], Sequence[ConfigurationRecord]]
"""Gives the records of one bundle, in their order, fingerprints that fit no other."""

_PREFIX: Final = "sha256:"
_UNNAMED_KEY: Final = ""
_NAMES: Final = {"decoded": "b64decoded"}
"""What a bundle calls otherwise; all else that a value nearly is has its own word there."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle, and what is not in them.

    Attributes:
        files: The documents by the names of their files.
        left_out: The revisions whose fingerprints were made with another key than the newest:
            compared with the others, every value in them would seem to be another.
    """

    files: dict[str, Any]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A revision as a bundle tells it.

    Attributes:
        service: Of which service.
        revision: Its name.
        created: When it was made (RFC 3339).
        code: What it runs.
        configuration: Its configuration, keyed for the bundle.
        unsure: The variables of which nobody recorded what they nearly are.
        shown: The values that may stand in a bundle as they are, by their variables.
    """

    service: str
    revision: str
    created: str
    code: str
    configuration: ConfigurationRecord
    unsure: frozenset[str] = frozenset()
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)


def bundle_of(entries: Sequence[Entry], rekey: Rekey, service: str | None = None) -> Bundle:
    """Give the files of a bundle.

    Args:
        entries: The records.
        rekey: Makes the fingerprints of this bundle.
        service: Only this service's, if given.
    """
    chosen = [entry for entry in entries if service in {None, entry.record.service}]
    deploys = [(e, e.record) for e in chosen if isinstance(e.record, Deploy)]
    keys = [deploy.key for _, deploy in deploys if deploy.key]
    # Before keys were named there was hardly another than the first that is.
    first, newest = (keys[0], keys[-1]) if keys else (_UNNAMED_KEY, _UNNAMED_KEY)
    kept = [(e, deploy) for e, deploy in deploys if (deploy.key or first) == newest]
    keyed_anew = rekey([configuration_of(deploy, newest) for _, deploy in kept])
    made = [
        made_of(entry, deploy, configuration)
        for (entry, deploy), configuration in zip(kept, keyed_anew, strict=True)
    ]
    files = {
        REVISIONS: [revision_document(one) for one in made],
        TRAFFIC: traffic_lines(chosen),
        FINGERPRINTS: fingerprint_table(made, queries.serving(chosen)),
    }
    left_out = [deploy.revision for _, deploy in deploys if (deploy.key or first) != newest]
    return Bundle(files, tuple(left_out))


def made_of(entry: Entry, deploy: Deploy, configuration: ConfigurationRecord) -> Made:
    """Tell what was recorded of a revision.

    Args:
        entry: Where it was recorded.
        deploy: What was.
        configuration: Its configuration, keyed for the bundle.
    """
    unsure = frozenset(name for name, one in deploy.settings.items() if one.nearly is None)
    return Made(
        service=deploy.service,
        revision=deploy.revision,
        created=entry.time,
        code=deploy.code,
        configuration=configuration,
        unsure=unsure,
    )


def revision_document(made: Made) -> dict[str, Any]:
    """Write a revision as the platform's older form has it."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": made.revision,
            "creationTimestamp": made.created,
            "labels": {"serving.knative.dev/service": made.service},
        },
        "spec": {
            "containers": [
                {
                    "image": made.code,
                    "env": [_variable(one, made.shown) for one in made.configuration.settings],
                }
            ]
        },
    }


def fingerprint_table(
    made: Sequence[Made], serving: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, dict[str, str]]]:
    """Give each service's values as they serve now, or as they were made last if nothing serves.

    Args:
        made: The revisions, in the order in which they were made.
        serving: The shares of each service's revisions.
    """
    newest: dict[str, tuple[int, Made]] = {}
    for one in made:
        share = serving.get(one.service, {}).get(one.revision, 0)
        if one.service not in newest or share >= newest[one.service][0]:
            newest[one.service] = (share, one)
    return {
        service: {
            setting.name: _ways(setting.prints, is_sure=setting.name not in one.unsure)
            for setting in one.configuration.settings
            if setting.prints is not None
        }
        for service, (_, one) in sorted(newest.items())
    }


def traffic_lines(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Give each change of a share; a revision that loses all of it has a line with 0."""
    before: dict[str, dict[str, int]] = {}
    lines: list[dict[str, Any]] = []
    for entry in entries:
        record = entry.record
        if not isinstance(record, Traffic):
            continue
        service, split = record.service, record.split
        lost = before.get(service, {}).keys() - split.keys()
        shares = {**split, **dict.fromkeys(sorted(lost), 0)}
        lines += [traffic_line(entry.time, service, name, shares[name]) for name in shares]
        before[service] = split
    return lines


def traffic_line(time: str, service: str, revision: str, percent: int) -> dict[str, Any]:
    """Write a revision's share from a moment on."""
    return {"time": time, "service": service, "revision": revision, "percent": percent}


def _variable(setting: RecordedSetting, shown: Mapping[str, str]) -> dict[str, Any]:
    if setting.reference is not None:
        reference = {"name": setting.reference.name, "key": setting.reference.version}
        return {"name": setting.name, "valueFrom": {"secretKeyRef": reference}}
    if setting.name in shown:
        return {"name": setting.name, "value": shown[setting.name]}
    if setting.prints is None:
        raise ValueError("A setting is a reference or has a fingerprint.")
    return {"name": setting.name, "value": f"{_PREFIX}{setting.prints.exact}"}


def _ways(prints: Prints, *, is_sure: bool) -> dict[str, str]:
    """Give a value's fingerprints as a bundle names them; what was not recorded is not claimed."""
    ways = {"raw": prints.exact}
    if is_sure:
        # What has nothing around it is the same without it; what is no base64 stands for nothing.
        ways |= dict.fromkeys(("stripped", "unquoted"), prints.exact)
        ways |= {_NAMES.get(way, way): one for way, one in prints.nearly.items()}
    return {way: f"{_PREFIX}{one}" for way, one in ways.items()}
