"""A diagnosis as a person reads it in a terminal."""

from typing import Final

from rich.table import Table
from rich.text import Text

from netra_ops.cli.console import rich_output
from netra_ops.diagnosis.answering.answer import Diagnosis, DiagnosisVerdict, WhyStatus
from netra_ops.diagnosis.catalogue import BY_CODE

_STYLES: Final = {
    WhyStatus.EVIDENCED: "green",
    WhyStatus.INFERRED: "yellow",
    WhyStatus.UNKNOWN: "dim",
}
_SHOWN: Final = 5


def show(diagnosis: Diagnosis) -> None:
    """Print the verdict, the causes beside each other, the five whys, and what to do."""
    console = rich_output()
    console.print(_headline(diagnosis), style="bold")
    for other in diagnosis.besides:
        said = f"Besides, {other.cause}: {other.because} (confidence {other.confidence:.2f})"
        console.print(said, style="bold")
    for line in _circumstances(diagnosis):
        console.print(line)
    if diagnosis.ranked:
        console.print(_causes(diagnosis))
    console.print(_whys(diagnosis))
    if diagnosis.fix is not None:
        console.print(Text.assemble(("Fix: ", "bold"), diagnosis.fix))
        for one in diagnosis.prove_by:
            console.print(f"  proven when {one}")
    for other in diagnosis.besides:
        console.print(Text.assemble((f"Fix of {other.cause}: ", "bold"), other.fix))
    for decision in diagnosis.decide_by:
        between = " and ".join(decision.between)
        console.print(
            Text.assemble(
                ("Would decide", "bold"), f" between {between}: {decision.states} {decision.take}"
            )
        )
    for remark in diagnosis.remarks:
        console.print(remark, style="yellow")


def _headline(diagnosis: Diagnosis) -> str:
    if diagnosis.cause is not None:
        title = BY_CODE[diagnosis.cause].title
        said = f"{diagnosis.cause}: {title} (confidence {diagnosis.confidence:.2f})"
        quiet = diagnosis.verdict is DiagnosisVerdict.NOT_AN_INCIDENT
        return f"Not an incident. {said}" if quiet else f"Cause found. {said}"
    if diagnosis.verdict is DiagnosisVerdict.NOT_AN_INCIDENT:
        return "Not an incident: the evidence shows no failure."
    return "Insufficient evidence: no cause is supported well enough to be named."


def _circumstances(diagnosis: Diagnosis) -> list[str]:
    affected = diagnosis.affected
    lines = []
    if diagnosis.onset is not None:
        lines.append(
            f"Since {diagnosis.onset}; first bad revision "
            f"{diagnosis.first_bad_revision or 'not known'}, last good "
            f"{diagnosis.last_good_revision or 'not known'}."
        )
    if affected.requests_failed:
        callers = ", ".join(f"{count} {kind}" for kind, count in affected.callers.items())
        lines.append(
            f"{affected.requests_failed:,} of {affected.requests:,} requests failed"
            f"{f' at {affected.service}' if affected.service else ''}"
            f"{f' (callers: {callers})' if callers else ''}."
        )
    return lines


def _causes(diagnosis: Diagnosis) -> Table:
    table = Table("cause", "score", "for", "against", show_lines=True)
    for one in diagnosis.ranked[:_SHOWN]:
        name = one.cause
        if one.consequence_of is not None:
            name = f"{name}\n(follows from {one.consequence_of})"
        table.add_row(
            name,
            f"{one.score:.2f}",
            "\n".join(_line(said.says, said.evidence) for said in one.supported[:_SHOWN]),
            "\n".join(_line(said.says, said.evidence) for said in one.opposed[:_SHOWN]),
        )
    return table


def _line(says: str, evidence: tuple[str, ...]) -> str:
    return f"{says} [{evidence[0]}]" if evidence else says


def _whys(diagnosis: Diagnosis) -> Table:
    table = Table("five whys", "answer", "known", "evidence", show_lines=True)
    for one in diagnosis.five_whys:
        table.add_row(
            one.why,
            one.answer,
            Text(one.status.value, style=_STYLES[one.status]),
            "\n".join(one.evidence[:_SHOWN]),
        )
    return table
