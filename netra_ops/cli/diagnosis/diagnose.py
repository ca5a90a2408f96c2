"""`netra diagnose`: the cause that a bundle supports, or what would decide."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from netra.clock import Clock, SystemClock, as_iso
from netra_ops.cli.console import JsonOption, rich_progress, tell, tell_document
from netra_ops.cli.diagnosis.showing import show
from netra_ops.diagnosis.answering.answer import Diagnosis, DiagnosisVerdict
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.evidence.bundle import Bundle
from netra_ops.evidence.records.probes import FILE as PROBES_FILE
from netra_ops.evidence.records.probes import probes_of
from netra_ops.evidence.records.taking import Part
from netra_ops.findings import ExitCode, UsageRefused
from netra_ops.reports.as_html import as_html
from netra_ops.reports.as_markdown import as_markdown
from netra_ops.reports.case import Case, diagnosis_from
from netra_ops.reports.documents import status
from netra_ops.settings import PROBE_HEADER
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import service_url
from netra_ops.validation.probes.deciding import Places, taken

BundleArgument = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="The directory of an evidence bundle.")
]
MarkdownOption = Annotated[bool, typer.Option("--md", help="Write Markdown.")]
HtmlOption = Annotated[bool, typer.Option("--html", help="Write one self-contained HTML page.")]


def diagnose(
    bundle: BundleArgument,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Take the observations that would decide, if they may be."),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="URL", help="The service that is probed."),
    ] = None,
    auth: Annotated[
        str | None, typer.Option("--auth", metavar="URL", help="Its auth service, for probes.")
    ] = None,
    as_json: JsonOption = False,
    as_md: MarkdownOption = False,
    as_page: HtmlOption = False,
) -> None:
    """Weigh the causes against the evidence of a bundle, and answer the five whys.

    Probes are read-only and carry no credential; what they show is weighed as if it stood in the
    bundle, which stays as it is.

    Exit code 0 a cause is found, or it is no incident; 2 wrong usage; 3 the evidence is
    insufficient, or the bundle cannot be read.
    """
    if as_json + as_md + as_page > 1:
        raise UsageRefused("Give one of --json, --md and --html.")
    if probe and against is None:
        raise UsageRefused("--probe needs --against URL: where the service is asked.")
    places = _places(against, auth) if probe and against is not None else None
    clock = SystemClock()
    now = clock.timestamp()
    with rich_progress().status("Reading the bundle") as progress:
        scene = scene_of(bundle, round(now * 1e9), progress.update)
        progress.update("Weighing the causes")
        found = diagnosed(scene)
        if places is not None:
            progress.update("Taking the probes that would decide")
            scene = _probed(scene, found, places, clock)
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


def _places(against: str, auth: str | None) -> Places:
    return Places(
        url=service_url(against, "--against"),
        auth_url=None if auth is None else service_url(auth, "--auth"),
    )


def _probed(scene: Scene, found: Diagnosis, places: Places, clock: Clock) -> Scene:
    """Take what would decide, and put it beside what is in the bundle."""
    names = [one.probe for one in found.decide_by if one.probe is not None]
    with Asker(clock, headers=(PROBE_HEADER,)) as asker:
        documents = taken(names, places, asker, clock)
    parts = [Part(one, f"(taken now)#/{place}") for place, one in enumerate(documents)]
    probes = (*scene.bundle.probes, *probes_of(parts).records)
    if not parts:
        return scene
    present = scene.bundle.present | {PROBES_FILE}
    bundle = replace(scene.bundle, probes=probes, present=present)
    return msgspec.structs.replace(scene, bundle=bundle)


def _case(bundle: Bundle, found: Diagnosis, now: float) -> Case:
    return Case(
        bundle=bundle,
        diagnosis=diagnosis_from(found.as_document()),
        generated=as_iso(now),
    )
