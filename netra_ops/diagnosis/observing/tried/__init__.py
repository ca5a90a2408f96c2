"""What probes show, whatever their writers called them. Pure."""
