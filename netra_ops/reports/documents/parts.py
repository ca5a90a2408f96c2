"""Sections that several documents have."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from netra.clock import as_iso
from netra_ops.evidence.bundle import FILES
from netra_ops.reports.case import Case
from netra_ops.reports.changes import differences, revision_named
from netra_ops.reports.document import (
    Event,
    Picture,
    Row,
    Section,
    Span,
    Statement,
    Table,
    unknown,
)

_RIVALS: Final = 5
_EVENTS: Final = 12
_SAID: Final = 4


def head(case: Case) -> tuple[tuple[str, str], ...]:
    """Give what stands at the top of each."""
    said = case.bundle.manifest
    diagnosis = case.diagnosis
    return (
        ("Service", diagnosis.affected.service or said.service or "not known"),
        ("Environment", said.environment or "not known"),
        ("Generated", case.generated),
        ("Verdict", verdict(case)),
        ("Onset", diagnosis.onset or "not known"),
        ("First bad revision", diagnosis.first_bad_revision or "not known"),
        ("Last good revision", diagnosis.last_good_revision or "not known"),
    )


def verdict(case: Case) -> str:
    """Say in a few words what was found."""
    diagnosis = case.diagnosis
    if diagnosis.verdict == "insufficient_evidence":
        return "insufficient evidence: no cause is named"
    named = f"{diagnosis.cause}, confidence {diagnosis.confidence:.2f}"
    if diagnosis.verdict == "not_an_incident":
        return f"not an incident ({named})" if diagnosis.cause else "not an incident"
    return named


def impact(case: Case) -> Section:
    """Say who was hit, as counted; nothing else."""
    hit = case.diagnosis.affected
    if not hit.requests_failed:
        return Section(
            title="Impact, as measured",
            statements=(unknown("the log shows no request that failed."),),
        )
    callers = ", ".join(f"{count} distinct {kind}" for kind, count in hit.callers.items())
    statements = [
        Statement(
            f"{hit.requests_failed:,} of {hit.requests:,} requests failed from {hit.since} to "
            f"{hit.until}.",
            hit.evidence,
        )
    ]
    if callers:
        statements.append(Statement(f"Callers that met it: {callers}.", hit.evidence))
    statements.append(unknown("anything else; it was not measured."))
    return Section(title="Impact, as measured", statements=tuple(statements))


def root_cause(case: Case) -> Section:
    """Say what the cause is, and what shows it; or that none is known."""
    diagnosis = case.diagnosis
    leading = diagnosis.leading
    if leading is None:
        return Section(
            title="Root cause",
            statements=(unknown("no cause is supported well enough to be named."),),
            to_do=tuple(one.take for one in diagnosis.decide_by),
        )
    because = diagnosis.because or leading.cause
    evidence = tuple(place for said in leading.supported for place in said.all_evidence)
    return Section(
        title="Root cause",
        statements=(
            Statement(f"{leading.cause}: {because}.", evidence),
            *(Statement(said.says, said.all_evidence) for said in leading.supported[:_SAID]),
            *(
                Statement(f"Besides, {one.cause}: {one.because}.", _shown_by(case, one.cause))
                for one in diagnosis.besides
            ),
        ),
    )


def _shown_by(case: Case, cause: str) -> tuple[str, ...]:
    ranked = (one for one in case.diagnosis.ranked if one.cause == cause)
    return tuple(p for one in ranked for said in one.supported for p in said.all_evidence)[:_SAID]


def rivals(case: Case) -> Section:
    """Show the other explanations, and what speaks against them."""
    there = {one.cause for one in case.diagnosis.besides}
    rows = [
        Row(
            (
                one.cause,
                f"{one.score:.2f}",
                f"follows from {one.consequence_of}"
                if one.consequence_of
                else "; ".join(said.says for said in one.opposed[:2]) or "nothing",
            ),
            tuple(place for said in (*one.supported, *one.opposed) for place in said.all_evidence)[
                :_SAID
            ],
        )
        for one in case.diagnosis.ranked
        if one.cause not in {case.diagnosis.cause, *there}
    ][:_RIVALS]
    if not rows:
        return Section(title="Rival explanations", statements=(unknown("there is none."),))
    return Section(
        title="Rival explanations",
        table=Table(("cause", "score", "what speaks against it"), tuple(rows)),
    )


def whys(case: Case) -> Section:
    """The five whys, each with how it is known."""
    return Section(
        title="Five whys",
        table=Table(
            ("why", "answer", "known"),
            tuple(
                Row((one.why, one.answer, one.status), one.evidence)
                for one in case.diagnosis.five_whys
            ),
        ),
    )


def differences_section(case: Case, title: str) -> Section:
    """Say what differs between the last good and the first bad revision."""
    good = revision_named(case.bundle, case.diagnosis.last_good_revision)
    bad = revision_named(case.bundle, case.diagnosis.first_bad_revision)
    if good is None or bad is None:
        return Section(
            title=title,
            statements=(unknown("the bundle does not hold both revisions' configurations."),),
        )
    rows = tuple(Row((one.name, one.what), one.evidence) for one in differences(good, bad))
    if not rows:
        return Section(
            title=title,
            statements=(
                Statement(
                    f"Nothing differs between {good.name} and {bad.name}.",
                    (good.where, bad.where),
                ),
            ),
        )
    return Section(title=title, table=Table(("name", "what"), rows))


def before_and_after(case: Case) -> Section:
    """Show failures before the onset and since, of the same kind of requests."""
    before, hit = case.diagnosis.before, case.diagnosis.affected
    rows = []
    if before.requests:
        rows.append(
            Row(
                ("before the onset", f"{before.requests:,}", f"{before.requests_failed:,}"),
                before.evidence,
            )
        )
    if hit.requests:
        rows.append(
            Row(
                ("from the onset on", f"{hit.requests:,}", f"{hit.requests_failed:,}"),
                hit.evidence,
            )
        )
    if not rows:
        return Section(
            title="Before and after", statements=(unknown("the log tells of no requests."),)
        )
    return Section(
        title="Before and after",
        table=Table(("when", "requests", "failed"), tuple(rows)),
    )


def missing(case: Case) -> Section:
    """Say what the evidence lacks, and what is wrong with it."""
    bundle = case.bundle
    lacking = [name for name in FILES if name not in bundle.present]
    statements = [unknown(f"what {name} would show: the bundle has none.") for name in lacking]
    statements += [
        Statement(f"{one.what}.", (one.where or one.file,)) for one in bundle.problems[:_SAID]
    ]
    if not statements:
        statements = [Statement("Every file of a bundle is there.", ("bundle.json",))]
    return Section(title="What is not known", statements=tuple(statements))


def picture(case: Case) -> Picture | None:
    """Draw requests and failures, with deployments, changes of traffic, and the onset."""
    course = case.diagnosis.course
    if course is None or not course.requests:
        return None
    events = sorted(_events(case, course.first, course.last), key=lambda one: one.time)
    return Picture(
        first=course.first,
        last=course.last,
        spans=tuple(map(Span, course.requests, course.failed)),
        events=tuple(events[:_EVENTS]),
    )


def _events(case: Case, first: float, last: float) -> Iterator[Event]:
    if case.diagnosis.onset is not None:
        yield Event(datetime.fromisoformat(case.diagnosis.onset).timestamp(), "onset")
    for revision in case.bundle.revisions:
        time = (revision.created or 0) / 1e9
        if not revision.is_service and first <= time <= last:
            yield Event(time, f"{revision.name} created")
    for share in case.bundle.traffic:
        time = (share.time or 0) / 1e9
        if first <= time <= last and share.revision:
            yield Event(time, f"{share.revision} gets {share.percent:g} %")
    for commit in case.bundle.commits:
        time = (commit.time or 0) / 1e9
        if first <= time <= last:
            yield Event(time, f"commit {commit.sha[:9]} {commit.subject}")


def moment(time: int | None) -> str:
    """Write a time in nanoseconds; say so if it is not known."""
    return "not known" if time is None else as_iso(time / 1e9)
