"""What was read of each source, and what was not as it should be, in words. Pure."""

from collections.abc import Iterator

from netra_ops.findings import printable
from netra_ops.gardener.worklog.document import SourceRead
from netra_ops.logs.reading.account import Account, SourceAccount


def sources_read(account: Account) -> tuple[SourceRead, ...]:
    """Say of each source what was read, and what was not as it should be."""
    return tuple(
        SourceRead(
            name=printable(one.name),
            form=_form(one),
            records=one.records,
            remarks=tuple(_remarks(one)),
        )
        for one in account.sources
    )


def _form(one: SourceAccount) -> str:
    kinds = ((one.json_records, "JSON"), (one.plain_records, "text"))
    form = " and ".join(kind for count, kind in kinds if count) or "nothing"
    return f"{form}, {one.compression}" if one.compression else form


def _remarks(one: SourceAccount) -> Iterator[str]:
    counted = (
        (one.damaged, "damaged, and kept by their text"),
        (one.cut, "longer than is read; their beginning is kept"),
        (one.mis_encoded, "not UTF-8, and read as Windows-1252"),
        (one.with_nul, "with NUL bytes"),
        (one.duplicates, "copies of others"),
        (one.without_time, "without a time"),
        (one.in_the_future, "of the future"),
        (one.folded, "parts of others"),
        (one.incomplete_splits, "long ones of which parts are missing"),
    )
    for count, what in counted:
        if count:
            yield f"{count:,} {what}"
    if one.encoding != "utf-8":
        yield f"it is {one.encoding}"
    if one.looks_binary:
        yield "it looks like no text"
    for place in one.places:
        yield f"record {place.number}: {place.why}"
    if one.truncated:
        yield f"it breaks off: {one.truncated}"
    if one.failure:
        yield f"not read to its end: {one.failure}"
