"""How an issue is written into a file of its own, and read back after people edited it.

    ---
    number: 7
    state: open
    title: GCP-new-P1-token-refresh-fails
    fingerprint: v1:9f3c
    aliases: ["v0:77aa"]
    related: [3]
    closed_at:
    closed_as:
    resolved_in:
    ---
    <!-- netra-fingerprint: v1:9f3c sighting 0a1b2c3d4e5f6071 -->
    What it is.

    <!-- netra-sighting: 77aa77aa77aa77aa of v1:9f3c -->
    What is new.

Between the lines of three hyphens stands YAML, in which people change `state`, `title`,
`resolved_in`, `closed_as` and `closed_at`. Below them they write what they like. Markers count
where a line is nothing but one: what is quoted from logs cannot be one (`marker`), and whoever may
edit the files may decide what is in them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from netra.clock import as_iso
from netra_ops.candidates.trees.node import Mapping, Node, Scalar, Sequence, TreeInvalid
from netra_ops.candidates.trees.yaml_tree import read_yaml
from netra_ops.issue_tracker.marker import SightingMarker, comment_marker, issue_marker
from netra_ops.issue_tracker.port import ClosedAs, Issue, State
from netra_ops.issue_tracker.sighting import is_fingerprint

_FENCE: Final = "---"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}")
_KNOWN: Final = frozenset(
    {
        "number",
        "state",
        "title",
        "fingerprint",
        "aliases",
        "related",
        "closed_at",
        "closed_as",
        "resolved_in",
    }
)


class FileInvalid(Exception):
    """A file is no issue; `says` is a sentence without its end, and holds nothing of the file.

    Attributes:
        line: Where, counted from 1.
        says: What is wrong.
    """

    def __init__(self, line: int, says: str) -> None:
        super().__init__(says)
        self.line = line
        self.says = says


@dataclass(frozen=True, slots=True)
class Page:
    """A file that was read: the issue, and the text below its front matter, to the letter."""

    issue: Issue
    text: str


def written(page: Page) -> str:
    """Write a file."""
    issue = page.issue
    closed_at = "" if issue.closed_at is None else as_iso(issue.closed_at)
    closed_as = "" if issue.is_open else str(issue.closed_as)
    lines = (
        _FENCE,
        f"number: {issue.number}",
        f"state: {issue.state}",
        f"title: {_text(issue.title)}",
        f"fingerprint: {issue.fingerprint}",
        f"aliases: {json.dumps(issue.aliases)}",
        f"related: {json.dumps(sorted(issue.related))}",
        f"closed_at: {closed_at}".rstrip(),
        f"closed_as: {closed_as}".rstrip(),
        f"resolved_in: {_text(issue.resolved_in)}".rstrip(),
        _FENCE,
    )
    return "\n".join(lines) + "\n" + page.text


def read(text: str, changed_at: float) -> Page:
    """Read a file.

    Args:
        text: Its content.
        changed_at: When it was changed last: so long it is closed, where nobody wrote since when.

    Raises:
        FileInvalid: It is no issue.
    """
    lines = text.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE]
    if len(ends) < 2 or ends[0] != 0:  # noqa: PLR2004 - it is between two such lines
        raise FileInvalid(1, f"does not begin with YAML between two lines of {_FENCE}")
    below = "\n".join(lines[ends[1] + 1 :])
    try:
        documents = read_yaml("\n".join(lines[1 : ends[1]]))
    except TreeInvalid as error:
        raise FileInvalid(error.line + 1, error.says) from None
    if len(documents) != 1 or not isinstance(documents[0], Mapping):
        raise FileInvalid(2, "has no names and values in its front matter")
    issue = _issue(documents[0], changed_at)
    return Page(replace(issue, keys=_keys(below)), below)


def _issue(top: Mapping, changed_at: float) -> Issue:
    for name in sorted(top.items.keys() - _KNOWN):
        raise FileInvalid(_line(top.items[name]), "has a name that is not known")
    state = _one_of(top, "state", {str(one) for one in State}, State.OPEN)
    closed_as = _one_of(top, "closed_as", {str(one) for one in ClosedAs}, ClosedAs.COMPLETED)
    closed_at = _time(top)
    fingerprint = top.text("fingerprint") or ""
    if not is_fingerprint(fingerprint):
        raise FileInvalid(_line(top.items.get("fingerprint", top)), "has no fingerprint")
    number = top.text("number") or ""
    if not _NUMBER.fullmatch(number):
        raise FileInvalid(_line(top.items.get("number", top)), "has no number")
    is_open = state == State.OPEN
    return Issue(
        number=int(number),
        title=top.text("title") or "",
        state=State(state),
        fingerprint=fingerprint,
        aliases=tuple(_list(top, "aliases", is_fingerprint)),
        related=frozenset(int(one) for one in _list(top, "related", _is_number)),
        closed_at=None if is_open else closed_at or changed_at,
        closed_as=ClosedAs(closed_as),
        resolved_in=top.text("resolved_in") or "",
    )


def _one_of(top: Mapping, name: str, known: set[str], otherwise: str) -> str:
    text = top.text(name)
    if text is None and not isinstance(top.at(name), Sequence | Mapping):
        return otherwise
    if text not in known:
        says = f"says {name}, which is one of {', '.join(sorted(known))}"
        raise FileInvalid(_line(top.items[name]), says)
    return text


def _time(top: Mapping) -> float | None:
    text = top.text("closed_at")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        says = "says closed_at, which is a time such as 2030-01-31T12:00:00Z"
        raise FileInvalid(_line(top.items["closed_at"]), says)
    return moment.timestamp()


def _list(top: Mapping, name: str, fits: Callable[[str], bool]) -> list[str]:
    node = top.at(name)
    if node is None:
        return []
    found: list[str] = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        if not (isinstance(item, Scalar) and fits(item.text)):
            raise FileInvalid(_line(item), f"has in {name} what does not belong there")
        found.append(item.text)
    return found


def _keys(below: str) -> frozenset[str]:
    keys: set[str] = set()
    for line in below.split("\n"):
        if (issue := issue_marker(line)) is not None:
            keys.add(issue.key)
        elif isinstance(comment := comment_marker(line), SightingMarker):
            keys.add(comment.key)
    return frozenset(keys)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _line(node: Node) -> int:
    return node.line + 1


def _text(text: str) -> str:
    # A text in JSON is the same text in YAML, whatever is in it.
    return json.dumps(text, ensure_ascii=False) if text else ""
