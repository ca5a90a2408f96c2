"""Exports of logs, read while they stream; and the account of what was read and what was not."""

from netra_ops.logs.reading.account import Account, SourceAccount
from netra_ops.logs.reading.framing.forms import Form
from netra_ops.logs.reading.reader import Reading, read, read_apart

__all__ = ["Account", "Form", "Reading", "SourceAccount", "read", "read_apart"]
