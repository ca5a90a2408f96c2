"""The WebSocket's subprotocol is not agreed on."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="subprotocol_not_negotiated",
    title="the WebSocket's subprotocol is not agreed on",
    symptom=(
        "Handshakes pass the edge and fail at the service, or at the client, over "
        "Sec-WebSocket-Protocol."
    ),
    mechanism=(
        "The client offers a subprotocol that the server does not answer, or "
        "answers with another, or with an empty header."
    ),
    expects=(
        decides(Fact.SUBPROTOCOL_SAID, 0.85),
        decides(Fact.SUBPROTOCOL_DECIDES, 0.6),
        expects(Fact.SOCKETS_ONLY, 0.9),
    ),
    shown_by=(
        shown(Fact.SUBPROTOCOL_SAID),
        shown(Fact.SUBPROTOCOL_DECIDES),
    ),
    contradicted_by=frozenset({Fact.UPGRADE_MISSING, Fact.ORIGIN_DECIDES}),
    neighbours=(
        Neighbour("upgrade_stripped", "the upgrade arrives"),
        Neighbour("origin_blocked", "it depends on the subprotocol, not on the origin"),
    ),
    caught_by=(CaughtBy.PROBE,),
    fix=(
        "Let the server answer exactly one of the subprotocols offered, and the "
        "client offer what the server knows."
    ),
    prove_by=(
        "a handshake with the subprotocol is accepted and names it",
        "one with a foreign subprotocol gets the documented answer",
    ),
)
