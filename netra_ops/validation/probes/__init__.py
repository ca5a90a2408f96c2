"""Single observations of a running system, as probes of a bundle; none changes anything."""
