"""The command that follows growing logs."""
