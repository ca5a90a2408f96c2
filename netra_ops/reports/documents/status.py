"""The status of an incident, with the five whys. Pure."""

from netra_ops.reports.case import Case
from netra_ops.reports.document import Report, Section, Statement, unknown
from netra_ops.reports.documents import parts


def document(case: Case) -> Report:
    """Write it."""
    service = case.diagnosis.affected.service or case.bundle.manifest.service or "the service"
    return Report(
        kind="status",
        title=f"Incident status: {service}",
        head=parts.head(case),
        sections=(
            _state(case),
            parts.root_cause(case),
            parts.whys(case),
            parts.rivals(case),
            parts.impact(case),
            parts.before_and_after(case),
            _plan(case),
            _verification(case),
            parts.missing(case),
        ),
        picture=parts.picture(case),
    )


def _state(case: Case) -> Section:
    hit = case.diagnosis.affected
    if not hit.requests_failed:
        return Section(
            title="Current state", statements=(unknown("the log shows no failing request."),)
        )
    return Section(
        title="Current state",
        statements=(
            Statement(
                f"{hit.requests_failed:,} of {hit.requests:,} requests failed; the last failure is "
                f"of {hit.until}.",
                hit.evidence,
            ),
        ),
    )


def _plan(case: Case) -> Section:
    diagnosis = case.diagnosis
    if diagnosis.fix is None:
        take = tuple(one.take for one in diagnosis.decide_by)
        return Section(
            title="Plan",
            statements=(unknown("what mends it, as long as the cause is not known."),),
            to_do=take,
        )
    return Section(title="Plan", to_do=diagnosis.fixes)


def _verification(case: Case) -> Section:
    diagnosis = case.diagnosis
    if not diagnosis.prove_by:
        return Section(
            title="Verification", statements=(unknown("how, as long as the cause is not."),)
        )
    return Section(
        title="Verification",
        to_do=(*diagnosis.prove_by, "Prove it: `netra prove BUNDLE --against URL`."),
    )
