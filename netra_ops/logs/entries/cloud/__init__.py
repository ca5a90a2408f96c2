"""Records in the forms of Cloud Logging, and of programs that write for it. Pure."""
