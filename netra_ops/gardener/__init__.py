"""From any export of logs to the few things that really happened."""
