"""What programs say of their configuration: what is missing, and what stands in for it."""
