"""`netra rollback`: back to the revision that was proven last, or to one that is named."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer

from netra.clock import SystemClock
from netra_ops.cli.console import DEFAULT_STATE_PATH, StateOption, existing_state
from netra_ops.cli.deployment.composition import (
    LOCAL,
    Asked,
    Composition,
    commanded,
)
from netra_ops.cli.deployment.options import (
    AnyServiceArgument,
    DryRunOption,
    EventsOption,
    OverrideOption,
    ReasonOption,
    ToOption,
    named,
    worded,
)
from netra_ops.deploy import rollback as engine
from netra_ops.findings import ExitCode, UsageRefused
from netra_ops.ledger.ledger_file import Ledger

_REASON: Final = "a rollback"


def rollback(
    service: AnyServiceArgument = None,
    to: ToOption = None,
    reason: ReasonOption = None,
    override: OverrideOption = None,
    dry_run: DryRunOption = False,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: EventsOption = False,
) -> None:
    """Go back to another revision: its configuration is checked, traffic shifted, the path walked.

    Exit code 0 it serves and is proven, 1 refused or it shows a fault, 2 wrong usage, 3 could not
    decide.
    """
    request = Request(
        service,
        to,
        reason=worded(reason, "--reason") or _REASON,
        override=worded(override, "--override"),
        state=state,
        dry_run=dry_run,
        as_json=as_json,
    )
    raise typer.Exit(run(request, LOCAL))


@dataclass(frozen=True, slots=True)
class Request(Asked):
    """What `netra rollback` was asked: of which service, and to which revision."""

    service: str | None = None
    to: str | None = None
    reason: str = field(default=_REASON, kw_only=True)


def run(request: Request, composition: Composition) -> ExitCode:
    """Do it on a platform.

    Raises:
        OpsError: It was asked wrongly, or the gate cannot run.
    """
    service = named(request.service) if request.service else _deployed_last(request.state)
    options = engine.Options(request.to, request.reason, request.override, dry_run=request.dry_run)
    return commanded(
        request.command("netra rollback", service),
        composition,
        lambda around: engine.roll_back(around, service, options),
    )


def _deployed_last(state: Path) -> str:
    entries = Ledger(existing_state(state).ledger_folder, SystemClock()).read().trusted()
    if not entries:
        raise UsageRefused("Nothing was deployed yet, so there is nothing to go back from.")
    return entries[-1].record.service
