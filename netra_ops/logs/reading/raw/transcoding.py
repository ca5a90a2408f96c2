"""Sources in another encoding than UTF-8 as a whole; a byte order mark or the first bytes tell."""

import codecs
from collections.abc import Iterator
from typing import Final

from netra_ops.logs.reading.account import SourceAccount

_MARKS: Final = (
    (codecs.BOM_UTF8, None),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD: Final = 4_096
_MOSTLY: Final = 0.7
_BINARY: Final = 0.1


def transcoded(chunks: Iterator[bytes], account: SourceAccount) -> Iterator[bytes]:
    """Give a source's chunks in UTF-8, without a byte order mark.

    Bytes that are not UTF-8 in a source that has no other encoding as a whole stay as they are.
    """
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    marked = next((pair for pair in _MARKS if head.startswith(pair[0])), None)
    if marked is not None:
        head = head[len(marked[0]) :]
    encoding = marked[1] if marked is not None else _guessed(head, account)
    if encoding is None:
        yield from _counted(head, chunks, account)
        return
    account.encoding = encoding
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield from _counted(b"", _decoded(decoder, head, chunks, account), account)


def _guessed(head: bytes, account: SourceAccount) -> str | None:
    """Recognise UTF-16 without a mark: every second byte of plain text is then NUL."""
    sample = head[: _HEAD & ~1]
    if not sample or b"\0" not in sample:
        return None
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half and odd >= _MOSTLY * half and even <= half // 10:
        return "utf-16-le"
    if half and even >= _MOSTLY * half and odd <= half // 10:
        return "utf-16-be"
    account.looks_binary = sample.count(0) > _BINARY * len(sample)
    return None


def _decoded(
    decoder: codecs.IncrementalDecoder,
    head: bytes,
    chunks: Iterator[bytes],
    account: SourceAccount,
) -> Iterator[bytes]:
    text = decoder.decode(head)
    while True:
        account.replaced += text.count("\ufffd")
        if text:
            # What is encoded in more than one piece may hold half a pair.
            yield text.encode("utf-8", "replace")
        chunk = next(chunks, None)
        if chunk is None:
            break
        text = decoder.decode(chunk)
    rest = decoder.decode(b"", final=True)
    account.replaced += rest.count("\ufffd")
    if rest:
        yield rest.encode("utf-8", "replace")


def _counted(head: bytes, chunks: Iterator[bytes], account: SourceAccount) -> Iterator[bytes]:
    if head:
        account.text_bytes += len(head)
        yield head
    for chunk in chunks:
        account.text_bytes += len(chunk)
        yield chunk
