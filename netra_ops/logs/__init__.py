"""Logs as they are: what each record says, and exports read as records."""
