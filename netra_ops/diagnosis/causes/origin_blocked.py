"""A browser's origin is not on the list."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="origin_blocked",
    title="a browser's origin is not on the list",
    symptom=(
        "Handshakes or requests from the page get 403; the same without an Origin "
        "works; often there is no line in the log."
    ),
    mechanism="The list of origins lacks the address the page is served from.",
    expects=(
        decides(Fact.ORIGIN_REFUSED_SAID, 0.75),
        decides(Fact.ORIGIN_DECIDES, 0.7),
        expects(Fact.SOCKETS_ONLY, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.5),
        expects(Fact.USERS_FAIL, 0.5),
    ),
    shown_by=(
        shown(Fact.ORIGIN_REFUSED_SAID),
        shown(Fact.ORIGIN_DECIDES),
    ),
    contradicted_by=frozenset({Fact.UPGRADE_MISSING, Fact.SUBPROTOCOL_DECIDES}),
    neighbours=(
        Neighbour("upgrade_stripped", "it works without an Origin"),
        Neighbour("subprotocol_not_negotiated", "it depends on the origin"),
        Neighbour(
            "middleware_order",
            ("the origin itself is refused, not the preflight for want of a credential"),
        ),
    ),
    caught_by=(CaughtBy.PROBE,),
    fix="Add the page's exact origin to the list; never allow all.",
    prove_by=(
        "a handshake from the page's origin is accepted",
        "one from a foreign origin is still refused with 403",
    ),
    drill="origin-blocked",
)
