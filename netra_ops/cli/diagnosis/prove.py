"""`netra prove`: whether the repair of an incident holds."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from netra.clock import Clock, SystemClock
from netra_ops.cli.accounts import walking_credentials
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    existing_state,
    rich_output,
    rich_progress,
    tell_document,
)
from netra_ops.cli.diagnosis.diagnose import BundleArgument
from netra_ops.cli.logs.inputs import existing
from netra_ops.cli.tidying_up import tidied_up
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.attempts import attempts_of
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.tallying import tallied
from netra_ops.evidence.bundle import read_bundle
from netra_ops.evidence.collecting import Wanted, collect_bundle
from netra_ops.evidence.collectors.log_files import Window
from netra_ops.findings import ExitCode, Verdict
from netra_ops.logs.reading import Reading
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.proof.absence import Log, of_what_serves
from netra_ops.proof.document import Proof
from netra_ops.proof.proving import Case, Target, proven
from netra_ops.proof.signature import probes_of, signature_of, start_of
from netra_ops.settings import PROBE_HEADER
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import from_file, service_url

_STYLES: Final = {Verdict.PASS: "green", Verdict.UNKNOWN: "yellow", Verdict.FAIL: "bold red"}
_NANOSECONDS: Final = 1_000_000_000
_PATIENCE_SECONDS: Final = 10.0


def prove(
    bundle: BundleArgument,
    against: Annotated[
        str, typer.Option("--against", metavar="URL", help="The backend that is to be proven.")
    ],
    credentials: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON with auth_url, email, password, service_id, service_secret; without it a "
            "throw-away user is made with this state's own accounts.",
        ),
    ] = None,
    logs: Annotated[
        Path | None,
        typer.Option(
            "--logs",
            metavar="FILE",
            help="The log of the time since, as it grows; by default this state's.",
        ),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="For how long the log is read on while it tells of too few requests.",
        ),
    ] = _PATIENCE_SECONDS,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Prove that what a bundle shows is over: all of it must hold.

    The golden path passes, what must be refused is refused, what failed is made again and does not
    fail, and the log shows none of it under enough requests. Exit code 0 proven; 1 not proven, with
    what is missing; 2 wrong usage; 3 the bundle cannot be read.
    """
    clock = SystemClock()
    here = None if credentials and logs else existing_state(state)
    known = from_file(credentials) if credentials else walking_credentials(existing_state(state))
    with (
        tidied_up(),
        rich_progress().status("Reading the bundle") as progress,
        Asker(clock, headers=(PROBE_HEADER,)) as asker,
    ):
        scene = scene_of(bundle, _now(clock), progress.update)
        case = _case(bundle.name, scene)
        target = Target(
            url=service_url(against, "--against"),
            credentials=known,
            log=_log(logs, here, clock, wait),
        )
        proof = proven(case, target, asker, clock, progress.update)
    if as_json:
        tell_document(proof.as_document())
    else:
        _show(proof)
    raise typer.Exit(ExitCode.PASS if proof.is_proven else ExitCode.FAIL)


def _case(name: str, scene: Scene) -> Case:
    return Case(
        bundle=name,
        cause=diagnosed(scene).cause,
        signature=signature_of(scene),
        start=start_of(scene),
        probes=probes_of(scene),
    )


def _log(logs: Path | None, state: StateDirectory | None, clock: Clock, wait: float) -> Log | None:
    """Say where the log of the time since is read."""
    if logs is not None:
        named = existing([str(logs)])
        return Log(attempts_since=lambda since: _in(named, since, _now(clock)), patience=wait)
    if state is None:
        return None

    def collected(since: int) -> Sequence[Attempt]:
        with tempfile.TemporaryDirectory(prefix="netra-prove-") as folder:
            place = Path(folder) / "since"
            wanted = Wanted(state=state, target=place, window=Window(since, None))
            collect_bundle(wanted, clock, ())
            attempts = _in((str(place / "logs.ndjson"),), since, _now(clock))
            return of_what_serves(attempts, read_bundle(place).traffic, since)

    return Log(attempts_since=collected, patience=wait)


def _in(inputs: Sequence[str], since: int, now: int) -> Sequence[Attempt]:
    attempts = attempts_of(tallied(inputs, Reading(now=now)), lambda place, _: place)
    return [one for one in attempts if one.time >= since]


def _now(clock: Clock) -> int:
    return round(clock.timestamp() * _NANOSECONDS)


def _show(proof: Proof) -> None:
    table = Table("what must hold", "verdict", "what was seen", show_lines=True)
    for part in proof.parts:
        table.add_row(part.name, part.verdict.value, part.says, style=_STYLES[part.verdict])
    console = rich_output()
    console.print(table)
    if proof.is_proven:
        console.print("Proven: all of it holds.", style="bold green")
        return
    console.print("NOT proven. What is missing:", style="bold red")
    for one in proof.missing:
        console.print(f"  {one}")
