"""`netra revisions`: what served when, who did it, why, and how it was judged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from netra.clock import SystemClock
from netra.principal import is_service_id
from netra_ops.administration.audit_file import appearing_whole
from netra_ops.candidates.fingerprints.record import rekeyed_for_evidence
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    existing_state,
    remark,
    rich_output,
    tell,
    tell_document,
)
from netra_ops.findings import CouldNotTell, Failed, Outcome, UsageRefused, Verdict, printable
from netra_ops.ledger import queries
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.export import bundle_of
from netra_ops.ledger.ledger_file import Ledger, Reading
from netra_ops.ledger.records import End, Judgement, Override, Record, Rollback, Traffic

_LIMIT: Final = 20
_FOLDER_MODE: Final = 0o700
_TO_THE_SECOND: Final = len("2026-11-05T10:00:00")
_STYLES: Final = {Verdict.UNKNOWN: "yellow", Verdict.FAIL: "bold red"}


def revisions(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Only this service.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="How many records at most, the last ones.")
    ] = _LIMIT,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            help="Write revisions.json, traffic.json and fingerprints.json of an evidence bundle "
            "there.",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Show what served when, who did it, why, and how it was judged.

    A ledger that is damaged is shown up to the damage, with exit code 1.
    """
    if service is not None and not is_service_id(service):
        raise UsageRefused("A service is named like netra-backend.")
    reading = Ledger(existing_state(state).ledger_folder, SystemClock()).read()
    if export is not None:
        _refuse_flaws(reading)
        _export(reading, export, service)
    chosen = [e for e in reading.entries if service in {None, e.record.service}]
    if as_json:
        tell_document(_document(reading, chosen, limit))
    else:
        _show(reading, chosen, limit, service)
    if reading.unfinished:
        remark(
            f"The last line has no end ({reading.unfinished} bytes): its writer died before it "
            "was recorded. It is no record, and the next writer puts it aside."
        )
    _refuse_flaws(reading)


def _refuse_flaws(reading: Reading) -> None:
    if reading.flaw is not None:
        raise (Failed if reading.flaw.is_damage else CouldNotTell)(reading.complaint)


def _export(reading: Reading, folder: Path, service: str | None) -> None:
    made = bundle_of(reading.entries, rekeyed_for_evidence, service)
    for name in made.files:
        if (folder / name).exists():
            raise UsageRefused(
                f"{printable(str(folder / name))} is there already. Name another folder."
            )
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageRefused(f"{printable(str(folder))} cannot be made: {error.strerror}.") from error
    for name, document in made.files.items():
        with appearing_whole(folder / name) as file:
            file.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        remark(f"{printable(str(folder / name))}: {len(document)} entries.")
    if made.left_out:
        remark(
            f"Left out are {', '.join(made.left_out)}: recorded under another ledger.key, so that "
            "nothing in them can be compared with the others."
        )


def _document(reading: Reading, chosen: Sequence[Entry], limit: int) -> dict[str, Any]:
    return {
        "ledger": str(reading.path),
        "records": len(reading.entries),
        "head": reading.head,
        "complaint": reading.complaint or None,
        # What was recorded after a flaw might say otherwise.
        "now": None if reading.flaw else _now(chosen),
        "served": [
            {
                "service": span.service,
                "revision": span.revision,
                "percent": span.percent,
                "since": span.since.time,
                "until": span.until.time if span.until else None,
            }
            for span in queries.served(chosen)
        ],
        "entries": [
            {"seq": entry.seq, "time": entry.time, **msgspec.to_builtins(entry.record)}
            for entry in chosen[-limit:]
        ],
    }


