"""How a deployment is shown while it goes on: to people in words, to programs as lines of JSON."""

import os
import sys
from typing import Any, Final, Protocol

import msgspec
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from netra_ops.cli.console import rich_output, rich_progress
from netra_ops.cli.output import tell_line
from netra_ops.deploy import events
from netra_ops.findings import CouldNotTell, ExitCode, Outcome, Verdict, printable
from netra_ops.ledger.records import WHOLE

_STYLES: Final = {Verdict.PASS: "green", Verdict.UNKNOWN: "yellow", Verdict.FAIL: "bold red"}
_EXIT_STYLES: Final = {ExitCode.PASS: "green", ExitCode.UNKNOWN: "yellow"}
_ALWAYS_TOLD: Final = frozenset({"traffic_seen", "server_errors", "slower_tail"})
"""What people want to read of the traffic although it passed."""
_ENDINGS: Final = {
    "promoted": "is promoted",
    "refused": "is refused; nothing of it serves",
    "rolled_back": "is rolled back",
    "restored": "serves again, and is proven",
    "stays": "serves, and is not proven",
    "could_not_decide": "was not decided on",
    "would_go_on": "would go on; nothing was changed",
    "would_be_refused": "would be refused; nothing was changed",
}


_GOLDEN_PATHS: Final = {
    Verdict.PASS: " and passes its golden path",
    Verdict.FAIL: " AND DOES NOT PASS ITS GOLDEN PATH",
    Verdict.UNKNOWN: ", and nobody knows whether it passes its golden path",
}


class Progressing(Protocol):
    """Shows events."""

    def tell(self, event: events.Event) -> None:
        """Show what happens."""

    def end(self) -> None:
        """Show nothing any more."""


class Lines:
    """Writes each event as one line of JSON."""

    def tell(self, event: events.Event) -> None:
        """Write it."""
        tell_line(msgspec.to_builtins(event))

    def end(self) -> None:
        """Nothing is left open."""


class Words:
    """Writes sentences for people, and under them what is just going on."""

    def __init__(self) -> None:
        self._console = rich_output()
        # On one terminal both go through one console, or they would write over each other.
        beside = self._console if self._console.is_terminal else rich_progress()
        self._live = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            console=beside,
            transient=True,
            disable=not beside.is_terminal,
        )
        self._task = self._live.add_task("", total=None, counts="")
        self._steps = 0
        self._live.start()

    def tell(self, event: events.Event) -> None:
        """Show it."""
        match event:
            case events.Planned():
                self._planned(event)
            case events.Remarked(text=text):
                self._say(text, "yellow")
            case events.Decided():
                self._decided(event)
            case events.Making(revision=revision, tag=tag):
                self._going(f"Making {revision} without traffic, under the tag {tag}")
            case events.Made(revision=revision, address=address):
                self._say(f"{revision} is ready at {address}, without traffic.")
            case events.Probed():
                self._probed(event)
            case events.Shifted(split=split):
                self._say(f"Traffic: {_shares(split)}.")
            case events.Sampled():
                self._sampled(event)
            case events.Ended():
                self._ended(event)

    def end(self) -> None:
        """Take away what was going on."""
        self._live.stop()

    def _planned(self, event: events.Planned) -> None:
        self._say(f"{event.service}: {event.revision} is to run {event.code}.")
        self._say(f"Now {_shares(event.serving)} serves.")
        for change in event.changes:
            self._say(f"  {change}")
        steps = ", ".join(f"{percent} %" for percent in event.steps)
        self._say(f"Its share: {steps}.")
        self._going("Checking the configuration")

    def _decided(self, event: events.Decided) -> None:
        self._steps = 0
        name = f"{event.stage.value} at {event.percent} %" if event.percent else event.stage.value
        checks = {outcome.finding.check for outcome in event.outcomes}
        but = ", which a person overrides" if event.overridden else ""
        text = f"{name}: {event.verdict.value}, {len(checks)} checks{but}"
        self._say(text, _STYLES[event.verdict])
        for outcome in event.outcomes:
            finding = outcome.finding
            if finding.verdict is not Verdict.PASS:
                self._say(f"  {_outcome(outcome)}", _STYLES[finding.verdict])
            elif finding.check in _ALWAYS_TOLD:
                self._say(f"  {finding.reason}")

    def _probed(self, event: events.Probed) -> None:
        self._steps += 1
        self._going(f"Walking the golden path on {event.revision}: {event.step}")

    def _sampled(self, event: events.Sampled) -> None:
        what = "Baking" if event.bakes else f"At {event.percent} %"
        counts = (
            f"{event.people} requests of people, {event.probes} of probes "
            f"(needs {event.needed}), {event.seconds:.0f} of {event.of_seconds:.0f} s"
        )
        total = max(event.of_seconds, 0.001)
        self._live.update(
            self._task,
            description=what,
            total=total,
            completed=min(event.seconds, total),
            counts=counts,
        )

    def _ended(self, event: events.Ended) -> None:
        self.end()
        what = event.revision or event.service
        style = _EXIT_STYLES.get(event.exit_code, "bold red")
        self._say(f"{what} {_ENDINGS.get(event.ending, event.ending)}.", style)
        for reason in event.reasons:
            self._say(f"  {reason}")
        if event.serving is not None:
            path = _GOLDEN_PATHS[event.golden_path] if event.golden_path else ""
            serving = f"{event.service}: {_shares(event.serving)} serves{path}"
            self._say(f"{serving}, {event.seconds:.1f} s.")

    def _going(self, text: str) -> None:
        self._live.update(self._task, description=printable(text), counts="", total=None)

    def _say(self, text: str, style: str = "") -> None:
        for line in text.splitlines():
            self._console.print(Text(printable(line), style=style, overflow="fold"))


class UntilNobodyListens:
    """Shows events as long as somebody reads them: a reader that left ends no deployment."""

    def __init__(self, shown: Progressing) -> None:
        self._shown = shown
        self._is_heard = True

    def tell(self, event: events.Event) -> None:
        """Show what happens; never raises for want of a reader."""
        self._try(lambda: self._shown.tell(event))

    def end(self) -> None:
        """Show nothing any more."""
        self._try(self._shown.end)

    def _try(self, do: Any) -> None:
        if not self._is_heard:
            return
        try:
            do()
        except CouldNotTell:
            self._is_heard = False
        except (OSError, ValueError):
            self._is_heard = False
            # What is still in the buffer would end this command with another exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _outcome(outcome: Outcome) -> str:
    finding = outcome.finding
    said = f"{finding.verdict.value} {finding.check}: {finding.reason}"
    return f"{said} ({outcome.waived})" if outcome.waived else said


def _shares(split: dict[str, int]) -> str:
    if not split:
        return "nobody"
    return ", ".join(f"{part} % {name}" if part < WHOLE else name for name, part in split.items())
