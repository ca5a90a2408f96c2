"""The platform does not let the caller invoke the service."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="invoker_missing",
    title="the platform does not let the caller invoke the service",
    symptom="403 from the platform's front end, as a page; the program writes nothing.",
    mechanism=(
        "Who may invoke, or from where, was changed: the platform refuses before "
        "the container sees the request."
    ),
    expects=(
        decides(Fact.PLATFORM_SAID_403, 0.85),
        decides(Fact.INVOKER_CHANGED, 0.5),
        decides(Fact.INGRESS_OR_ACCOUNT_CHANGED, 0.3),
        expects(Fact.PLATFORM_REFUSED_CALLER, 0.95),
        expects(Fact.REFUSED_BEFORE_CONTAINER, 0.85),
    ),
    shown_by=(
        shown(Fact.PLATFORM_SAID_403),
        shown(Fact.PLATFORM_REFUSED_CALLER, Fact.INVOKER_CHANGED),
        shown(Fact.REFUSED_BEFORE_CONTAINER, Fact.INVOKER_CHANGED),
        shown(Fact.PLATFORM_REFUSED_CALLER, Fact.INGRESS_OR_ACCOUNT_CHANGED),
    ),
    contradicted_by=frozenset({Fact.PLATFORM_SAID_401, Fact.CUSTOM_AUDIENCES_LOST}),
    leads_to=frozenset({"caller_without_credential"}),
    neighbours=(
        Neighbour("wrong_audience", "the platform says 403, not 401, and the audiences agree"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=(
        "Give the caller's service account the invoker role again (or restore "
        "ingress), and deploy without touching it."
    ),
    prove_by=(
        "the caller is admitted by the platform",
        "somebody without the role is still refused",
    ),
)
