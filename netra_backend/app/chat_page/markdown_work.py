"""How much work a text of Markdown is: counted while it is parsed, and ended when it is too much.

A unit is about a microsecond on a small machine, but what is counted are steps and no time: the
same text always comes out the same. What becomes of a text that is too much is in `markdown`.
"""

from collections.abc import MutableMapping
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as read_table
from markdown_it.rules_inline import StateInline

MAX_WORK: Final = 70_000
"""Sixteen thousand characters full of headings, lists, tables and code are less."""

_WORK: Final = "netra_work"
_BLOCK: Final = 20
_LINE: Final = 10
_PLACE: Final = 8
_COSTLIER: Final = {"[": 40, "<": 70}
"""What may be a link is looked through to its end."""
_CELL: Final = 25


class TooMuchWork(Exception):
    """A text is more work than `MAX_WORK`."""


def counted() -> dict[str, Any]:
    """Make the environment of one text's parsing, with nothing counted yet."""
    return {_WORK: 0}


def count_work(parser: MarkdownIt) -> None:
    """Have a parser count what it does in the environment it is given.

    Its `render` then raises `TooMuchWork`.
    """
    # They stand first in every chain of rules and never apply. A chain is gone through for each
    # line at each depth of nesting, and for each place in a line that is not plain.
    everywhere: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("table", "work", _count_line, everywhere)
    parser.inline.ruler.before("text", "work", _count_place)
    parser.block.ruler.at("table", _counted_table, {"alt": ["paragraph", "reference"]})


def _count_line(state: StateBlock, _line: int, _end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's form of a rule
    _count(state.env, _LINE if silent else _BLOCK)
    return False


def _count_place(state: StateInline, _silent: bool) -> bool:  # noqa: FBT001 - the parser's form of a rule
    _count(state.env, _COSTLIER.get(state.src[state.pos], _PLACE))
    return False


def _counted_table(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's form of a rule
    # One rule reads a whole table, and fills each row up to as many cells as the first has.
    begins = read_table(state, line, end, True)
    if silent or not begins:
        return begins
    columns = state.getLines(line + 1, line + 2, 0, False).count("|") + 1
    last = line + 1
    while last < end and not state.isEmpty(last):
        last += 1
    _count(state.env, columns * (last - line) * _CELL)
    return read_table(state, line, end, False)


def _count(env: MutableMapping[str, Any], units: int) -> None:
    env[_WORK] = done = env.get(_WORK, 0) + units
    if done > MAX_WORK:
        raise TooMuchWork
