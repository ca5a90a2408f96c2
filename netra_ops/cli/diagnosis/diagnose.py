"""`netra diagnose`: the cause that a bundle supports, or what would decide."""

from pathlib import Path
from typing import Annotated

import typer

from netra.clock import SystemClock, as_iso
from netra_ops.cli.console import JsonOption, rich_progress, tell, tell_document
from netra_ops.cli.diagnosis.showing import show
from netra_ops.diagnosis.answering.answer import Diagnosis, DiagnosisVerdict
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.evidence.bundle import Bundle
from netra_ops.findings import ExitCode, UsageRefused
from netra_ops.reports.as_html import as_html
from netra_ops.reports.as_markdown import as_markdown
from netra_ops.reports.case import Case, diagnosis_from
from netra_ops.reports.documents import status

BundleArgument = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="The directory of an evidence bundle.")
]
MarkdownOption = Annotated[bool, typer.Option("--md", help="Write Markdown.")]
HtmlOption = Annotated[bool, typer.Option("--html", help="Write one self-contained HTML page.")]


def diagnose(
    bundle: BundleArgument,
    as_json: JsonOption = False,
    as_md: MarkdownOption = False,
    as_page: HtmlOption = False,
) -> None:
    """Weigh the causes against the evidence of a bundle, and answer the five whys.

    Exit code 0 a cause is found, or it is no incident; 2 wrong usage; 3 the evidence is
    insufficient, or the bundle cannot be read.
    """
    if as_json + as_md + as_page > 1:
        raise UsageRefused("Give one of --json, --md and --html.")
    clock = SystemClock()
    now = clock.timestamp()
    with rich_progress().status("Reading the bundle") as progress:
        scene = scene_of(bundle, round(now * 1e9), progress.update)
        progress.update("Weighing the causes")
        found = diagnosed(scene)
    if as_json:
        tell_document(found.as_document())
    elif as_md:
        tell(as_markdown(status.document(_case(scene.bundle, found, now))))
    elif as_page:
        tell(as_html(status.document(_case(scene.bundle, found, now))))
    else:
        show(found)
    if found.verdict is DiagnosisVerdict.INSUFFICIENT_EVIDENCE:
        raise typer.Exit(ExitCode.UNKNOWN)


def _case(bundle: Bundle, found: Diagnosis, now: float) -> Case:
    return Case(
        bundle=bundle,
        diagnosis=diagnosis_from(found.as_document()),
        generated=as_iso(now),
    )
