"""By whose word a fault passes the gate: the recorded override, and waivers for the traffic. Pure.

The gate's override reaches rules and probes; what traffic shows is passed by a waiver alone. Both
are recorded in the ledger of the drill's own installation, as they would be anywhere.
"""

from typing import Final

import msgspec

from netra.clock import as_iso
from netra_ops.deploy.checks import traffic
from netra_ops.findings import Verdict

REASON: Final = "a drill: this fault is let through on purpose"
_PERSON: Final = "netra drill"
_SECONDS: Final = 3600.0


def waivers(service: str, now: float) -> str:
    """Write a file of waivers for everything that traffic may show of a service, for an hour."""
    entries = [
        {
            "check": check,
            "service": service,
            "reason": REASON,
            "person": _PERSON,
            "expires": as_iso(now + _SECONDS),
            "verdicts": [Verdict.FAIL.value, Verdict.UNKNOWN.value],
        }
        for check in sorted(traffic.ALL - {"split_held"})
    ]
    return msgspec.json.encode({"waivers": entries}).decode()
