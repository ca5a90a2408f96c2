"""Inputs to batches of entries, streaming, with an account of what was read and what was not."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, Final

import msgspec

from netra_ops.logs.entries import Entry
from netra_ops.logs.reading.account import Account, SourceAccount
from netra_ops.logs.reading.decoding import Decoder
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.block import Block
from netra_ops.logs.reading.framing.elements import elements_of
from netra_ops.logs.reading.framing.forms import Form, has_elements
from netra_ops.logs.reading.framing.lines import lines_of
from netra_ops.logs.reading.gathering import Gathering
from netra_ops.logs.reading.raw.inputs import Input, inputs_of
from netra_ops.logs.reading.raw.transcoding import transcoded
from netra_ops.logs.reading.raw.unpacking import unpacked

_HEAD: Final = 1_024


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How inputs are read.

    Attributes:
        now: The present, nanoseconds since the epoch: what is later is in the future, and a date
            without a year is the latest such that is not.
        form: What records are taken for.
        gather: Whether records that belong together become one entry: further parts, and lines of
            stack traces. Without it there is one entry for each record, blank lines too.
    """

    now: int
    form: Form = Form.AUTO
    gather: bool = True


def read(
    inputs: Iterable[str],
    account: Account,
    reading: Reading,
    standard_input: BinaryIO | None = None,
) -> Iterator[list[Entry]]:
    """Read inputs to their ends.

    Nothing that is wrong with a source stops the reading; the account says what was. Entries come
    about in the order in which they stand there: whoever needs them by time sorts them.

    Args:
        inputs: Paths of files and directories, `-` for standard input.
        account: Is told everything; it is complete when the last batch was given.
        reading: How.
        standard_input: What `-` stands for.
    """
    duplicates = Duplicates()
    for file, source in _opened(inputs, account, standard_input):
        decoder, blocks = _blocks(file, account, reading)
        gathering = Gathering(source) if reading.gather else None
        for block in blocks:
            entries = decoder.entries(block)
            _note(entries, account, source, duplicates, reading.now)
            yield gathering.gathered(entries) if gathering is not None else entries
        if gathering is not None:
            yield gathering.rest()


def read_apart(
    inputs: Iterable[str],
    account: Account,
    reading: Reading,
    standard_input: BinaryIO | None = None,
) -> Iterator[list[str] | list[Entry]]:
    """Read every record as one of its own, in their order, blank ones too.

    For clustering: of plain lines only the messages are given, which is much quicker. The account
    says nothing then of times, copies and clocks, and nothing is gathered.

    Args:
        inputs: As for `read`.
        account: As for `read`.
        reading: How; `gather` plays no part.
        standard_input: What `-` stands for.
    """
    apart = msgspec.structs.replace(reading, gather=False)
    for file, _ in _opened(inputs, account, standard_input):
        decoder, blocks = _blocks(file, account, apart)
        for block in blocks:
            messages = decoder.messages(block)
            yield decoder.entries(block) if messages is None else messages


def _opened(
    inputs: Iterable[str], account: Account, standard_input: BinaryIO | None
) -> Iterator[tuple[BinaryIO, SourceAccount]]:
    """Open each source in turn, and close it when the next one is asked for."""
    for found in inputs_of(inputs):
        if not isinstance(found, Input):
            account.skipped.append(found)
            continue
        source = SourceAccount(found.name)
        account.sources.append(source)
        try:
            file = found.open(standard_input)
        except OSError as error:
            source.failure = f"cannot be opened: {error.strerror or error}"
            continue
        try:
            yield file, source
        finally:
            if found.path is not None:
                file.close()


def _blocks(file: BinaryIO, account: Account, reading: Reading) -> tuple[Decoder, Iterator[Block]]:
    """Find out what a source is, and give what decodes its records, and these."""
    index, source = len(account.sources) - 1, account.sources[-1]
    chunks = transcoded(unpacked(file, source), source)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head.lstrip()) >= _HEAD:
            break
    in_elements = reading.form is not Form.LINES and has_elements(head)
    source.form = "elements" if in_elements else "lines"
    whole = chain((head,) if head else (), chunks)
    decoder = Decoder(index, source, reading.form, reading.now, keep_blank=not reading.gather)
    return decoder, elements_of(whole) if in_elements else lines_of(whole)


def _note(
    entries: Iterable[Entry],
    account: Account,
    source: SourceAccount,
    duplicates: Duplicates,
    now: int,
) -> None:
    """Count what each entry shows of time, copies, clocks and parts."""
    first, last = source.first, source.last
    for entry in entries:
        time = entry.time
        if time is None:
            source.without_time += 1
        elif time > now:
            source.in_the_future += 1
        else:
            if first is None or time < first:
                first = time
            if last is None or time > last:
                last = time
        if entry.insert_id is not None and duplicates.seen(entry.insert_id, time, entry.log_name):
            entry.duplicate = True
            source.duplicates += 1
        if entry.receive_time is not None and entry.instance is not None and time is not None:
            account.note_clock(entry.instance, entry.receive_time - time)
        if entry.split is not None:
            source.split += 1
    source.first, source.last = first, last
