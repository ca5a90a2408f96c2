"""The catalogue of causes, one file each."""
