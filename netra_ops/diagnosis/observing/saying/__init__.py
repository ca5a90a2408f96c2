"""What lines of the log say, as observations: what of it matters, what is not said. Pure."""
