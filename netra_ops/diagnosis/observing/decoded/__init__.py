"""What probes show of tokens and values that they decode and measure. Pure."""
