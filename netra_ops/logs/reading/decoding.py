"""Records become entries: JSON or plain, damaged ones by their text; each is counted once."""

import re
from itertools import islice
from typing import Final

import msgspec

from netra_ops.logs.entries import Entry, Kind
from netra_ops.logs.entries.cloud.log_entry import read_json
from netra_ops.logs.entries.colours import uncoloured
from netra_ops.logs.entries.heads.layout import Layout, layout_of
from netra_ops.logs.entries.heads.stripping import Stripping
from netra_ops.logs.entries.objects import NotReadable
from netra_ops.logs.entries.texts import read_line
from netra_ops.logs.reading.account import SourceAccount
from netra_ops.logs.reading.framing.block import Block
from netra_ops.logs.reading.framing.forms import Form

LONGEST_MESSAGE: Final = 1 << 16
"""How many characters of a message are kept."""

_OBJECT: Final = re.compile(rb"^\s*\{", re.MULTILINE)
_SAMPLE: Final = 1_000
_HEAD: Final = 1_000


class Decoder:
    """Decodes the records of one source.

    Args:
        source: Its index in the account.
        account: Is told what each record was.
        form: What records are taken for.
        now: Nanoseconds since the epoch, for dates without a year.
        keep_blank: Whether a blank line is an entry too.
    """

    def __init__(
        self, source: int, account: SourceAccount, form: Form, now: int, *, keep_blank: bool
    ) -> None:
        self._source = source
        self._account = account
        self._form = form
        self._now = now
        self._keep_blank = keep_blank
        self._layout: Layout | None = None
        self._stripping: Stripping | None = None

    def entries(self, block: Block) -> list[Entry]:
        """Decode a block; there is an entry for each record, blank lines apart."""
        account, found = self._account, []
        lines_only = self._form is Form.LINES
        account.records += len(block.records)
        number = block.first - 1
        for offset, length, record in zip(block.offsets, block.lengths, block.records, strict=True):
            number += 1
            entry = Entry(
                number=number,
                source=self._source,
                offset=offset,
                length=length,
                kind=Kind.LINE,
                message="",
            )
            if length > len(record):
                account.cut += 1
                entry.cut = True
            if record[:1] == b"{" and not lines_only:
                self._decode_json(record, entry)
            elif not record or record.isspace():
                account.blank += 1
                if not self._keep_blank:
                    continue
            elif lines_only or not self._looks_like_json(record):
                self._decode_line(block, record, entry)
            else:
                self._decode_json(record, entry)
            if "\0" in entry.message:
                account.with_nul += 1
                entry.message = entry.message.replace("\0", "\ufffd")
            if len(entry.message) > LONGEST_MESSAGE:
                entry.message, entry.cut = entry.message[:LONGEST_MESSAGE], True
            found.append(entry)
        return found

    def messages(self, block: Block) -> list[str] | None:
        """Give the message of each record of a block of plain lines and nothing else.

        Blank lines have one too. It is much quicker than entries; times are not read. None if there
        is anything but plain lines.
        """
        lines = self._plain(block)
        if lines is None:
            return None
        account = self._account
        account.records += len(lines)
        blank = sum(1 for line in lines if not line or line.isspace())
        account.blank += blank
        account.plain_records += len(lines) - blank
        if blank:
            lines = ["" if line.isspace() else line for line in lines]
        return (self._stripping or self._sample(block)).messages(lines)

    def _plain(self, block: Block) -> list[str] | None:
        """Decode a block of plain lines; None if there is anything else among them."""
        if self._account.form == "elements" or max(block.lengths) > LONGEST_MESSAGE:
            return None
        data = b"\n".join(block.records)
        if b"\0" in data or b"\x1b" in data or self._form is Form.LOGENTRY:
            return None
        if self._form is Form.AUTO and _OBJECT.search(data) is not None:
            return None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n").removesuffix("\r")
        return text.split("\n")

    def _looks_like_json(self, record: bytes) -> bool:
        if self._form is Form.LOGENTRY or self._account.form == "elements":
            return True
        return record.lstrip()[:1] == b"{"

    def _decode_json(self, record: bytes, entry: Entry) -> None:
        account = self._account
        try:
            try:
                read_json(record, entry)
            except UnicodeDecodeError:
                text = _text(record)
                read_json(text.encode("utf-8", "replace"), entry)
                account.mis_encoded += 1
        except NotReadable as error:
            self._keep_damaged(record, entry, str(error))
            return
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            self._keep_damaged(record, entry, type(error).__name__)
            return
        account.json_records += 1

    def _keep_damaged(self, record: bytes, entry: Entry, why: str) -> None:
        account = self._account
        is_text = self._form is Form.AUTO and account.form != "elements"
        if is_text and not entry.cut and not _begins_as_object(record):
            self._decode_line(None, record, entry)
            return
        entry.kind = Kind.DAMAGED
        entry.message = self._decoded(record[: 4 * LONGEST_MESSAGE])
        account.note_damage(
            entry.number, entry.offset, "longer than the limit" if entry.cut else why
        )

    def _decode_line(self, block: Block | None, record: bytes, entry: Entry) -> None:
        if self._stripping is None and block is not None:
            self._sample(block)
        self._account.plain_records += 1
        line = self._decoded(record[:-1] if record[-1:] == b"\r" else record)
        read_line(entry, line, self._now, self._layout)

    def _sample(self, block: Block) -> Stripping:
        """Learn from the first plain lines what stands before messages."""
        plain = (one for one in block.records if one[:1] != b"{")
        sample = [
            uncoloured(one[:_HEAD].decode("utf-8", "replace")) for one in islice(plain, _SAMPLE)
        ]
        self._layout = layout_of(sample)
        self._stripping = Stripping(sample, self._layout, self._now)
        return self._stripping

    def _decoded(self, record: bytes) -> str:
        """Decode text in whatever encoding."""
        try:
            text = record.decode()
        except UnicodeDecodeError:
            self._account.mis_encoded += 1
            text = _text(record)
        return text


def _text(record: bytes) -> str:
    """Decode what is not UTF-8: as Windows-1252, and what that has not as Latin-1."""
    try:
        return record.decode("cp1252")
    except UnicodeDecodeError:
        return record.decode("latin-1")


def _begins_as_object(record: bytes) -> bool:
    """Tell whether a line that is no JSON was surely meant to be."""
    return record.lstrip()[1:].lstrip()[:1] == b'"'
