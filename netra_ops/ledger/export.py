"""The ledger as files of an evidence bundle: revisions, traffic and fingerprints. Pure.

Revisions are written as Cloud Run's v1 API (Knative) gives them, wherever they ran. Fingerprints
come from records that were keyed anew for the bundle.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
_DECODED: Final = "decoded"


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


@dataclass(frozen=True, slots=True)
class _Made:
    entry: Entry
    deploy: Deploy
    configuration: ConfigurationRecord


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
        _Made(entry, deploy, configuration)
        for (entry, deploy), configuration in zip(kept, keyed_anew, strict=True)
    ]
    files = {
        REVISIONS: [_revision(one) for one in made],
        TRAFFIC: _traffic(chosen),
        FINGERPRINTS: _fingerprints(made, queries.serving(chosen)),
    }
    left_out = [deploy.revision for _, deploy in deploys if (deploy.key or first) != newest]
    return Bundle(files, tuple(left_out))


def _revision(made: _Made) -> dict[str, Any]:
    deploy = made.deploy
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": deploy.revision,
            "creationTimestamp": made.entry.time,
            "labels": {"serving.knative.dev/service": deploy.service},
        },
        "spec": {
            "containers": [
                {
                    "image": deploy.code,
                    "env": [_variable(setting) for setting in made.configuration.settings],
                }
            ]
        },
    }


def _variable(setting: RecordedSetting) -> dict[str, Any]:
    if setting.reference is not None:
        reference = {"name": setting.reference.name, "key": setting.reference.version}
        return {"name": setting.name, "valueFrom": {"secretKeyRef": reference}}
    if setting.prints is None:
        raise ValueError("A setting is a reference or has a fingerprint.")
    return {"name": setting.name, "value": f"{_PREFIX}{setting.prints.exact}"}


def _fingerprints(
    made: Sequence[_Made], serving: dict[str, dict[str, int]]
) -> dict[str, dict[str, dict[str, str]]]:
    """Give each service's values as they serve now, or as they were made last if nothing serves."""
    newest: dict[str, tuple[int, _Made]] = {}
    for one in made:
        service = one.deploy.service
        share = serving.get(service, {}).get(one.deploy.revision, 0)
        if service not in newest or share >= newest[service][0]:
            newest[service] = (share, one)
    return {
        service: {
            setting.name: _ways(setting.prints, made.deploy.settings[setting.name].nearly)
            for setting in made.configuration.settings
            if setting.prints is not None
        }
        for service, (_, made) in sorted(newest.items())
    }


def _ways(prints: Prints, recorded: dict[str, str] | None) -> dict[str, str]:
    """Give a value's fingerprints as a bundle names them; what was not recorded is not claimed."""
    ways = {"raw": prints.exact}
    if recorded is not None:
        # What has nothing around it is the same without it; what is no base64 stands for nothing.
        ways |= {way: prints.nearly.get(way, prints.exact) for way in ("stripped", "unquoted")}
        if _DECODED in prints.nearly:
            ways["b64decoded"] = prints.nearly[_DECODED]
    return {way: f"{_PREFIX}{one}" for way, one in ways.items()}


def _traffic(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Give each change of a share; a revision that loses all of it has a line with 0."""
    before: dict[str, dict[str, int]] = {}
    lines: list[dict[str, Any]] = []
    for entry in entries:
        record = entry.record
        if not isinstance(record, Traffic):
            continue
        lost = before.get(record.service, {}).keys() - record.split.keys()
        shares = {**record.split, **dict.fromkeys(sorted(lost), 0)}
        lines += [
            {"time": entry.time, "revision": revision, "percent": percent}
            for revision, percent in shares.items()
        ]
        before[record.service] = record.split
    return lines
