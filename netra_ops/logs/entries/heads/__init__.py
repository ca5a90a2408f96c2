"""What plain lines say before their messages. Pure."""
