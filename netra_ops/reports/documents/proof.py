"""Whether the repair of an incident is proven. Pure; partial success is none."""

from netra_ops.reports.case import Case, ProofRead
from netra_ops.reports.document import Report, Row, Section, Statement, Table, unknown
from netra_ops.reports.documents import parts

_HOLDS = {"PASS": "holds", "FAIL": "does not hold", "UNKNOWN": "not known"}


def document(case: Case) -> Report:
    """Write it."""
    proof = case.proof
    word = "not tried" if proof is None else "proven" if proof.proven else "NOT proven"
    return Report(
        kind="proof",
        title=f"Proof of repair: {word}",
        head=(*parts.head(case), *_against(proof)),
        sections=(
            _summary(proof),
            _results(proof),
            parts.root_cause(case),
            _fix(case),
            parts.before_and_after(case),
            parts.impact(case),
            _left(proof, case),
        ),
        picture=parts.picture(case),
    )


def _against(proof: ProofRead | None) -> tuple[tuple[str, str], ...]:
    if proof is None:
        return ()
    return (("Against", proof.url), ("Tried from", proof.began))


def _summary(proof: ProofRead | None) -> Section:
    if proof is None:
        return Section(title="Summary", statements=(unknown("no proof was tried."),))
    holding = sum(one.verdict == "PASS" for one in proof.parts)
    text = (
        f"Proven: all {len(proof.parts)} of what must hold do."
        if proof.proven
        else f"Not proven: {holding} of {len(proof.parts)} of what must hold do. Nothing less than "
        "all of it is a proof."
    )
    places = tuple(f"proof.json#/parts/{place}" for place in range(len(proof.parts)))
    return Section(title="Summary", statements=(Statement(text, places),))


def _results(proof: ProofRead | None) -> Section:
    if proof is None:
        return Section(title="Results", statements=(unknown("nothing was tried."),))
    rows = tuple(
        Row(
            (one.name, _HOLDS.get(one.verdict, "not known"), one.says),
            (f"proof.json#/parts/{place}", *one.evidence),
        )
        for place, one in enumerate(proof.parts)
    )
    return Section(title="Results", table=Table(("what must hold", "it", "what was seen"), rows))


def _fix(case: Case) -> Section:
    if case.diagnosis.fix is None:
        return Section(
            title="What was to be done", statements=(unknown("the cause was not named."),)
        )
    return Section(title="What was to be done", to_do=case.diagnosis.fixes)


def _left(proof: ProofRead | None, case: Case) -> Section:
    if proof is not None and proof.proven:
        return Section(title="What is left", to_do=("Watch the usual alarms.",))
    lacking = (
        ("Prove it: `netra prove BUNDLE --against URL`.",)
        if proof is None
        else tuple(f"{one.name}: {one.says}" for one in proof.parts if one.verdict != "PASS")
    )
    return Section(title="What is left", to_do=(*lacking, *case.diagnosis.prove_by))
