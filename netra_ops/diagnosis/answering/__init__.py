"""The answer, as far as the evidence carries it. Pure."""
