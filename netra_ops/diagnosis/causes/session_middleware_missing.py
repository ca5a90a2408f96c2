"""Requests use a session that was never installed."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="session_middleware_missing",
    title="requests use a session that was never installed",
    symptom="`SessionMiddleware must be installed to access request.session`.",
    mechanism="The middleware, or the secret it needs, is missing on this revision.",
    expects=(
        decides(Fact.SESSION_MIDDLEWARE_SAID, 0.97),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
        expects(Fact.COMMIT_TOUCHES_MIDDLEWARE, 0.4),
    ),
    shown_by=(shown(Fact.SESSION_MIDDLEWARE_SAID),),
    leads_to=frozenset({"code_error"}),
    neighbours=(Neighbour("code_error", "the error names the middleware"),),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=("Install the middleware with its secret, outside of whatever uses the session."),
    prove_by=(
        "the route that failed answers",
        "a session cookie is set and read back",
    ),
)
