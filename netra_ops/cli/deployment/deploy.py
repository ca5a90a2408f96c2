"""`netra deploy`: a change of a service, checked, probed, and given traffic in steps."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer

from netra.clock import SystemClock
from netra_ops.cli.console import DEFAULT_STATE_PATH, StateOption
from netra_ops.cli.deployment.change_options import change_of
from netra_ops.cli.deployment.composition import (
    LOCAL,
    Asked,
    Composition,
    commanded,
)
from netra_ops.cli.deployment.options import (
    BakeOption,
    CodeOption,
    DryRunOption,
    EventsOption,
    FileOption,
    HoldOption,
    MinRequestsOption,
    OverrideOption,
    ReasonOption,
    ReplaceOption,
    SecretOption,
    ServiceArgument,
    SetOption,
    StepsOption,
    UnsetOption,
    WaiversOption,
    named,
    worded,
)
from netra_ops.deploy import deployment
from netra_ops.deploy.course.pace import (
    BAKE_SECONDS,
    HOLD_SECONDS,
    MIN_REQUESTS,
    STEPS,
    Pace,
    steps_from,
)
from netra_ops.findings import ExitCode
from netra_ops.gate import waiver_file
from netra_ops.platform.port import Change

_STEPS: Final = ",".join(map(str, STEPS))
_REASON: Final = "a deployment"


def deploy(  # noqa: PLR0913, PLR0917 - one for each option
    service: ServiceArgument,
    code: CodeOption = None,
    set_: SetOption = None,
    unset: UnsetOption = None,
    secret: SecretOption = None,
    file: FileOption = None,
    replace: ReplaceOption = False,
    steps: StepsOption = _STEPS,
    min_requests: MinRequestsOption = MIN_REQUESTS,
    hold: HoldOption = HOLD_SECONDS,
    bake: BakeOption = BAKE_SECONDS,
    dry_run: DryRunOption = False,
    override: OverrideOption = None,
    waivers: WaiversOption = None,
    reason: ReasonOption = None,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: EventsOption = False,
) -> None:
    """Deploy a change: checks, a revision without traffic, the golden path, traffic in steps.

    What it does not name stays as it is. Exit code 0 promoted, 1 refused or rolled back, 2 wrong
    usage, 3 could not decide.
    """
    change = change_of(
        values=set_ or (),
        removed=unset or (),
        references=secret or (),
        file=file,
        replaces=replace,
        code=code,
    )
    request = Request(
        service,
        change,
        Pace(steps_from(steps), min_requests, hold, bake),
        reason=worded(reason, "--reason") or _REASON,
        override=worded(override, "--override"),
        waivers=waivers,
        state=state,
        dry_run=dry_run,
        as_json=as_json,
    )
    raise typer.Exit(run(request, LOCAL))


@dataclass(frozen=True, slots=True)
class Request(Asked):
    """What `netra deploy` was asked: of which service, which change, and how it is to come."""

    service: str
    change: Change
    pace: Pace
    reason: str = field(default=_REASON, kw_only=True)
    waivers: Path | None = None


def run(request: Request, composition: Composition) -> ExitCode:
    """Do it on a platform.

    Raises:
        OpsError: It was asked wrongly, or the gate cannot run.
    """
    service = named(request.service)
    now = SystemClock().timestamp()
    options = deployment.Options(
        request.pace,
        request.reason,
        request.override,
        waiver_file.read(request.waivers, now) if request.waivers else (),
        dry_run=request.dry_run,
    )
    return commanded(
        request.command("netra deploy", service),
        composition,
        lambda around: deployment.deploy(around, service, request.change, options),
    )
