"""What a regression came with: the timeline, and the changes that are suspected. Pure."""

from netra_ops.reports.case import Case
from netra_ops.reports.document import Report, Row, Section, Statement, Table, unknown
from netra_ops.reports.documents import parts


def document(case: Case) -> Report:
    """Write it."""
    service = case.diagnosis.affected.service or case.bundle.manifest.service or "the service"
    return Report(
        kind="regression",
        title=f"Regression: {service}",
        head=parts.head(case),
        sections=(
            _finding(case),
            _timeline(case),
            _suspects(case),
            parts.differences_section(case, "Before and after: configuration"),
            parts.before_and_after(case),
            parts.root_cause(case),
            parts.rivals(case),
            parts.impact(case),
            _next(case),
            parts.missing(case),
        ),
        picture=parts.picture(case),
    )


def _finding(case: Case) -> Section:
    """Say whether it is a regression: that dates coincide is none."""
    diagnosis = case.diagnosis
    good, bad = diagnosis.last_good_revision, diagnosis.first_bad_revision
    evidence = diagnosis.affected.evidence
    if good is not None and bad is not None and evidence:
        text = f"It is on {bad}, and {good}, which served before, did not show it."
        return Section(title="Finding", statements=(Statement(text, evidence),))
    return Section(
        title="Finding",
        statements=(
            unknown("whether it is a regression: no revision is known that served well before it."),
        ),
    )


def _timeline(case: Case) -> Section:
    bundle = case.bundle
    found = [
        (one.created, "revision", one.name, one.where)
        for one in bundle.revisions
        if not one.is_service
    ]
    found += [
        (one.time, "traffic", f"{one.revision} gets {one.percent:g} %", one.where)
        for one in bundle.traffic
    ]
    found += [
        (one.time, "commit", f"{one.sha[:12]} {one.subject}", one.where) for one in bundle.commits
    ]
    rows: list[tuple[str, str, str, tuple[str, ...]]] = [
        (parts.moment(time), kind, what, (where,))
        for time, kind, what, where in found
        if time is not None
    ]
    hit = case.diagnosis.affected
    if case.diagnosis.onset is not None and hit.evidence:
        rows.append((case.diagnosis.onset, "onset", "the failures begin", hit.evidence))
    if not rows:
        return Section(title="Timeline", statements=(unknown("nothing in it has a time."),))
    return Section(
        title="Timeline",
        table=Table(
            ("time", "kind", "what"),
            tuple(Row((time, kind, what), where) for time, kind, what, where in sorted(rows)),
        ),
    )


def _suspects(case: Case) -> Section:
    rows = tuple(Row((one.what, one.reason), one.evidence) for one in case.diagnosis.suspects)
    if not rows:
        return Section(
            title="Suspected changes",
            statements=(unknown("which change; none in the bundle fits."),),
        )
    return Section(title="Suspected changes", table=Table(("change", "because"), rows))


def _next(case: Case) -> Section:
    diagnosis = case.diagnosis
    to_do = [one.take for one in diagnosis.decide_by]
    if diagnosis.fix:
        to_do += diagnosis.fixes
    to_do.append(
        "Find the commit where it begins: `git bisect run netra verify`, with a revision of each."
    )
    return Section(title="Next actions", to_do=tuple(to_do))
