"""`netra report`: the documents of an incident, every statement with its evidence."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from netra.clock import SystemClock, as_iso
from netra_ops.cli.console import JsonOption, rich_progress, tell, tell_document
from netra_ops.cli.diagnosis.diagnose import BundleArgument, HtmlOption
from netra_ops.cli.logs.inputs import existing, reading_progress
from netra_ops.cli.logs.output_directory import OutputDirectory
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.evidence.bundle import LOGS
from netra_ops.findings import UsageRefused, printable
from netra_ops.gardener.engine import MemoryEngine
from netra_ops.gardener.worklog import as_html as worklog_html
from netra_ops.gardener.worklog import as_markdown as worklog_markdown
from netra_ops.gardener.worklogs import worklog_of
from netra_ops.reports.as_html import as_html
from netra_ops.reports.as_markdown import as_markdown
from netra_ops.reports.case import Case, ProofRead, diagnosis_from, proof_from
from netra_ops.reports.documents import deploy, proof, regression, status

_LARGEST: Final = 16 * 1024 * 1024


class ReportKind(StrEnum):
    """The types of documents."""

    DEPLOY = "deploy"
    STATUS = "status"
    WORKLOG = "worklog"
    REGRESSION = "regression"
    PROOF = "proof"


_DOCUMENTS: Final = {
    ReportKind.DEPLOY: deploy.document,
    ReportKind.STATUS: status.document,
    ReportKind.REGRESSION: regression.document,
    ReportKind.PROOF: proof.document,
}


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """A document in each of its forms."""

    document: Any
    markdown: str
    html: str


def report(
    kind: Annotated[ReportKind, typer.Argument(help="Which document.")],
    bundle: BundleArgument,
    proof_file: Annotated[
        Path | None,
        typer.Option(
            "--proof", metavar="FILE", help="What `netra prove --json` printed; for the proof."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write it as .md, .json and .html there."),
    ] = None,
    as_json: JsonOption = False,
    as_page: HtmlOption = False,
) -> None:
    """Write a document of an incident; Markdown, unless something else is asked for.

    What the evidence does not show is said to be not known. Exit code 0 it is written, whatever it
    says; 2 wrong usage; 3 the bundle cannot be read.
    """
    if as_json and as_page:
        raise UsageRefused("Give one of --json and --html.")
    clock = SystemClock()
    now = clock.timestamp()
    tried = _proof(proof_file)
    target = OutputDirectory.made(out) if out is not None else None
    forms = (
        _worklog(bundle, now) if kind is ReportKind.WORKLOG else _written(kind, bundle, now, tried)
    )
    if target is not None:
        _write(target, kind, forms)
    if as_json:
        tell_document(forms.document)
    elif as_page:
        tell(forms.html)
    elif target is None:
        tell(forms.markdown)


def _worklog(bundle: Path, now: float) -> Forms:
    with reading_progress(existing([str(bundle / LOGS)])) as progress:
        found = worklog_of(bundle, now, MemoryEngine(), progress)
    return Forms(
        document=found,
        markdown=worklog_markdown.as_markdown(found),
        html=worklog_html.as_html(found),
    )


def _written(kind: ReportKind, bundle: Path, now: float, tried: ProofRead | None) -> Forms:
    with rich_progress().status("Reading the bundle") as progress:
        scene = scene_of(bundle, round(now * 1e9), progress.update)
        found = diagnosed(scene)
    case = Case(
        bundle=scene.bundle,
        diagnosis=diagnosis_from(found.as_document()),
        generated=as_iso(now),
        proof=tried,
    )
    written = _DOCUMENTS[kind](case)
    return Forms(
        document=written.as_document(), markdown=as_markdown(written), html=as_html(written)
    )


def _write(target: OutputDirectory, kind: ReportKind, forms: Forms) -> None:
    document = msgspec.json.format(msgspec.json.encode(forms.document), indent=2)
    target.write(f"{kind.value}.json", document + b"\n")
    target.write(f"{kind.value}.md", forms.markdown.encode("utf-8", "backslashreplace"))
    target.write(f"{kind.value}.html", forms.html.encode("utf-8", "xmlcharrefreplace"))


def _proof(path: Path | None) -> ProofRead | None:
    if path is None:
        return None
    named = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise UsageRefused(f"{named} is larger than a proof can be.")
        return proof_from(msgspec.json.decode(content))
    except OSError as error:
        raise UsageRefused(f"{named} cannot be read: {error.strerror}.") from None
    except msgspec.DecodeError:
        raise UsageRefused(f"{named} is no JSON.") from None
