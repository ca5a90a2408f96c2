"""A redirect took the Authorization header away."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="redirect_drops_authorization",
    title="a redirect took the Authorization header away",
    symptom="301, 307 or 308 and then 401 at the second hop; asked directly it works.",
    mechanism=(
        "Clients drop credentials when they are redirected to another scheme or "
        "host, and the second request carries none."
    ),
    expects=(
        decides(Fact.REDIRECT_BEFORE_REFUSAL, 0.85),
        decides(Fact.REDIRECTED, 0.6),
        expects(Fact.CREDENTIAL_MISSING, 0.6),
        expects(Fact.DIRECT_WORKS_PROXY_FAILS, 0.2),
    ),
    shown_by=(
        shown(Fact.REDIRECT_BEFORE_REFUSAL),
        shown(Fact.REDIRECTED, Fact.CREDENTIAL_MISSING),
        shown(Fact.REDIRECTED, Fact.FAILURES),
    ),
    leads_to=frozenset({"caller_without_credential"}),
    neighbours=(
        Neighbour(
            "caller_without_credential",
            "the caller did send a credential, to the address that redirects",
        ),
    ),
    caught_by=(CaughtBy.PROBE,),
    fix=(
        "Call the final address, https and with the trailing slash the route has; "
        "no redirects between services."
    ),
    prove_by=(
        "no call between services is redirected",
        "the same call with a credential is admitted",
    ),
)
