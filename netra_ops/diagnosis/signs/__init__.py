"""What lines of logs mean, whoever wrote them; and the log of a bundle counted by it."""
