"""Whether a bundle is whole: of the form that judges read, as it was made, without secrets.

A flaw names a place, and nothing of what stands there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from netra.telemetry.redaction import Redactor
from netra_ops.evidence.bundle import FILES, LOGS, Bundle, read_bundle
from netra_ops.evidence.documents import parts_in
from netra_ops.evidence.files import LONGEST_LINE, NotInBundle, content_of, opened
from netra_ops.evidence.looking import Looking, secret_places
from netra_ops.evidence.records import audit, fingerprints
from netra_ops.evidence.records.revisions import reading as revisions
from netra_ops.evidence.records.revisions.revision import Kind
from netra_ops.evidence.records.taking import MOST_TOLD, Part, Problem, Remarks
from netra_ops.findings import Verdict, printable
from netra_ops.logs.entries.objects import NotReadable, decoded_any

_SECRET: Final = "looks like a secret"  # noqa: S105 - words
_STEPS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Checked:
    """How a bundle was found.

    Attributes:
        bundle: What it holds.
        flaws: What is wrong with it.
        remarks: What is to be known besides.
    """

    bundle: Bundle
    flaws: tuple[Problem, ...]
    remarks: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Say how it is; without hashes nobody can tell whether it was altered."""
        if self.flaws:
            return Verdict.FAIL
        return Verdict.PASS if self.bundle.manifest.files else Verdict.UNKNOWN


def checked(directory: Path, told: Callable[[int], None] = lambda _: None) -> Checked:
    """Check a bundle.

    Args:
        directory: Where it lies.
        told: Is told now and then how many more bytes of the log were looked through.

    Raises:
        BundleUnreadable: It cannot be read.
    """
    bundle = read_bundle(directory, hash_logs=True)
    flaws = [*bundle.problems, *_strangers(directory)]
    remarks: list[str] = []
    redactor = Redactor()
    for name in FILES:
        if name not in bundle.present:
            continue
        found = Remarks(name)
        try:
            if name in {LOGS, audit.FILE}:
                remarks += _look_through_lines(directory, name, redactor, found, told)
            else:
                _look_through(directory, name, redactor, found)
        except NotInBundle:
            continue  # That it cannot be read is told already.
        if name == revisions.FILE:
            _look_at_variables(bundle, redactor, found)
        flaws += found.told()
    if not bundle.manifest.files:
        remarks.append("It has no hashes: whether it was altered cannot be told.")
    return Checked(bundle, tuple(flaws), tuple(remarks))


def _strangers(directory: Path) -> Iterator[Problem]:
    """Name what is in the directory and no part of a bundle; nobody vouches for it."""
    try:
        names = sorted(one.name for one in directory.iterdir())
    except OSError:
        return
    strange = [name for name in names if name not in FILES]
    for name in strange[:MOST_TOLD]:
        shown = printable(name)
        yield Problem(shown, shown, "is no file of a bundle")


def _look_through_lines(
    directory: Path,
    name: str,
    redactor: Redactor,
    found: Remarks,
    told: Callable[[int], None],
) -> Iterator[str]:
    """Look through a file of lines, and say how many of them are no JSON."""
    number = read = texts = 0
    with opened(directory, name) as file:
        while line := file.readline(LONGEST_LINE):
            number += 1
            read += len(line)
            where = f"{name}:{number}"
            try:
                value: Any = decoded_any(line)
            except (NotReadable, UnicodeDecodeError):
                texts += bool(line.strip())
                value = line.decode("utf-8", "replace")
            for place in secret_places(Part(value, where), redactor, Looking()):
                found.add(place, _SECRET)
            if number % _STEPS == 0:
                told(read)
                read = 0
    told(read)
    if texts and name == LOGS:
        yield f"{name}: {texts} lines are no JSON, and are read as text."


def _look_through(directory: Path, name: str, redactor: Redactor, found: Remarks) -> None:
    looking = Looking(
        is_reference=name == revisions.FILE, is_fingerprints=name == fingerprints.FILE
    )
    # What is wrong with the form was told when the bundle was read.
    for part in parts_in(content_of(directory, name), name, Remarks(name)):
        for place in secret_places(part, redactor, looking):
            found.add(place, _SECRET)


def _look_at_variables(bundle: Bundle, redactor: Redactor, found: Remarks) -> None:
    """Look at each value under its own name, which stands beside it in the document."""
    for revision in bundle.revisions:
        for one in revision.variables:
            if one.kind is not Kind.PLAIN or not one.value or one.fingerprint is not None:
                continue
            named: Mapping[str, str] = {one.name: one.value}
            if redactor.value(named) != named:
                found.add(one.where, _SECRET)
