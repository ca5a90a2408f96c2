"""A secret was changed and what reads it was not restarted."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="secret_not_reloaded",
    title="a secret was changed and what reads it was not restarted",
    symptom="From the change on one side refuses the other; a restart cures it.",
    mechanism=(
        "Secrets are read at start: a process from before the change goes on with the old one."
    ),
    expects=(
        decides(Fact.SECRET_NEWER_THAN_INSTANCES, 0.93),
        decides(Fact.CURED_BY_RESTART, 0.6),
        expects(Fact.SECRET_CHANGED_AT_ONSET, 0.5),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.8),
        expects(Fact.CLIENT_REFUSED, 0.3),
        expects(Fact.SIGNATURE_REFUSED, 0.3),
    ),
    shown_by=(
        shown(Fact.CURED_BY_RESTART, Fact.KEYS_AGREE, Fact.SIGNATURE_REFUSED),
        shown(Fact.SECRET_NEWER_THAN_INSTANCES, Fact.FAILURES),
        shown(Fact.CURED_BY_RESTART, Fact.SECRET_CHANGED_AT_ONSET),
        shown(Fact.CURED_BY_RESTART, Fact.CLIENT_REFUSED, Fact.BEGAN_WITHOUT_REVISION),
        shown(Fact.CURED_BY_RESTART, Fact.CLIENT_REFUSED, Fact.ALL_REFUSED),
    ),
    contradicted_by=frozenset({Fact.SPLIT_BY_INSTANCE}),
    leads_to=frozenset(
        {"service_secret_mismatch", "signing_key_mismatch", "database_credentials_rotated"}
    ),
    neighbours=(
        Neighbour("latest_secret_split", "all instances are from before the change"),
        Neighbour("service_secret_mismatch", "the new secret is right, and not yet read"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Deploy a revision for each change of a secret, with its number pinned; "
        "rotate with an overlap."
    ),
    prove_by=(
        "every instance started after the change",
        "the golden path passes",
    ),
)
