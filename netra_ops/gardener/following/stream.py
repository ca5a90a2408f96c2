"""The bytes of one growing source to its entries: whole lines only, and what belongs together.

Pure but for what is held back, which is given when nothing came for a moment. Text that is no UTF-8
is read line by line as Windows-1252; a source in another encoding as a whole is not followed.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from netra_ops.gardener.following.watch.watching import Arrived
from netra_ops.logs.entries import Entry
from netra_ops.logs.reading.account import SourceAccount
from netra_ops.logs.reading.decoding import Decoder
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.block import LIMIT, Block
from netra_ops.logs.reading.framing.forms import Form
from netra_ops.logs.reading.framing.lines import lines_of
from netra_ops.logs.reading.gathering import Gathering

QUIET: Final = 0.6
"""Seconds without a line after which what is held back is given."""
_LONG: Final = 1.5
"""Seconds after which it is given as soon as nothing came since the last look."""
_LONGEST: Final = 2.5
"""Seconds after which it is given anyway."""
_ENOUGH: Final = (20, 200)
"""Lines after which the columns before messages are learned, and learned better."""
_MOST_SAMPLED: Final = _ENOUGH[-1]
_SAMPLED: Final = 1_000
_DECODER_SECONDS: Final = 3600.0
"""A decoder takes the time of its making for the present."""


class Lines:
    """Cuts what comes into whole lines; a half one waits for its end.

    Args:
        offset: Where in the source the first byte is.
    """

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset
        self._number = 1
        self._half: list[bytes] = []
        self._held = self._dropped = 0

    @property
    def is_within(self) -> bool:
        """Whether a half line is waiting."""
        return bool(self._half)

    def take(self, chunk: bytes) -> list[Block]:
        """Take bytes, and give the lines that are whole by now."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._hold(chunk)
            return []
        blocks = self._cut(chunk[:end])
        self._hold(chunk[end:])
        return blocks

    def rest(self) -> list[Block]:
        """Give the half line, when its end will not come."""
        return self._cut(b"") if self._half else []

    def _hold(self, piece: bytes) -> None:
        kept = piece[: LIMIT + 1 - self._held]
        if kept:
            self._half.append(kept)
        self._held += len(kept)
        self._dropped += len(piece) - len(kept)

    def _cut(self, whole: bytes) -> list[Block]:
        (block,) = lines_of([*self._half, whole])
        block.lengths[0] += self._dropped
        first, *others = (self._offset + offset for offset in block.offsets)
        offsets = [first, *(offset + self._dropped for offset in others)]
        found = block._replace(first=self._number, offsets=offsets)
        self._number += len(found.records)
        self._offset = offsets[-1] + found.lengths[-1] + 1
        self._half.clear()
        self._held = self._dropped = 0
        return [found]


class Stream:
    """One growing source.

    Args:
        name: What it is called.
        form: What its records are taken for.
        at: Seconds since the epoch, for dates without a year.
        now: The same moment in seconds of the clock that all else is told by.
        duplicates: Knows copies, of this source and of others.
        offset: Where in the source the first byte is that comes; beyond 0 records are not
            numbered from its beginning.
        framing: `lines`, or `elements` of JSON.
    """

    def __init__(
        self,
        name: str,
        form: Form,
        at: float,
        now: float,
        duplicates: Duplicates,
        offset: int = 0,
        framing: str = "lines",
    ) -> None:
        self.name = name
        self._form = form
        self._ahead = at - now
        self._duplicates = duplicates
        self._numbered = offset == 0
        self._framing = framing
        self._lines = Lines(offset)
        self._sample: list[bytes] = []
        self._gathering = Gathering(SourceAccount(name))
        self._held_since: float | None = None
        self._came = now
        self._begin_decoding(now)

    def take(self, chunk: bytes, now: float) -> Arrived:
        """Take bytes, and give the entries that are complete by now.

        Args:
            chunk: What was read.
            now: When.
        """
        return self.take_blocks(self._lines.take(chunk), now)

    def take_blocks(self, blocks: Sequence[Block], now: float) -> Arrived:
        """Take whole records; see `take`."""
        ready: list[Entry] = []
        for block in blocks:
            entries = self._decoded(block, now)
            for entry in entries:
                if entry.insert_id is not None:
                    entry.duplicate = self._duplicates.seen(
                        entry.insert_id, entry.time, entry.log_name
                    )
            ready += self._gathering.gathered(entries)
        if blocks:
            self._came = now
            if self._held_since is None:
                self._held_since = now
        return Arrived(self.name, ready, self._numbered)

    def pause(self, now: float) -> Arrived:
        """Give what is held back, if nothing came for a moment or it is held for long."""
        if self._held_since is None or not self._may_pause(now - self._came, now):
            return Arrived(self.name, ())
        return self.flush()

    def flush(self) -> Arrived:
        """Give what is held back now; a half line waits on."""
        self._held_since = None
        return Arrived(self.name, self._gathering.rest(), self._numbered, self._came)

    def _may_pause(self, quiet: float, now: float) -> bool:
        held = 0.0 if self._held_since is None else now - self._held_since
        if held >= _LONGEST:
            return True
        # A half line may be the next one of a trace.
        return not self._lines.is_within and (quiet >= QUIET or (held >= _LONG and quiet > 0))

    def end(self, now: float) -> Arrived:
        """Give everything, since nothing more will come."""
        last = self.take_blocks(self._lines.rest(), now)
        return Arrived(self.name, [*last.entries, *self.flush().entries], self._numbered)

    def _decoded(self, block: Block, now: float) -> list[Entry]:
        before = len(self._sample)
        if before < _MOST_SAMPLED:
            lines = (one[:_SAMPLED] for one in block.records if one[:1] != b"{")
            self._sample += islice(lines, _MOST_SAMPLED - before)
        is_wiser = any(before < enough <= len(self._sample) for enough in _ENOUGH)
        if is_wiser or now - self._decoding_since >= _DECODER_SECONDS:
            self._begin_decoding(now)
        return self._decoder.entries(block)

    def _begin_decoding(self, now: float) -> None:
        """Begin with what is known by now: columns of the lines so far, and the time."""
        self._decoding_since = now
        account = SourceAccount(self.name, form=self._framing)
        self._decoder = Decoder(
            0, account, self._form, round((self._ahead + now) * 1e9), keep_blank=False
        )
        if self._sample:
            zeroes = [0] * len(self._sample)
            self._decoder.entries(Block(1, zeroes, list(map(len, self._sample)), self._sample))
