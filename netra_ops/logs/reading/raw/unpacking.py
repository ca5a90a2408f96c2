"""Compressed sources, told by their first bytes: gzip and zstd, also several members in a row.

What cannot be unpacked ends the source: what came before is kept, and the account says why.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

import zstandard

from netra_ops.logs.reading.account import SourceAccount

CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b\x08"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"
_WITH_HEADER: Final = 31
_STEP: Final = 1 << 10
_WINDOW: Final = 1 << 27
_HEAD: Final = 4


def unpacked(file: BinaryIO, account: SourceAccount) -> Iterator[bytes]:
    """Give a source's bytes in chunks of about one MiB, decompressed if they are compressed.

    Args:
        file: Opened for reading.
        account: Is told what was read, and how it breaks off.
    """
    chunks = _chunks(file, account)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    if head.startswith(_GZIP):
        account.compression = "gzip"
        yield from _gunzipped(head, chunks, account)
    elif head.startswith(_ZSTD) or (head[1:_HEAD] == _ZSTD_SKIPPABLE and head[0] >> 4 == 5):  # noqa: PLR2004 - the format's sixteen magic numbers
        account.compression = "zstd"
        yield from _unzstd(head, chunks, account)
    else:
        if head:
            yield head
        yield from chunks


def _chunks(file: BinaryIO, account: SourceAccount) -> Iterator[bytes]:
    while True:
        try:
            chunk = file.read(CHUNK)
        except OSError as error:
            account.failure = f"cannot be read on: {error.strerror}"
            return
        if not chunk:
            return
        account.bytes_read += len(chunk)
        yield chunk


def _gunzipped(head: bytes, chunks: Iterator[bytes], account: SourceAccount) -> Iterator[bytes]:
    member = zlib.decompressobj(_WITH_HEADER)
    data = head
    while True:
        try:
            text = member.decompress(data, CHUNK)
        except zlib.error as error:
            account.truncated = f"gzip is damaged ({_reason(error)})"
            return
        if text:
            yield text
        if member.eof:
            data = (member.unused_data or next(chunks, b"")).lstrip(b"\0")
            while not data and (more := next(chunks, b"")):
                data = more.lstrip(b"\0")
            if not data:
                return
            member = zlib.decompressobj(_WITH_HEADER)
            continue
        data = member.unconsumed_tail or (b"" if text and len(text) == CHUNK else next(chunks, b""))
        if not data and not text:
            account.truncated = "gzip breaks off"
            return


def _reason(error: zlib.error) -> str:
    return str(error).rpartition(": ")[2] or "unreadable"


def _unzstd(head: bytes, chunks: Iterator[bytes], account: SourceAccount) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    frame = unpacker.decompressobj()
    is_begun = False
    for data in _small(head, chunks):
        rest = data
        while rest:
            is_begun = True
            try:
                text = frame.decompress(rest)
            except zstandard.ZstdError:
                account.truncated = "zstd is damaged"
                return
            if text:
                yield text
            rest = b""
            if frame.eof:
                rest, is_begun = frame.unused_data, False
                frame = unpacker.decompressobj()
    if is_begun:
        account.truncated = "zstd breaks off"


def _small(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Give small pieces: what one of them unpacks to comes at once, and must be bounded."""
    data: bytes | None = head
    while data is not None:
        for at in range(0, len(data), _STEP):
            yield data[at : at + _STEP]
        data = next(chunks, None)
