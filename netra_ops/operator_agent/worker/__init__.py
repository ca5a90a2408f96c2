"""The process that looks: it needs what the toolkit needs, which the service need not have."""
