"""What one record of a log says: its text, its time, whom and what it is about. Pure."""

from netra_ops.logs.entries.entry import (
    Audit,
    Entry,
    Frame,
    Http,
    Kind,
    Level,
    Raised,
    Split,
    Stack,
)

__all__ = ["Audit", "Entry", "Frame", "Http", "Kind", "Level", "Raised", "Split", "Stack"]
