"""What the auth service recorded of what was tried, and of what was changed. Pure."""
