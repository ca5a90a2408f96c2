"""Tokens are made for another audience than the one that is expected."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="wrong_audience",
    title="tokens are made for another audience than the one that is expected",
    symptom=(
        "Tokens are refused for their audience; before a platform's own check a "
        "page with 401 and no line of the program."
    ),
    mechanism=(
        "The audience that the caller asks for, or that the verifier expects, was "
        "changed on one side."
    ),
    expects=(
        decides(Fact.AUDIENCE_REFUSED, 0.6),
        decides(Fact.AUDIENCES_DIFFER, 0.6),
        decides(Fact.AUDIENCE_CHANGED, 0.6),
        decides(Fact.PLATFORM_SAID_401, 0.3),
        expects(Fact.ALL_REFUSED, 0.7),
        expects(Fact.BEGAN_WITH_REVISION, 0.75),
        expects(Fact.REFUSED_BEFORE_CONTAINER, 0.25),
    ),
    shown_by=(
        shown(Fact.AUDIENCE_REFUSED),
        shown(Fact.AUDIENCES_DIFFER, Fact.FAILURES),
        shown(Fact.PLATFORM_SAID_401, Fact.AUDIENCE_CHANGED),
        shown(Fact.PLATFORM_SAID_401, Fact.FAILURES),
    ),
    contradicted_by=frozenset(
        {
            Fact.ON_EARLIER_REVISIONS_TOO,
            Fact.CUSTOM_AUDIENCES_LOST,
            Fact.INVOKER_CHANGED,
            Fact.PLATFORM_SAID_403,
        }
    ),
    neighbours=(
        Neighbour(
            "invoker_missing",
            (
                "the platform says 401 to a token for another audience, 403 to a caller "
                "who may not invoke"
            ),
        ),
        Neighbour("custom_audience_reset", "the audiences of the service are unchanged"),
        Neighbour("wrong_issuer", "the claim that is refused"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix="Let the caller ask for exactly the audience that the callee expects.",
    prove_by=(
        "`aud` of a fresh token holds the configured audience",
        "the golden path passes",
        "a token for another audience is still refused",
    ),
    drill="wrong-audience",
)
