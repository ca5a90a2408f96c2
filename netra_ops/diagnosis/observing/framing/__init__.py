"""Pure: what a log tells of, request by request, and which of its failures matter."""
