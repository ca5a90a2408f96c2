"""Authentication stands before CORS."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="middleware_order",
    title="authentication stands before CORS",
    symptom=("Browsers fail and curl works: OPTIONS gets 401 and no Access-Control headers."),
    mechanism=(
        "A preflight carries no credential by design; where authentication comes "
        "first it is refused, and the browser never asks."
    ),
    expects=(
        decides(Fact.PREFLIGHT_REFUSED, 0.95),
        expects(Fact.PREFLIGHT_WITHOUT_CORS, 0.8),
        expects(Fact.COMMIT_TOUCHES_MIDDLEWARE, 0.5),
        expects(Fact.BEGAN_WITH_REVISION, 0.6),
    ),
    shown_by=(
        shown(Fact.PREFLIGHT_REFUSED, Fact.COMMIT_TOUCHES_MIDDLEWARE),
        shown(Fact.PREFLIGHT_REFUSED, Fact.CREDENTIAL_MISSING),
        shown(Fact.PREFLIGHT_REFUSED, Fact.GOOD_CREDENTIAL_WORKS),
        shown(Fact.PREFLIGHT_REFUSED, Fact.PREFLIGHT_WITHOUT_CORS),
        shown(Fact.PREFLIGHT_REFUSED, Fact.BEGAN_WITH_REVISION, Fact.CONFIGURATION_UNCHANGED),
    ),
    contradicted_by=frozenset({Fact.ORIGIN_DECIDES}),
    leads_to=frozenset({"caller_without_credential"}),
    neighbours=(Neighbour("origin_blocked", "preflights are refused from every origin"),),
    caught_by=(CaughtBy.PROBE,),
    fix=("Put CORS outermost, so that it answers preflights before anything asks who calls."),
    prove_by=(
        "OPTIONS from the page's origin gets its headers",
        "a request without a credential is still refused with 401",
    ),
)
