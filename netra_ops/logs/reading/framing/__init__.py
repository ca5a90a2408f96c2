"""Where one record ends and the next begins. Pure."""
