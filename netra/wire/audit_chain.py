"""How the audit record is chained, for whoever writes it and whoever checks it. Pure.

Each row carries a hash over the hash of the row before it and its own content, so that no row can
be changed, left out or put in without changing every hash after it. Who keeps one hash elsewhere
(an anchor) can tell later that everything up to it is as it was.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

GENESIS_HASH: Final = "0" * 64
"""What stands before the first row."""

LINKED_MEMBERS: Final = (
    "audit_id",
    "recorded_at",
    "event",
    "outcome",
    "actor",
    "client_id",
    "subject",
    "token_hash",
    "reason",
    "request_id",
    "address",
    "seq",
)
"""The members of a row that its hash covers: all that are stored, the hash itself excepted."""

_AS_JSON: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, check_circular=False
).encode


def chain_hash(previous_hash: str, row: Mapping[str, object]) -> str:
    """Give the hash of a row that follows the row with `previous_hash`.

    Args:
        previous_hash: The `chain_hash` of the row before, or `GENESIS_HASH`.
        row: The row by the names of its members; others than `LINKED_MEMBERS` do not count.
            `recorded_at` is a float as it is stored: its shortest form is what is hashed.
    """
    content = _AS_JSON({name: row[name] for name in LINKED_MEMBERS})
    return sha256(f"{previous_hash}\n{content}".encode()).hexdigest()
