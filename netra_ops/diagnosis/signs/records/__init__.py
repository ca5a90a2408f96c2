"""What one record of a log tells beside its words: request, caller, what was called. Pure."""
