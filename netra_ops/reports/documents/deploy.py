"""The result of a deployment: what went out, what was tried on it, and how it served. Pure."""

from typing import Final

from netra_ops.evidence.records.probes import Probe
from netra_ops.reports.case import Case
from netra_ops.reports.document import Report, Row, Section, Statement, Table, unknown
from netra_ops.reports.documents import parts

_MOST: Final = 40


def document(case: Case) -> Report:
    """Write it."""
    revision = case.diagnosis.first_bad_revision or _newest(case)
    return Report(
        kind="deploy",
        title=f"Deployment result: {revision or 'revision not known'}",
        head=parts.head(case),
        sections=(
            _summary(case),
            parts.differences_section(case, "Changes deployed: configuration"),
            _commits(case),
            _traffic(case),
            parts.before_and_after(case),
            _probes(case),
            parts.impact(case),
            _readiness(case),
            parts.missing(case),
            _next(case),
        ),
        picture=parts.picture(case),
    )


def _newest(case: Case) -> str | None:
    named = [one for one in case.bundle.revisions if one.created is not None]
    return max(named, key=lambda one: one.created or 0).name if named else None


def _judged(case: Case) -> tuple[list[Probe], list[Probe]]:
    probes = [one for one in case.bundle.probes if one.ok is not None]
    return [one for one in probes if one.ok], [one for one in probes if not one.ok]


def _summary(case: Case) -> Section:
    good, bad = _judged(case)
    hit = case.diagnosis.affected
    statements = []
    if bad:
        statements.append(
            Statement(
                f"Not a success: {len(bad)} of {len(good) + len(bad)} probes are not as expected.",
                tuple(one.where for one in bad),
            )
        )
    if hit.requests_failed:
        statements.append(
            Statement(
                f"Not a success: {hit.requests_failed:,} of {hit.requests:,} requests failed.",
                hit.evidence,
            )
        )
    leading = case.diagnosis.leading
    if not statements and leading is not None and case.diagnosis.verdict == "cause_found":
        statements.append(
            Statement(
                f"Not a success: {case.diagnosis.because or leading.cause}.",
                tuple(place for said in leading.supported for place in said.all_evidence),
            )
        )
    if not statements and good and case.diagnosis.verdict == "not_an_incident":
        statements.append(
            Statement(
                f"All {len(good)} probes are as expected, and the log shows no incident.",
                tuple(one.where for one in good),
            )
        )
    if not statements:
        statements.append(unknown("whether it succeeded; nothing in the bundle shows it."))
    return Section(title="Summary", statements=tuple(statements))


def _commits(case: Case) -> Section:
    rows = tuple(
        Row((one.sha[:12], parts.moment(one.time), one.subject, ", ".join(one.files)), (one.where,))
        for one in case.bundle.commits[-_MOST:]
    )
    if not rows:
        return Section(
            title="Changes deployed: commits",
            statements=(unknown("which commits; the bundle has none."),),
        )
    return Section(
        title="Changes deployed: commits",
        table=Table(("commit", "time", "subject", "files"), rows),
    )


def _traffic(case: Case) -> Section:
    rows = tuple(
        Row((parts.moment(one.time), one.revision, f"{one.percent:g} %"), (one.where,))
        for one in case.bundle.traffic[-_MOST:]
    )
    if not rows:
        return Section(title="Traffic", statements=(unknown("who was given which share."),))
    return Section(title="Traffic", table=Table(("time", "revision", "share"), rows))


def _probes(case: Case) -> Section:
    rows = tuple(
        Row((one.name, one.target, one.expect, _got(one), _word(one)), (one.where,))
        for one in case.bundle.probes[:_MOST]
    )
    if not rows:
        return Section(
            title="Validation evidence",
            statements=(unknown("what was tried on it; the bundle has no probes."),),
        )
    return Section(
        title="Validation evidence",
        table=Table(("probe", "target", "expected", "got", "as expected"), rows),
    )


def _got(probe: Probe) -> str:
    if probe.got is None:
        return "not known"
    parts_of_it = (probe.got.status, probe.got.close_code, probe.got.words)
    return " ".join(str(one) for one in parts_of_it if one) or "not known"


def _word(probe: Probe) -> str:
    return {True: "yes", False: "no", None: "not known"}[probe.ok]


def _readiness(case: Case) -> Section:
    """Say what stands against more traffic; that nothing does is no promise."""
    good, bad = _judged(case)
    title = "Readiness"
    if bad or case.diagnosis.verdict == "cause_found":
        evidence = (*(one.where for one in bad), *case.diagnosis.affected.evidence)
        leading = case.diagnosis.leading
        evidence = evidence or (
            tuple(place for said in leading.supported for place in said.all_evidence)
            if leading is not None
            else ()
        )
        text = "Not ready: what is above has to be mended and proven first."
        return Section(title=title, statements=(Statement(text, evidence),))
    if good:
        return Section(
            title=title,
            statements=(
                Statement(
                    "Nothing that was tried speaks against it.", tuple(one.where for one in good)
                ),
            ),
        )
    return Section(title=title, statements=(unknown("nothing was tried on it."),))


def _next(case: Case) -> Section:
    good = case.diagnosis.last_good_revision
    to_do = []
    if case.diagnosis.verdict == "cause_found" and good:
        to_do.append(f"Go back to {good} by `netra rollback`, which looks at the target first.")
    if case.diagnosis.fix:
        to_do += case.diagnosis.fixes
    to_do += [one.take for one in case.diagnosis.decide_by]
    to_do.append("Prove it: `netra prove BUNDLE --against URL`.")
    return Section(title="Next actions", to_do=tuple(to_do))
