"""Reads YAML as a tree, by its events alone: nothing is constructed, expanded or resolved.

Refused besides what is no YAML: aliases, anchors and merge keys, with which a short text can stand
for a huge one or for parts nobody sees; tags; names that are not texts; and what `node` refuses.
"""

import re
from typing import Final

import yaml

from netra_ops.candidates.trees.node import Builder, Mapping, Node, Scalar, Sequence, TreeInvalid

_NOT_TEXT: Final = re.compile(
    # What YAML 1.1, which the tools for these documents speak, takes for no text.
    r"|~|null|true|false|yes|no|on|off"
    r"|[-+]?(?:[0-9][0-9_]*\.?[0-9_]*(?:e[-+]?[0-9]+)?|\.[0-9_]+|0x[0-9a-f_]+|0o?[0-7_]+|0b[01_]+)"
    r"|[-+]?\.inf|\.nan|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t ].*)?",
    re.IGNORECASE,
)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> tuple[Node, ...]:
    """Read each document of a YAML stream; documents that hold nothing are left out.

    Raises:
        TreeInvalid: It is no YAML, or YAML that is not taken.
    """
    builder = Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            _take(builder, event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TreeInvalid("is not valid YAML", mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        raise TreeInvalid("holds a character that YAML does not allow", line) from None
    return tuple(
        document
        for document in builder.documents
        if not (isinstance(document, Scalar) and document.is_nothing)
    )


def _take(builder: Builder, event: yaml.Event) -> None:
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.AliasEvent):
        raise TreeInvalid("holds an alias (*), which is not followed: write the part out", line)
    if getattr(event, "anchor", None) is not None:
        raise TreeInvalid("holds an anchor (&), which is not taken: write the part out", line)
    if getattr(event, "tag", None) is not None:
        raise TreeInvalid("holds a tag (!), which is not taken: write the value without", line)
    if isinstance(event, yaml.ScalarEvent):
        is_plain = event.implicit[0]
        is_text = not (is_plain and _NOT_TEXT.fullmatch(event.value))
        if not builder.wants_name:
            builder.scalar(Scalar(event.value, line, is_text))
        elif is_plain and event.value == "<<":
            raise TreeInvalid("merges parts (<<), which is not done: write them out", line)
        else:
            builder.name(event.value, line)
    elif isinstance(event, yaml.MappingStartEvent):
        builder.begin(Mapping(line))
    elif isinstance(event, yaml.SequenceStartEvent):
        builder.begin(Sequence(line))
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        builder.end()
