"""What a drill showed, stage by stage, and whether that is what it should show. Pure."""

from typing import Any

import msgspec

from netra_ops.drills import timeline
from netra_ops.drills.drill import Drill, Happening, Stop
from netra_ops.drills.timeline import Moments


class AtGate(msgspec.Struct, kw_only=True):
    """What the gate said of the fault.

    Attributes:
        ending: How the deployment ended, as `netra deploy` tells it.
        stage: At which stage it was refused or overridden first; empty if nothing spoke against it.
        checks: The checks that were not passed there.
        reasons: Why, in sentences.
    """

    ending: str
    stage: str = ""
    checks: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Report(msgspec.Struct, kw_only=True):
    """What a drill showed.

    Attributes:
        drill: Its name.
        expected: The cause that is to be named.
        forced: Whether the fault was let through.
        gate: What the gate said; None where none was passed.
        served: Whether the fault ever served people.
        alarm: What the gardener told first.
        cause: The cause that was named; None if none was.
        confidence: How sure the diagnosis was.
        tries: How often evidence was collected until a cause was named.
        way_back: What took the fault away, in words.
        proven: Whether the proof holds; None where there was none.
        missing: What the proof lacks.
        moments: When what happened.
        asked: How many requests people made between the fault and the way back.
        failed: How many of them failed, by what was tried and what came instead.
        failed_otherwise: How many failed before the fault.
        kept: Where bundle and reports are.
        troubles: What went wrong with the drill itself.
    """

    drill: str
    expected: str
    forced: bool
    gate: AtGate | None = None
    served: bool = False
    alarm: dict[str, Any] | None = None
    cause: str | None = None
    confidence: float = 0.0
    tries: int = 0
    way_back: str = ""
    proven: bool | None = None
    missing: tuple[str, ...] = ()
    moments: Moments = msgspec.field(default_factory=Moments)
    asked: int = 0
    failed: dict[str, int] = msgspec.field(default_factory=dict)
    failed_otherwise: int = 0
    kept: str = ""
    troubles: list[str] = msgspec.field(default_factory=list)

    def as_document(self) -> dict[str, Any]:
        """Give it as one JSON object."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        del document["moments"]
        return document | {"seconds": timeline.as_document(self.moments)}


def flaws(report: Report, drill: Drill) -> tuple[str, ...]:
    """Say what is not as it should be; nothing if the drill passes."""
    found = list(report.troubles)
    is_staged = isinstance(drill.fault, Happening) or report.forced
    if report.gate is not None:
        found += _at_gate(report.gate, drill)
    if is_staged and not found:
        if report.alarm is None:
            found.append("The gardener told of nothing.")
        if report.cause != drill.cause:
            found.append(f"{report.cause or 'No cause'} was named; it is {drill.cause}.")
        if not report.proven:
            found += ["The proof does not hold.", *report.missing]
    return tuple(found)


def _at_gate(gate: AtGate, drill: Drill) -> list[str]:
    if drill.stopped_by is Stop.NOTHING:
        return []
    if not gate.stage:
        return [f"Nothing stopped it; {drill.stopped_by.value} should have."]
    if gate.stage != drill.stopped_by:
        return [f"It was stopped by {gate.stage}, not by {drill.stopped_by.value}."]
    if drill.checks and not drill.checks & set(gate.checks):
        named = ", ".join(gate.checks) or "none"
        return [f"None of {', '.join(sorted(drill.checks))} refused it, but {named}."]
    return []
