"""The files of an evidence bundle that the gardener reads beside a log."""

from pathlib import Path

from netra_ops.evidence.documents import parts_in
from netra_ops.evidence.files import NotInBundle, content_of
from netra_ops.evidence.records import commits, traffic
from netra_ops.evidence.records.revisions import reading as revisions
from netra_ops.evidence.records.taking import Part, Remarks
from netra_ops.findings import UsageRefused, printable
from netra_ops.gardener.facts.deploys.evidence import Evidence, evidence_of


def evidence_in(folder: Path | None) -> Evidence:
    """Read `revisions.json`, `traffic.json` and `commits.json`, as far as they are there.

    Raises:
        UsageRefused: The directory is not there or holds none of them, or one cannot be read.
    """
    if folder is None:
        return Evidence()
    if not _is_directory(folder):
        raise UsageRefused(f"{printable(str(folder))} is no directory.")
    found = [_parts(folder, name) for name in (revisions.FILE, traffic.FILE, commits.FILE)]
    if all(parts is None for parts in found):
        raise UsageRefused(
            f"{printable(str(folder))} has no revisions.json, traffic.json or commits.json; "
            "`netra revisions --export DIR` writes the first two."
        )
    return evidence_of(*(parts or () for parts in found))


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _parts(folder: Path, name: str) -> tuple[Part, ...] | None:
    """Give the records of a file; None if it is not there."""
    named = printable(str(folder / name))
    remarks = Remarks(name)
    try:
        parts = parts_in(content_of(folder, name), name, remarks)
    except NotInBundle as error:
        if error.is_missing:
            return None
        raise UsageRefused(f"{named} {error}.") from None
    if not parts and remarks.told():
        raise UsageRefused(f"{named} {remarks.told()[0].what}.")
    return parts
