"""What the worker does: the evidence is collected or read, and what it shows is told.

It changes nothing but the folder of bundles in a state directory, and asks no service.
"""

from pathlib import Path
from typing import Any, Final

from netra.clock import Clock, as_iso
from netra.telemetry.redaction import Redactor
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.findings import CouldNotTell, OpsError, printable
from netra_ops.gardener.engine import MemoryEngine
from netra_ops.gardener.worklog.as_html import as_html as worklog_page
from netra_ops.gardener.worklogs import worklog_of
from netra_ops.operator_agent.looks import Found, Look
from netra_ops.operator_agent.worker.asked_bundles import collected, newest
from netra_ops.operator_agent.worker.serving import serving_of_bundle, serving_of_state
from netra_ops.operator_agent.worker.telling import told_of_diagnosis, told_of_worklog
from netra_ops.platform.local import state_directory
from netra_ops.platform.local.state_directory import StateDirectory, write_whole
from netra_ops.reports.as_html import as_html
from netra_ops.reports.case import Case, diagnosis_from
from netra_ops.reports.documents import status

_NOT_ASKED: Final = (
    "Neither the auth service's audit record nor the golden path is in it: a chat may not ask for "
    "them. `netra evidence collect --probe` does."
)


def found(look: Look, clock: Clock) -> Found:
    """Do it; whatever the toolkit refuses is told in its words."""
    try:
        return Found(result=Redactor().value(_result(look, clock)))
    except OpsError as error:
        return Found(refused=str(error))
    except OSError as error:
        return Found(refused=f"Something could not be read: {(error.strerror or '').lower()}.")


def _result(look: Look, clock: Clock) -> dict[str, Any]:
    if look.what == "serving":
        return (
            serving_of_bundle(Path(look.bundle))
            if look.bundle
            else serving_of_state(_state(look), clock)
        )
    bundle, about = _evidence(look, clock)
    now = clock.timestamp()
    if look.what == "logs":
        worklog = worklog_of(bundle, now, MemoryEngine())
        return (
            told_of_worklog(worklog) | about | _page(look, bundle, "worklog", worklog_page(worklog))
        )
    scene = scene_of(bundle, round(now * 1e9))
    diagnosis = diagnosed(scene)
    case = Case(
        bundle=scene.bundle,
        diagnosis=diagnosis_from(diagnosis.as_document()),
        generated=as_iso(now),
    )
    page = as_html(status.document(case))
    return told_of_diagnosis(diagnosis) | about | _page(look, bundle, "report", page)


def _evidence(look: Look, clock: Clock) -> tuple[Path, dict[str, Any]]:
    """Give the bundle that is looked at, and what is to be said of it."""
    if look.bundle is not None:
        bundle = Path(look.bundle)
        return bundle, {"bundle": printable(str(bundle)), "minutes": None, "notes": []}
    state = _state(look)
    if look.again:
        bundle = newest(state)
        return bundle, {"bundle": printable(str(bundle)), "minutes": None, "notes": []}
    bundle, notes = collected(state, look.minutes, clock)
    about = {"bundle": printable(str(bundle)), "minutes": look.minutes}
    return bundle, {**about, "notes": [*notes, _NOT_ASKED]}


def _page(look: Look, bundle: Path, name: str, page: str) -> dict[str, str]:
    """Write a page beside a bundle of ours; beside one that was named nothing is written."""
    if look.bundle is not None:
        return {}
    file = bundle.parent / f"{name}.html"
    write_whole(file, page.encode("utf-8", "xmlcharrefreplace").decode())
    return {"report": printable(str(file))}


def _state(look: Look) -> StateDirectory:
    state = None if look.state is None else state_directory.opened(Path(look.state))
    if state is None:
        raise CouldNotTell("There is no installation of Netra in the state directory.")
    return state
