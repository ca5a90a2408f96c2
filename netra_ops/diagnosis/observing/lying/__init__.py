"""Pure: how the failures lie in time, and over revisions, instances, callers and requests."""
