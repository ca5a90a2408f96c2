"""The files of an evidence bundle that the gardener reads beside a log."""

from pathlib import Path
from typing import Any, Final

import msgspec

from netra_ops.cli.logs.inputs import is_there
from netra_ops.findings import UsageRefused, printable
from netra_ops.gardener.facts.deploys.evidence import Evidence, evidence_of

_LARGEST: Final = 64 * 1024 * 1024


def evidence_in(folder: Path | None) -> Evidence:
    """Read `revisions.json`, `traffic.json` and `commits.json`, as far as they are there.

    Raises:
        UsageRefused: The directory is not there or holds none of them, or one cannot be read.
    """
    if folder is None:
        return Evidence()
    if not is_there(folder) or not folder.is_dir():
        raise UsageRefused(f"{printable(str(folder))} is no directory.")
    documents = [_document(folder / f"{name}.json") for name in ("revisions", "traffic", "commits")]
    if all(document is None for document in documents):
        raise UsageRefused(
            f"{printable(str(folder))} has no revisions.json, traffic.json or commits.json; "
            "`netra revisions --export DIR` writes the first two."
        )
    return evidence_of(*documents)


def _document(path: Path) -> Any:
    if not path.exists():
        return None
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageRefused(f"{printable(str(path))} is larger than such a file can be.")
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise UsageRefused(f"{printable(str(path))} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageRefused(f"{printable(str(path))} is no JSON.") from error
