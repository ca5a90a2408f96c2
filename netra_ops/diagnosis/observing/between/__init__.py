"""Whether what services must have alike is alike, and in which form. Pure."""
