"""What one connection may cost a server, whichever server it is; whether a process has traffic."""

from netra.serving.exchange import HttpExchange, HttpPatience, Overstep
from netra.serving.server_bounds import Refusals, ServerBounds
from netra.serving.standby import Standby, TrafficWatch

__all__ = [
    "HttpExchange",
    "HttpPatience",
    "Overstep",
    "Refusals",
    "ServerBounds",
    "Standby",
    "TrafficWatch",
]
