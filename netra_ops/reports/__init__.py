"""What people are given to read of an incident: every statement with the place where it stands."""
