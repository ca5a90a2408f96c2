"""Drill: a proxy before the backend does not pass on that a socket is asked for."""

from netra_ops.drills.drill import Drill, Happening
from netra_ops.drills.faults.between import UpgradeStripped

_PROXY = UpgradeStripped()

DRILL = Drill(
    name="upgrade-stripped",
    cause="upgrade_stripped",
    title="a proxy before the backend does not pass on that a socket is asked for",
    fault=Happening(
        begin=_PROXY.begin,
        end=_PROXY.end,
        remedy="the proxy passes Upgrade and Connection on again",
        between=_PROXY.before,
    ),
)
