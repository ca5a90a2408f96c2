"""The commands that find causes: of what happened, and what proves that it is over."""
