"""A reference or a secret's name is used as the value itself."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="unresolved_reference",
    title="a reference or a secret's name is used as the value itself",
    symptom=("Secrets, keys or addresses are refused, or a host has a name no host can have."),
    mechanism=(
        "What should have put the value in its place did not run, and the text of "
        "the reference was deployed."
    ),
    expects=(
        decides(Fact.VALUE_IS_REFERENCE_TEXT, 0.9),
        decides(Fact.REFERENCE_TEXT_SAID, 0.5),
        expects(Fact.BEGAN_WITH_REVISION, 0.8),
        expects(Fact.ALL_REFUSED, 0.5),
        expects(Fact.START_FAILED, 0.3),
        expects(Fact.AUTH_HOST_UNKNOWN, 0.2),
        expects(Fact.CLIENT_REFUSED, 0.25),
        expects(Fact.SIGNATURE_REFUSED, 0.25),
    ),
    shown_by=(
        shown(Fact.VALUE_IS_REFERENCE_TEXT, Fact.FAILURES),
        shown(Fact.VALUE_IS_REFERENCE_TEXT, Fact.REFERENCE_TEXT_SAID),
        shown(Fact.REFERENCE_TEXT_SAID, Fact.FAILURES),
    ),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO, Fact.BEGAN_WITHOUT_REVISION}),
    leads_to=frozenset(
        {
            "startup_failed",
            "signing_key_mismatch",
            "service_secret_mismatch",
            "auth_service_unreachable",
            "database_unreachable",
            "wrong_auth_service_url",
            "database_credentials_rotated",
            "wrong_issuer",
            "wrong_audience",
        }
    ),
    neighbours=(
        Neighbour("placeholder_value", "the value is a reference, not a default"),
        Neighbour("signing_key_mismatch", "the value is a reference"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix=(
        "Deploy with the reference as a reference (secretKeyRef, `--secret "
        "NAME=REF`), not as a literal."
    ),
    prove_by=(
        "no value looks like a reference",
        "the golden path passes",
    ),
    drill="unresolved-reference",
)
