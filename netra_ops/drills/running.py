"""A drill from a fresh installation to its proof, stage by stage.

Everything is done by the commands that people use; what happens to people is seen by people.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from netra.clock import Clock
from netra.ids import random_token
from netra.secret import Secret
from netra_ops.drills import commands, forcing, traffic
from netra_ops.drills.commands import Done, Heard, Running
from netra_ops.drills.drill import Deployed, Drill, Happening, Stop
from netra_ops.drills.installation import Installation, installation
from netra_ops.drills.report import AtGate, Report
from netra_ops.drills.traffic import Counted
from netra_ops.findings import CouldNotTell, ExitCode, Failed, OpsError
from netra_ops.platform.local.state_directory import made_directory, write_whole
from netra_ops.settings import BACKEND
from netra_ops.validation.credentials import Person

_NAMES: Final = ("anna", "berta", "carl")
_WARM_REQUESTS: Final = 150
"""A past that rates can be compared with, as any installation has that was not made just now."""
_WARM_SECONDS: Final = 120.0
_DEPLOYING_SECONDS: Final = 240.0
_ALARM_SECONDS: Final = 60.0
_PATH: Final = ("--steps", "100", "--bake", "2", "--hold", "5", "--min-requests", "3")
_MOST_TRIES: Final = 4
_MORE_REQUESTS: Final = 10
"""How many more failures there are to be before evidence is collected again."""
_MORE_SECONDS: Final = 5.0
_SETTLING_SECONDS: Final = 60.0
_PROVEN_REQUESTS: Final = 10


@dataclass(frozen=True, slots=True)
class Order:
    """How a drill is to be run.

    Attributes:
        forced: Whether a fault that the gate refuses is let through.
        kept: The folder for bundle and reports, which is made.
        state: Where the installation lives and is kept; None for a folder that is removed.
    """

    forced: bool
    kept: Path
    state: Path | None = None


def run(drill: Drill, order: Order, clock: Clock, told: Callable[[str], None]) -> Report:
    """Run a drill; whatever ends it, nothing of it runs any more.

    Args:
        drill: Which; it can be staged.
        order: How.
        clock: The time.
        told: Told, in clauses, what is being done.

    Raises:
        OpsError: There could be no installation, or it could not be taken down.
    """
    report = Report(drill=drill.name, expected=drill.cause, forced=order.forced)
    with installation(order.state) as ground:
        try:
            _Run(drill, order, clock, told, ground, report).go()
        except OpsError as error:
            report.troubles.append(str(error))
    return report


class _Run:
    def __init__(
        self,
        drill: Drill,
        order: Order,
        clock: Clock,
        told: Callable[[str], None],
        ground: Installation,
        report: Report,
    ) -> None:
        self._drill = drill
        self._order = order
        self._clock = clock
        self._told = told
        self._ground = ground
        self._report = report
        self._fault_at = 0.0

    def go(self) -> None:
        fault, ground = self._drill.fault, self._ground
        if fault is None:
            raise Failed(f"{self._drill.name} cannot be staged here: {self._drill.not_here}")
        if isinstance(fault, Deployed) and fault.prepare is not None:
            fault.prepare(ground)
        self._told("Starting a fresh installation")
        ground.up()
        persons = [Person(f"{name}@people.example", Secret(random_token())) for name in _NAMES]
        for one in persons:
            words = ("users", "add", one.email, "--password-stdin")
            ground.command(*words, stdin=f"{one.password.reveal()}\n")
        status = ground.status()
        url = str(status["url"])
        with ExitStack() as stack:
            began = self._clock.monotonic()
            place = url
            if isinstance(fault, Happening) and fault.between is not None:
                place = stack.enter_context(fault.between(url))
            crowd = stack.enter_context(
                traffic.people(place, str(status["auth_url"]), persons, self._clock, origin=url)
            )
            self._told("People come")
            # What a golden path leaves in the logs is no news to the gardener then.
            ground.command("verify")
            if not crowd.wait_for(_WARM_REQUESTS, began, _WARM_SECONDS):
                raise CouldNotTell("People were not answered before there was any fault.")
            calm = crowd.between(began, self._clock.monotonic())
            self._report.failed_otherwise = sum(not one.served for one in calm)
            self._staged(fault, crowd, url, stack)

    def _staged(
        self, fault: Deployed | Happening, crowd: Counted, url: str, stack: ExitStack
    ) -> None:
        report, state = self._report, self._ground.state
        if isinstance(fault, Happening) and fault.prelude is not None:
            self._told("Making what goes unnoticed at first")
            fault.prelude(self._ground)
        watch: Running | None = None
        if isinstance(fault, Happening) or self._order.forced:
            logs = (str(state / "logs"), str(state / "front" / "requests.ndjson"))
            watch = stack.enter_context(Running(("logs", "follow", *logs), self._clock))
            watch.wait_for_words("Following", _WARM_SECONDS)
        self._fault_at = self._clock.monotonic()
        if isinstance(fault, Happening):
            self._told(f"Staging it: {self._drill.title}")
            report.moments.met = self._clock.monotonic()
            report.served = True
            fault.begin(self._ground)
            self._followed_up(watch, crowd, url, lambda: self._undone(fault))
            return
        options = fault.options(self._ground)
        if watch is None:
            self._told("Deploying the fault through the gate")
            with self._deploying(fault, options) as gate:
                self._heard_of_gate(gate)
            return
        self._told("Deploying the fault past the gate, by its recorded override")
        file = self._ground.scratch / "waivers.json"
        write_whole(file, forcing.waivers(fault.service, self._clock.timestamp()))
        forced = (*options, "--override", forcing.REASON, "--waivers", str(file))
        with self._deploying(fault, forced) as gate:
            self._met(gate)
            self._followed_up(watch, crowd, url, lambda: self._rolled_back(fault, gate))

    def _deploying(self, fault: Deployed, options: Sequence[str]) -> Running:
        words = ("deploy", fault.service, *_PATH, *options, "--reason", "a drill", "--json")
        return Running((*words, "--state", str(self._ground.state)), self._clock)

    def _met(self, gate: Running) -> None:
        """Wait until people meet the fault, or it is over because nobody can."""
        shifted = gate.wait_for(_is("shifted"), _DEPLOYING_SECONDS)
        made = gate.wait_for(_is("making"), 0)
        first = shifted or made
        if first is None:
            self._heard_of_gate(gate)
            raise Failed("The fault was never made: not even an override lets it through.")
        self._report.served = shifted is not None
        self._report.moments.met = first.at

    def _heard_of_gate(self, gate: Running) -> Done:
        """Hear the deployment to its end, and note what the gate said."""
        done = gate.end(_DEPLOYING_SECONDS)
        events = [one.event for one in gate.heard()]
        ended = next((one for one in events if one["event"] == "ended"), None)
        if ended is None:
            raise Failed(f"The gate did not say how it ended: {done.complaint.strip()}")
        self._report.gate = at_gate(events)
        if self._report.kept:
            self._keep("deploy.json", events)
        return done

    def _followed_up(
        self, watch: Running | None, crowd: Counted, url: str, back: Callable[[], None]
    ) -> None:
        """Do what whoever is on call does: hear the alarm, find the cause, go back, prove."""
        moments, report = self._report.moments, self._report
        met = moments.met or 0.0
        made_directory(self._order.kept)
        report.kept = str(self._order.kept)
        if watch is None or not self._alarmed(watch, met):
            report.troubles.append(f"No alarm within {_ALARM_SECONDS:.0f} s.")
        bundle = self._diagnosed(crowd)
        self._told("Going back")
        back()
        during = crowd.between(met, moments.back or self._clock.monotonic())
        report.asked = len(during)
        report.failed = traffic.failures(during)
        if bundle is not None:
            self._proven(bundle, url, crowd)

    def _alarmed(self, watch: Running, met: float) -> bool:
        if self._drill.is_silent:
            return self._probed_until_alarmed(met)
        self._told("Waiting for the gardener's alarm")
        heard = watch.wait_for(lambda one: one.at >= self._fault_at, _ALARM_SECONDS)
        if heard is None:
            return False
        self._report.alarm, self._report.moments.alarmed = heard.event, max(heard.at, met)
        return True

    def _probed_until_alarmed(self, met: float) -> bool:
        """Walk the golden path until it fails: what no log tells is seen by probes alone."""
        self._told("Walking the golden path until it fails")
        while self._clock.monotonic() < met + _ALARM_SECONDS:
            done = self._ground.run("verify", "--json")
            if done.exit_code == ExitCode.FAIL:
                self._report.alarm = {"event": "golden_path_failed"}
                self._report.moments.alarmed = self._clock.monotonic()
                return True
        return False

    def _diagnosed(self, crowd: Counted) -> Path | None:
        """Collect evidence and diagnose, again with more of it while no cause is named."""
        found: dict[str, Any] = {}
        bundle: Path | None = None
        for number in range(1, _MOST_TRIES + 1):
            self._told(f"Collecting evidence and diagnosing it ({number})")
            bundle = self._order.kept / bundle_name(number)
            words = ("evidence", "collect", "--out", str(bundle), "--service", BACKEND)
            probe = ("--probe",) if self._drill.is_silent else ()
            self._ground.command(*words, *probe)
            found = commands.run(("diagnose", str(bundle), "--json")).document()
            self._report.tries = number
            if found.get("cause") is not None:
                break
            now = self._clock.monotonic()
            crowd.wait_for(_MORE_REQUESTS, now, _MORE_SECONDS, failed=True)
        self._report.cause = found.get("cause")
        self._report.confidence = float(found.get("confidence") or 0.0)
        self._report.moments.named = self._clock.monotonic()
        self._keep("diagnosis.json", found)
        return bundle

    def _rolled_back(self, fault: Deployed, gate: Running) -> None:
        self._heard_of_gate(gate)
        moments = self._report.moments
        if not self._report.served:
            self._report.way_back = "nothing: it never had traffic"
            moments.asked_back = moments.back = self._clock.monotonic()
            return
        moments.asked_back = self._clock.monotonic()
        words = ("rollback", fault.service, "--json", "--state", str(self._ground.state))
        with Running(words, self._clock) as rollback:
            done = rollback.end(_DEPLOYING_SECONDS)
            shifted = next(
                (one for one in rollback.heard() if one.event["event"] == "shifted"), None
            )
        if done.exit_code or shifted is None:
            self._report.troubles.append(done.said)
        self._report.way_back = f"netra rollback {fault.service}"
        moments.back = self._clock.monotonic() if shifted is None else shifted.at

    def _undone(self, fault: Happening) -> None:
        moments = self._report.moments
        moments.asked_back = self._clock.monotonic()
        fault.end(self._ground)
        if not self._ground.settle(self._clock, _SETTLING_SECONDS):
            self._report.troubles.append("It was undone, and something was degraded still.")
        self._report.way_back = fault.remedy
        moments.back = self._clock.monotonic()

    def _proven(self, bundle: Path, url: str, crowd: Counted) -> None:
        self._told("Proving that it is over")
        crowd.wait_for(_PROVEN_REQUESTS, self._clock.monotonic(), _MORE_SECONDS)
        begins = self._clock.monotonic()
        words = ("prove", str(bundle), "--against", url, "--json")
        proof = self._ground.run(*words).document()
        self._report.proven = bool(proof["proven"])
        self._report.missing = tuple(proof["missing"])
        self._keep("proof.json", proof)
        # A proof may begin later than the way back ended; what it takes is its own time.
        moments = self._report.moments
        moments.proven = (moments.back or begins) + self._clock.monotonic() - begins

    def _keep(self, name: str, document: Any) -> None:
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
        write_whole(self._order.kept / name, f"{text}\n")


def bundle_name(number: int) -> str:
    """Name the folder of what was collected as the first, second, ..."""
    return "bundle" if number == 1 else f"bundle-{number}"


def at_gate(events: Sequence[dict[str, Any]]) -> AtGate:
    """Say what a deployment's events tell of the gate: what spoke against it first, and the end.

    A revision that was being made and never was ready was stopped by its own start.
    """
    ended = next(one for one in events if one["event"] == "ended")
    reasons = tuple(ended["reasons"])
    for one in events:
        if one["event"] != "decided" or one["verdict"] == "PASS":
            continue
        against = [o["finding"] for o in one["outcomes"] if o["finding"]["verdict"] != "PASS"]
        return AtGate(
            ending=ended["ending"],
            stage=one["stage"],
            checks=tuple(sorted({finding["check"] for finding in against})),
            reasons=tuple(finding["reason"] for finding in against),
        )
    kinds = {one["event"] for one in events}
    stage = Stop.START.value if "making" in kinds and "made" not in kinds else ""
    return AtGate(ending=ended["ending"], stage=stage, reasons=reasons)


def _is(kind: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.event["event"] == kind
