"""Leaves entries out of a log that is too long, and finds one in it."""

import json
import re
from collections.abc import Sequence

from corpus.making.freezing import (
    Entry,
)


def thinned(entries: Sequence[Entry], most: int) -> list[Entry]:
    """Leave entries out where there are too many bytes: ordinary ones first, then repetitions."""
    sizes = [len(json.dumps(entry)) for entry in entries]
    spare = sum(sizes) - most
    gone: set[int] = set()
    ordinary = [number for number, entry in enumerate(entries) if _ordinary(entry)]
    seen: set[str] = set()
    repeated: list[int] = []
    for number, entry in enumerate(entries):
        kind = _kind(entry)
        apart = str(entry.get("textPayload", "")).startswith((" ", "Traceback"))
        if kind in seen and not _ordinary(entry) and not apart:
            repeated.append(number)
        seen.add(kind)
    for numbers, share in ((ordinary, 0.7), (repeated, 0.8)):
        mean = sum(sizes[number] for number in numbers) / (len(numbers) or 1)
        count = min(int(len(numbers) * share), int(spare // (mean or 1)) + 1) if spare > 0 else 0
        chosen = {numbers[one * len(numbers) // count] for one in range(count)}
        spare -= sum(sizes[number] for number in chosen)
        gone |= chosen
    return [entry for number, entry in enumerate(entries) if number not in gone]


def _kind(entry: Entry) -> str:
    said = entry.get("textPayload") or entry.get("jsonPayload") or entry.get("httpRequest")
    bare = re.sub(r"[0-9a-f]*\d[0-9a-f]*", "", str(said))[:90]
    return f"{entry['resource']['labels']['revision_name']} {bare}"


def _ordinary(entry: Entry) -> bool:
    request = entry.get("httpRequest")
    if request is not None:
        return bool(request["status"] == 200)
    return '" 200' in str(entry.get("textPayload", ""))


def line_of(entries: Sequence[Entry], text: str) -> str:
    """Give the place of the first entry that holds a text.

    Raises:
        ValueError: None does.
    """
    for number, entry in enumerate(entries, 1):
        if text in str(entry.get("textPayload") or entry.get("jsonPayload") or "") or (
            "httpRequest" in entry and text in _request_text(entry)
        ):
            return f"logs.ndjson:{number}"
    raise ValueError(f"no entry holds {text!r}")


def _request_text(entry: Entry) -> str:
    request = entry["httpRequest"]
    return f"{request['requestMethod']} {request['requestUrl']} {request['status']}"
