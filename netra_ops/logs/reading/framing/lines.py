"""Lines: bytes up to a line feed, of any length, in blocks."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from netra_ops.logs.reading.framing.block import LIMIT, Block


def lines_of(chunks: Iterable[bytes], limit: int = LIMIT) -> Iterator[Block]:
    """Cut chunks into lines; what follows the last line feed is a line if there is anything.

    Args:
        chunks: The source's bytes.
        limit: How many bytes of a line are kept.
    """
    first, offset = 1, 0
    kept: list[bytes] = []
    held = dropped = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n")
        if end < 0:
            held, dropped = _hold(kept, held, dropped, chunk, limit)
            continue
        begin = chunk.find(b"\n")
        held, dropped = _hold(kept, held, dropped, chunk[:begin], limit)
        records = [b"".join(kept)]
        if end > begin:
            records += chunk[begin + 1 : end].split(b"\n")
        block = _block(first, offset, records, dropped, limit)
        yield block
        first += len(records)
        offset = block.offsets[-1] + block.lengths[-1] + 1
        kept.clear()
        held, dropped = _hold(kept, 0, 0, chunk[end + 1 :], limit)
    if held or dropped:
        yield _block(first, offset, [b"".join(kept)], dropped, limit)


def _hold(kept: list[bytes], held: int, dropped: int, piece: bytes, limit: int) -> tuple[int, int]:
    """Keep a piece of a line as far as there is room; give what is held and what is not."""
    room = limit - held
    if len(piece) > room:
        dropped += len(piece) - room
        piece = piece[:room]
    if piece:
        kept.append(piece)
    return held + len(piece), dropped


def _block(first: int, offset: int, records: list[bytes], dropped: int, limit: int) -> Block:
    lengths = [len(record) for record in records]
    lengths[0] += dropped
    if max(lengths) > limit:
        records = [record[:limit] for record in records]
    offsets = list(accumulate((length + 1 for length in lengths[:-1]), initial=offset))
    return Block(first, offsets, lengths, records)
