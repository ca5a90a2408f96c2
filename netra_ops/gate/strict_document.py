"""A YAML or JSON document as plain values, with nothing in it that could be meant otherwise.

Refused are names given twice, references within the document (which can make it grow without
end), tags, several documents, and what is nested deeply. Pure.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

_DEEPEST: Final = 20
_TAG: Final = "tag:yaml.org,2002:"
_TEXTS: Final = frozenset({"str", "int", "float", "timestamp", "value"})
_TRUE: Final = frozenset({"yes", "true", "on"})


class Unreadable(Exception):
    """It is no such document; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says.

    Attributes:
        value: Mappings, lists, texts, booleans and None; numbers and times of YAML are texts, as
            they are written there.
        lines: The line of each place, such as `waivers[0].check`; empty for JSON.
    """

    value: Any
    lines: dict[str, int] = field(default_factory=dict)


def parsed(content: bytes, suffix: str) -> Document:
    """Read a document in the form that the suffix of its file names.

    Raises:
        Unreadable: It is something else, or has in it what is refused.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text. Save it as UTF-8.") from error
    match suffix.lower():
        case ".json":
            return Document(_json(text))
        case ".yaml" | ".yml":
            return _yaml(text)
        case _:
            raise Unreadable("its name ends in none of .yaml, .yml and .json. Give it one.")


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"line {error.lineno}: it is not JSON: {error.msg}. Mend it there."
        ) from error
    except RecursionError as error:
        raise Unreadable("it is nested too deeply. Write it flat.") from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise Unreadable(f"{name} is given twice. Keep one.")
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON. Write a number.")


def _yaml(text: str) -> Document:
    try:
        _refuse_what_can_grow(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise Unreadable(
            f"{where}it is not YAML: {error.problem or error.context}. Mend it there."
        ) from error
    except yaml.YAMLError as error:
        raise Unreadable("it has letters in it that YAML does not allow. Remove them.") from error
    lines: dict[str, int] = {}
    return Document(None if node is None else _value(node, "", lines), lines)


def _refuse_what_can_grow(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "anchor", None) is not None:
            raise Unreadable(f"line {line}: it refers to itself (& or *). Write it out.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise Unreadable(f"line {line}: it is nested too deeply. Write it flat.")


def _value(node: Any, place: str, lines: dict[str, int]) -> Any:
    lines[place] = line = node.start_mark.line + 1
    kind = node.tag.removeprefix(_TAG)
    if isinstance(node, yaml.SequenceNode) and kind == "seq":
        return [_value(part, f"{place}[{n}]", lines) for n, part in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and kind == "map":
        members: dict[str, Any] = {}
        for key, member in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                raise Unreadable(f"line {line}: a name in it is no text. Write one.")
            if name in members:
                at = key.start_mark.line + 1
                raise Unreadable(f"line {at}: {name} is given twice. Keep one.")
            members[name] = _value(member, f"{place}.{name}" if place else name, lines)
        return members
    if isinstance(node, yaml.ScalarNode):
        if kind in _TEXTS:
            return node.value
        if kind == "null":
            return None
        if kind == "bool":
            return node.value.lower() in _TRUE
    raise Unreadable(f"line {line}: it has a tag (!). Remove it.")
