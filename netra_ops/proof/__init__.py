"""Whether a repair holds: what failed does not, and would have shown if it still did."""
