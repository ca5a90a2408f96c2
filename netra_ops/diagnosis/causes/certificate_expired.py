"""A certificate is past its end, or the renewed one was not loaded."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="certificate_expired",
    title="a certificate is past its end, or the renewed one was not loaded",
    symptom="`certificate has expired`; it may differ from hop to hop.",
    mechanism="TLS ends before any credential is seen.",
    expects=(
        decides(Fact.CERTIFICATE_EXPIRED_SAID, 0.95),
        decides(Fact.CERTIFICATE_EXPIRED, 0.6),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.7),
        expects(Fact.AUTH_SERVICE_SILENT, 0.3),
    ),
    shown_by=(
        shown(Fact.CERTIFICATE_EXPIRED_SAID),
        shown(Fact.CERTIFICATE_EXPIRED, Fact.FAILURES),
    ),
    leads_to=frozenset(
        {"auth_service_unreachable", "database_unreachable", "breaker_stuck_open", "startup_failed"}
    ),
    neighbours=(
        Neighbour(
            "auth_service_unreachable", "the connection is made, and its certificate refused"
        ),
        Neighbour("clock_skew", "the certificate's end is past by every clock"),
    ),
    caught_by=(CaughtBy.PROBE,),
    fix="Renew the certificate and have every hop load it; watch its end.",
    prove_by=(
        "each hop shows a certificate whose end lies ahead",
        "the golden path passes",
    ),
)
