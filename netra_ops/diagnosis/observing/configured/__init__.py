"""What revisions and fingerprints show of how services were configured. Pure."""
