"""The ledger as two files of an evidence bundle: `revisions.json` and `traffic.json`. Pure.

Revisions are written as Cloud Run's v1 API (Knative) gives them, wherever they ran.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from netra_ops.ledger.chain import Entry
from netra_ops.ledger.records import Deploy, Setting, Traffic, is_fingerprint

REVISIONS: Final = "revisions.json"
TRAFFIC: Final = "traffic.json"

Rekey = Callable[[str], str]
"""Makes another fingerprint of a fingerprint: alike for alike, and of no use elsewhere."""


def documents(
    entries: Sequence[Entry], rekey: Rekey, service: str | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Give both files by name.

    Args:
        entries: The records.
        rekey: Makes the fingerprints of this bundle.
        service: Only this service's, if given.

    Raises:
        ValueError: What `rekey` gives is no fingerprint.
    """
    chosen = [entry for entry in entries if service in {None, entry.record.service}]
    return {REVISIONS: _revisions(chosen, rekey), TRAFFIC: _traffic(chosen)}


def _revisions(entries: Sequence[Entry], rekey: Rekey) -> list[dict[str, Any]]:
    return [
        _revision(entry, entry.record, rekey)
        for entry in entries
        if isinstance(entry.record, Deploy)
    ]


def _revision(entry: Entry, deploy: Deploy, rekey: Rekey) -> dict[str, Any]:
    variables = [
        _variable(name, setting, rekey) for name, setting in sorted(deploy.settings.items())
    ]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "name": deploy.revision,
            "creationTimestamp": entry.time,
            "labels": {"serving.knative.dev/service": deploy.service},
        },
        "spec": {"containers": [{"image": deploy.code, "env": variables}]},
    }


def _variable(name: str, setting: Setting, rekey: Rekey) -> dict[str, Any]:
    if setting.secret is not None:
        reference = {"name": setting.secret, "key": setting.version}
        return {"name": name, "valueFrom": {"secretKeyRef": reference}}
    made = rekey(setting.fingerprint or "")
    if not is_fingerprint(made):
        raise ValueError("A fingerprint was made anew into something else.")
    return {"name": name, "value": made}


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
