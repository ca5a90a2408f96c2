"""Whether a revision's code may serve on the store as it is. Pure."""

from dataclasses import dataclass
from typing import Final

from netra.schema_fit import SchemaFit, SchemaJudgement
from netra_ops.deploy.checks.said import About
from netra_ops.findings import Finding, Verdict
from netra_ops.ledger.records import Deploy

CHECK: Final = "schema_fits"


@dataclass(frozen=True, slots=True)
class Schemas(About):
    """What is known of a revision's schema and the store's.

    Attributes:
        judged: What the platform says; None where it cannot see it.
        made: How the ledger says that the revision was made, if it does.
        newest: How the newest revision was made of which a schema is recorded, if one is.
    """

    judged: SchemaJudgement | None = None
    made: Deploy | None = None
    newest: Deploy | None = None


def check(seen: Schemas) -> tuple[Finding, ...]:
    """Refuse code that the store's schema does not let serve.

    Without a word of the platform the records decide where they can: the version the code was made
    for, and the version the store was at when a revision was made last. Where they cannot, the
    revision itself does: a service does not get ready on a schema that does not fit.
    """
    if seen.judged is not None:
        return (_of_judgement(seen, seen.judged),)
    if seen.made is None or seen.newest is None or not (seen.made.schema and seen.newest.schema):
        reason = "nothing is recorded of it; the revision itself refuses a store that does not fit"
        return (seen.says(CHECK, Verdict.PASS, reason),)
    store = max(seen.newest.store_schema or "", seen.newest.schema)
    if store <= seen.made.schema:
        return (seen.says(CHECK, Verdict.PASS, f"made for {seen.made.schema}, as the store is"),)
    reason = (
        f"the store was at version {store} and this code was made for {seen.made.schema}; only the "
        "store tells whether it still runs on it"
    )
    return (seen.says(CHECK, Verdict.UNKNOWN, reason),)


def _of_judgement(seen: Schemas, judged: SchemaJudgement) -> Finding:
    if judged.serves:
        reason = f"the store is at version {judged.version}, the code was made for {judged.head}"
        return seen.says(CHECK, Verdict.PASS, reason)
    verdict = Verdict.UNKNOWN if judged.fit is SchemaFit.UNREADABLE else Verdict.FAIL
    return seen.says(CHECK, verdict, judged.refusal)


CHECKS: Final = {CHECK: check}
