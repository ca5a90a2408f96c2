"""A proxy takes the upgrade of handshakes away."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="upgrade_stripped",
    title="a proxy takes the upgrade of handshakes away",
    symptom=("WebSocket handshakes get 400, 426 or 200; plain HTTP is fine; directly it works."),
    mechanism=(
        "Upgrade and Connection are hop-by-hop headers: a proxy that does not pass "
        "them on, or speaks HTTP/1.0, turns a handshake into a request."
    ),
    expects=(
        decides(Fact.UPGRADE_MISSING, 0.85),
        decides(Fact.DIRECT_WORKS_PROXY_FAILS, 0.6),
        expects(Fact.SOCKETS_ONLY, 0.9),
    ),
    shown_by=(
        shown(Fact.UPGRADE_MISSING, Fact.SOCKETS_ONLY),
        shown(Fact.DIRECT_WORKS_PROXY_FAILS, Fact.SOCKETS_ONLY),
        shown(Fact.UPGRADE_MISSING),
        shown(Fact.DIRECT_WORKS_PROXY_FAILS, Fact.FAILURES),
    ),
    contradicted_by=frozenset(
        {
            Fact.REDIRECTED,
            Fact.CERTIFICATE_EXPIRED,
            Fact.ORIGIN_DECIDES,
            Fact.ORIGIN_REFUSED_SAID,
            Fact.SUBPROTOCOL_DECIDES,
            Fact.SUBPROTOCOL_SAID,
        }
    ),
    neighbours=(
        Neighbour("origin_blocked", "it fails without an Origin too"),
        Neighbour("subprotocol_not_negotiated", "it fails whatever subprotocol is offered"),
    ),
    caught_by=(CaughtBy.PROBE,),
    fix="Let the proxy speak HTTP/1.1 and pass Upgrade and Connection on.",
    prove_by=(
        "a handshake through the proxy is accepted",
        "a handshake with a bad token is still refused with 401",
    ),
    drill="upgrade-stripped",
)
