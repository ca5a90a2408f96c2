"""Reading logs in tests: files made of bytes, and what is read of them."""

from io import BytesIO
from pathlib import Path

from netra_ops.gardener.entries import Entry
from netra_ops.gardener.reading import Account, Form, Reading, read, read_texts

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
    """Read only the messages of standard input that holds this."""
    account = Account()
    batches = read_texts(["-"], account, Reading(now=now, form=form), BytesIO(data))
    return [message for batch in batches for message in batch.messages], account
