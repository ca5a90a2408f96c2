"""Documents of a bundle as parts: JSON, JSON line by line, YAML, and what is left of a broken one.

Nothing a file holds is an error: what cannot be read is a problem with its place.
"""

import json
import re
from typing import Any, Final

from netra_ops.candidates.trees.node import Mapping, Node, Scalar, TreeInvalid
from netra_ops.candidates.trees.yaml_tree import read_yaml
from netra_ops.evidence.records.taking import Part, Remarks, parts_of
from netra_ops.logs.entries.objects import NotReadable, decoded_any

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FRACTION: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_MARK: Final = b"\xef\xbb\xbf"


def parts_in(data: bytes, file: str, remarks: Remarks) -> tuple[Part, ...]:
    """Give the parts of a document that may be records.

    Args:
        data: What the file holds.
        file: Its name, for references.
        remarks: Is told what is not as it should be.
    """
    content = data.removeprefix(_MARK)
    if not content.strip():
        remarks.add(file, "is empty")
        return ()
    try:
        return parts_of(decoded_any(content), file)
    except NotReadable:
        pass
    except UnicodeDecodeError:
        remarks.add(file, "is not UTF-8; what cannot be read in it was replaced")
        content = content.decode("utf-8", "replace").encode()
    return _otherwise(content, file, remarks)


def _otherwise(content: bytes, file: str, remarks: Remarks) -> tuple[Part, ...]:
    """Read what is no JSON document as a whole."""
    try:
        return parts_of(decoded_any(content), file)
    except NotReadable as error:
        why = str(error)
    text = content.decode()
    begins = text.lstrip()[:1]
    found: tuple[Part, ...] = ()
    if begins == "[":
        found = _unbroken(text, file)
    elif begins == "{":
        found = _line_by_line(text, file, remarks)
    if found:
        if begins == "[":
            remarks.add(file, f"is broken off or damaged after {len(found)} records ({why})")
        return found
    try:
        documents = [_value(document) for document in read_yaml(text)]
    except TreeInvalid as error:
        what = why if begins in {"[", "{"} else f"{error.says}, at line {error.line}"
        remarks.add(file, f"cannot be read: {what}")
        return ()
    return parts_of(documents[0] if len(documents) == 1 else documents, file)


def _unbroken(text: str, file: str) -> tuple[Part, ...]:
    """Read the elements of a list up to the first that is damaged."""
    decoder = json.JSONDecoder(strict=False)
    elements: list[Any] = []
    at = text.index("[") + 1
    while True:
        at = _after_blank(text, at)
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        elements.append(value)
        at = _after_blank(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    return parts_of(elements, file)


def _line_by_line(text: str, file: str, remarks: Remarks) -> tuple[Part, ...]:
    """Read one JSON document a line, as tools write them that never hold a whole list."""
    found: list[Part] = []
    damaged: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(Part(decoded_any(line.encode()), f"{file}:{number}"))
        except (NotReadable, UnicodeError):
            damaged.append(f"{file}:{number}")
            if len(damaged) > len(found) + 1:
                return ()
    for where in damaged:
        remarks.add(where, "is no JSON")
    return tuple(found)


def _after_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _value(node: Node) -> Any:
    """Give a tree as what JSON would have given; dates and other words of YAML stay texts."""
    if isinstance(node, Mapping):
        return {name: _value(inner) for name, inner in node.items.items()}
    if not isinstance(node, Scalar):
        return [_value(inner) for inner in node]
    return node.text if node.is_text else _plain(node)


def _plain(node: Scalar) -> Any:
    if node.is_nothing:
        return None
    if node.text in {"true", "false"}:
        return node.text == "true"
    if _NUMBER.fullmatch(node.text):
        return int(node.text)
    return float(node.text) if _FRACTION.fullmatch(node.text) else node.text
