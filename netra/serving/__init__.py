"""What one connection may cost a server, whichever server it is."""

from netra.serving.exchange import HttpExchange, HttpPatience, Overstep
from netra.serving.server_bounds import Refusals, ServerBounds

__all__ = ["HttpExchange", "HttpPatience", "Overstep", "Refusals", "ServerBounds"]
