"""Puts a deployment together: the platform of a state directory, its ledger, and who does it."""

import os
import pwd
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netra.clock import SystemClock, as_iso
from netra.contract.reference import CONTRACTS
from netra_ops.candidates.fingerprints.ledger_key import FILE_NAME, ledger_key, passing_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.cli.accounts import credential
from netra_ops.cli.console import DEFAULT_STATE_PATH, existing_state, remark
from netra_ops.cli.deployment.progress import Lines, UntilNobodyListens, Words
from netra_ops.cli.deployment.stopping import Stopping, guarded
from netra_ops.deploy import events
from netra_ops.deploy.one_at_a_time import alone, alone_at_all
from netra_ops.deploy.probing import Walker
from netra_ops.deploy.surroundings import Prober, Surroundings
from netra_ops.findings import ExitCode, OpsError, printable
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor
from netra_ops.platform.local.deployments.local_platform import LocalPlatform
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.platform.port import Platform
from netra_ops.settings import OPS


@dataclass(frozen=True, slots=True)
class Composition:
    """What makes the parts that differ from platform to platform.

    Attributes:
        platform: Gives the platform that a state directory is of.
        prober: Gives what walks the golden path on it.
        guarded: Has what is done to a service put right if this command is killed meanwhile.
    """

    platform: Callable[[StateDirectory], Platform]
    prober: Callable[[StateDirectory, Platform], Prober]
    guarded: Callable[[StateDirectory, str], AbstractContextManager[None]] = (
        lambda _state, _service: nullcontext()
    )


def _local_platform(state: StateDirectory) -> Platform:
    return LocalPlatform(state, SystemClock(), remark)


def _walker(state: StateDirectory, platform: Platform) -> Prober:
    return Walker(platform, credential(state, OPS), SystemClock())


LOCAL: Final = Composition(_local_platform, _walker, guarded)
"""The machine's own platform."""


@dataclass(frozen=True, slots=True)
class Command:
    """What every command that moves traffic is told.

    Attributes:
        name: Its words, such as `netra deploy`.
        service: Of which service.
        state: The state directory.
        as_json: Whether it speaks to a program.
        dry_run: Whether it must not change anything, a key that is made included.
    """

    name: str
    service: str
    state: StateDirectory
    as_json: bool
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every command that moves traffic was asked.

    Attributes:
        reason: Why it is done.
        override: Why it may go on though what is checked does not pass; empty if it may not.
        state: Where the state directory is.
        dry_run: Whether it ends with the checks.
        as_json: Whether it speaks to a program.
    """

    reason: str
    override: str = ""
    state: Path = DEFAULT_STATE_PATH
    dry_run: bool = False
    as_json: bool = False

    def command(self, name: str, service: str) -> Command:
        """Give what is told to the command of that name.

        Raises:
            UsageRefused: There is no such state directory.
        """
        state = existing_state(self.state)
        return Command(name, service, state, as_json=self.as_json, dry_run=self.dry_run)


def commanded(
    command: Command,
    composition: Composition,
    do: Callable[[Surroundings], events.Ended],
) -> ExitCode:
    """Do something to the traffic of a service, show it, and give the exit code.

    Raises:
        OpsError: It came to no end of its own, which is told to programs all the same.
    """
    shown = UntilNobodyListens(Lines() if command.as_json else Words())
    try:
        with (
            nullcontext()
            if command.dry_run
            else composition.guarded(command.state, command.service),
            Stopping() as stopping,
            _surroundings(command, composition, shown, stopping) as around,
        ):
            return do(around).exit_code
    except KeyboardInterrupt as stopped:
        shown.end()
        remark(f"Stopped ({str(stopped) or 'SIGINT'}).")
        return ExitCode.FAIL
    except OpsError as error:
        shown.end()
        if command.as_json:
            shown.tell(_ended_by(command, error))
        raise
    finally:
        shown.end()


@contextmanager
def guarding(state: StateDirectory, service: str) -> Iterator[Surroundings]:
    """Give what the guard of a service's traffic works with; what it does it says in words."""
    command = Command("netra deploy, its guard", service, state, as_json=False, dry_run=False)
    shown = UntilNobodyListens(Words())
    with Stopping() as stopping, _surroundings(command, LOCAL, shown, stopping) as around:
        yield around


@contextmanager
def _surroundings(
    command: Command, composition: Composition, shown: UntilNobodyListens, stopping: Stopping
) -> Iterator[Surroundings]:
    clock, state = SystemClock(), command.state
    platform = composition.platform(state)
    has_key = (state.root / FILE_NAME).exists()
    key = passing_key() if command.dry_run and not has_key else ledger_key(state.root)
    actor = _actor(command.name)
    since = f"{actor.person}, process {os.getpid()}, since {as_iso(clock.timestamp())[:19]}Z"
    with ThreadPoolExecutor(1, "golden path") as beside:
        yield Surroundings(
            platform=platform,
            prober=composition.prober(state, platform),
            ledger=Ledger(state.ledger_folder, clock, remark),
            clock=clock,
            contracts=CONTRACTS,
            fingerprints=Fingerprints(key),
            actor=actor,
            tell=shown.tell,
            alone=lambda service: alone(state.root, service, since),
            rollout=lambda service: alone_at_all(state.root, service, since),
            pause=time.sleep,
            aside=beside.submit,
            undisturbed=stopping.undisturbed,
        )


def _actor(name: str) -> Actor:
    """Say who this is: whom the system knows this process by, never what somebody says."""
    try:
        person = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        person = f"uid {os.getuid()}"
    return Actor(printable(person), f"{name} on {printable(socket.gethostname())}")


def _ended_by(command: Command, error: OpsError) -> events.Ended:
    ending = "could_not_decide" if error.exit_code is ExitCode.UNKNOWN else "refused"
    return events.Ended(
        service=command.service,
        time=SystemClock().timestamp(),
        revision="",
        ending=ending,
        exit_code=error.exit_code,
        serving=None,
        golden_path=None,
        reasons=(str(error),),
        seconds=0.0,
    )
