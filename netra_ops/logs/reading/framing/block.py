"""Some records of one source, as bytes."""

from typing import Final, NamedTuple

LIMIT: Final = 1 << 20
"""How many bytes of one record are kept; of a longer one it is the beginning."""


class Block(NamedTuple):
    """Records that follow each other.

    Attributes:
        first: The number of the first.
        offsets: Where each begins, in bytes.
        lengths: How many bytes each has, of which at most `LIMIT` are here.
        records: The bytes of each, without a line's end.
    """

    first: int
    offsets: list[int]
    lengths: list[int]
    records: list[bytes]