def _now(chosen: Sequence[Entry]) -> dict[str, Any]:
    names = queries.services(chosen)
    proofs = {name: queries.last_proven(chosen, name) for name in names}
    return {
        "serving": queries.serving(chosen),
        "last_proven": {name: proof.revision if proof else None for name, proof in proofs.items()},
        "unfinished_rollouts": [
            {
                "service": rollout.service,
                "rollout": rollout.rollout,
                "revision": rollout.revision,
                "begun": rollout.begun.time,
                "last": rollout.last.time,
            }
            for rollout in queries.unfinished(chosen)
        ],
    }


def _show(reading: Reading, chosen: Sequence[Entry], limit: int, service: str | None) -> None:
    if not chosen:
        # What cannot be read further may well hold what is not found before.
        if reading.flaw is None:
            tell(_nothing(reading, service))
        return
    if reading.flaw is None:
        _show_now(chosen)
    console = rich_output()
    for entry in chosen[-limit:]:
        _show_entry(console, entry, with_service=service is None)
    if len(chosen) > limit:
        tell(f"{len(chosen) - limit} older records: --limit {len(chosen)} shows all.")


def _show_now(chosen: Sequence[Entry]) -> None:
    now = queries.serving(chosen)
    for name in queries.services(chosen):
        proof = queries.last_proven(chosen, name)
        shares = _shares(now.get(name, {})) or "nothing that is recorded"
        tell(f"{name}: {shares} serves; last proven: {proof.revision if proof else 'none'}.")
    for rollout in queries.unfinished(chosen):
        tell(
            f"{rollout.service}: the rollout of {rollout.revision} ({rollout.rollout}) has no end; "
            f"begun {_time(rollout.begun)}, last record {_time(rollout.last)}. The next "
            "`netra deploy` or `netra rollback` brings traffic back first, unless its gate lives."
        )


def _nothing(reading: Reading, service: str | None) -> str:
    if service is None or not reading.entries:
        return "Nothing recorded yet: the ledger begins with the first deployment."
    known = ", ".join(queries.services(reading.entries))
    return f"Nothing recorded yet: the ledger knows {known}, and not {service}."


def _show_entry(console: Console, entry: Entry, *, with_service: bool) -> None:
    record, actor = entry.record, entry.record.actor
    verdict = record.verdict if isinstance(record, Judgement) else Verdict.PASS
    place = f"{_time(entry)}  {record.service}" if with_service else _time(entry)
    console.print(Text(f"{place}  {_what(record)}", style=_STYLES.get(verdict, "")))
    said = [f"{actor.person} ({actor.origin}): {record.reason}"]
    if isinstance(record, Judgement):
        outcomes = record.outcomes
        said += [_outcome(o) for o in outcomes if o.finding.verdict is not Verdict.PASS]
    for line in said:
        text = Text(printable(line), overflow="fold")
        console.print(Padding(text, (0, 0, 0, 4), expand=False))


def _what(record: Record) -> str:
    revision = record.revision
    match record:
        case Judgement(stage=stage, verdict=verdict, outcomes=outcomes):
            waived = sum(not outcome.counts for outcome in outcomes)
            but = f", {waived} waived" if waived else ""
            return f"{stage.value} of {revision}: {verdict.value}{but}"
        case Traffic(split=split):
            return f"traffic: {_shares(split) or 'nothing serves'}"
        case Override(stage=stage):
            return f"override of {stage.value if stage else 'the gate'} for {revision}"
        case Rollback(left=left):
            return f"rollback from {left} to {revision}"
        case End(ending=ending):
            return f"end of the rollout of {revision}: {ending.value}"
    return f"{type(record).__name__.lower()} of {revision}"


def _outcome(outcome: Outcome) -> str:
    finding = outcome.finding
    said = f"{finding.verdict.value} {finding.check}: {finding.reason}"
    return f"{said} ({outcome.waived})" if outcome.waived else said


def _shares(split: dict[str, int]) -> str:
    return ", ".join(f"{percent} % {revision}" for revision, percent in split.items())


def _time(entry: Entry) -> str:
    return f"{printable(entry.time[:_TO_THE_SECOND])}Z"
