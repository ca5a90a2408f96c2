"""Growing logs, told of while they grow: what is new in them, what jumps, and what falls silent."""
