"""Tokens are checked against another issuer than the one that makes them."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="wrong_issuer",
    title="tokens are checked against another issuer than the one that makes them",
    symptom=(
        "Every token is refused for its issuer; often a slash at the end is all that differs."
    ),
    mechanism=(
        "The issuer is compared as text: what the verifier expects and what the token says differ."
    ),
    expects=(
        decides(Fact.ISSUER_REFUSED, 0.95),
        decides(Fact.ISSUERS_DIFFER, 0.7),
        decides(Fact.ISSUER_CHANGED, 0.6),
        expects(Fact.ALL_REFUSED, 0.8),
        expects(Fact.BEGAN_WITH_REVISION, 0.8),
        expects(Fact.LOGIN_WORKS_LATER_FAILS, 0.4),
    ),
    shown_by=(
        shown(Fact.ISSUER_REFUSED),
        shown(Fact.ISSUERS_DIFFER, Fact.FAILURES),
    ),
    contradicted_by=frozenset(
        {Fact.ON_EARLIER_REVISIONS_TOO, Fact.SIGNATURE_REFUSED, Fact.FOREIGN_ENVIRONMENT_CALLED}
    ),
    neighbours=(
        Neighbour(
            "wrong_auth_service_url",
            "the issuer is the right one of this environment, written otherwise",
        ),
        Neighbour("wrong_audience", "the claim that is refused"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=("Set the issuer to exactly what the auth service's metadata say, on every verifier."),
    prove_by=(
        "`iss` of a fresh token equals the configured issuer",
        "the golden path passes",
        "a token of a foreign issuer is still refused",
    ),
    drill="wrong-issuer",
)
