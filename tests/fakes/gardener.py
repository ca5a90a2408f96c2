"""Reading logs in tests: files made of bytes, and what is read of them."""

from io import BytesIO
from pathlib import Path

from netra_ops.logs.entries import Entry
from netra_ops.logs.reading import Account, Form, Reading, read, read_apart

NOW = 1_800_000_000_000_000_000
"""Later than all that tests write."""


def read_all(
    *inputs: str | Path, form: Form = Form.AUTO, gather: bool = True, now: int = NOW
) -> tuple[list[Entry], Account]:
    """Read inputs to their ends."""
    account = Account()
    batches = read(
        [str(one) for one in inputs], account, Reading(now=now, form=form, gather=gather)
    )
    return [entry for batch in batches for entry in batch], account


def read_bytes(
    data: bytes, *, form: Form = Form.AUTO, gather: bool = True, now: int = NOW
) -> tuple[list[Entry], Account]:
    """Read standard input that holds this."""
    account = Account()
    reading = Reading(now=now, form=form, gather=gather)
    batches = read(["-"], account, reading, BytesIO(data))
    return [entry for batch in batches for entry in batch], account


def messages_of(
    data: bytes, *, form: Form = Form.AUTO, now: int = NOW
) -> tuple[list[str], Account]:
    """Read the messages of the records of standard input that holds this, each by itself."""
    account = Account()
    batches = read_apart(["-"], account, Reading(now=now, form=form), BytesIO(data))
    records = [record for batch in batches for record in batch]
    return [one.message if isinstance(one, Entry) else one for one in records], account
