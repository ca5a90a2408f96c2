"""Text that somebody else may have written becomes HTML that can do nothing.

Who may ask for it is the route's business; what the page does with it is in `static/markdown.js`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from netra.errors import ContentInvalid, TooManyRequests

MAX_TEXT: Final = 65_536
"""Characters of one text, and of all texts of a request together."""
MAX_TEXTS: Final = 50
MAX_WAITING: Final = 4
"""Requests of one principal that may wait or be worked on at a time."""
MAX_AT_ONCE: Final = 4
"""Requests that are worked on at a time, each of another principal."""

_TAGS: Final = frozenset(
    {"p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
    | {"h3", "h4", "h5", "h6", "div", "table", "thead", "tbody", "tr", "th", "td"}
)
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES: Final = frozenset({"https", "http", "mailto"})
# A box that scrolls sideways must be reachable by keyboard; a link must not replace the page.
_ADDED: Final = {
    "pre": {"tabindex": "0"},
    "div": {"tabindex": "0"},
    "a": {"target": "_blank"},
}
_SMALLEST_HEADING: Final = 6
_HEADINGS_BELOW: Final = 2
"""The page itself has the first two levels of headings."""


class MarkdownRenderer:
    """Renders Markdown away from the event loop, for each principal one request at a time.

    Raw HTML is text, images are links, and only links with a harmless scheme are links.
    """

    def __init__(self) -> None:
        # An image would make the reader's browser tell a stranger that the answer was read.
        parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        parser.disable(["image", "html_block", "html_inline"])
        parser.core.ruler.push("lower_headings", _lower_headings)
        parser.add_render_rule("table_open", _open_table)
        parser.add_render_rule("table_close", _close_table)
        self._parser = parser
        self._cleaner = nh3.Cleaner(
            tags=set(_TAGS),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            url_schemes=set(_SCHEMES),
            url_relative="deny",
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values=_ADDED,
        )
        self._workers = asyncio.Semaphore(MAX_AT_ONCE)
        self._turns: dict[str, _Turns] = {}

    def html(self, text: str) -> str:
        """Render one text."""
        return self._cleaner.clean(self._parser.render(text))

    async def render(self, asker: str, texts: Sequence[str]) -> list[str]:
        """Render texts for somebody.

        Raises:
            ContentInvalid: They are longer together than `MAX_TEXT`.
            TooManyRequests: The asker has too many requests under way.
        """
        if sum(map(len, texts)) > MAX_TEXT:
            raise ContentInvalid(detail=f"The texts are longer together than {MAX_TEXT}.")
        turns = self._turns.setdefault(asker, _Turns())
        if turns.taken >= MAX_WAITING:
            raise TooManyRequests("too many texts of one principal are waiting", retry_after=1)
        turns.taken += 1
        try:
            # The own turn first: whoever has many requests waits for themselves, not others.
            async with turns.lock, self._workers:
                return await asyncio.to_thread(lambda: [self.html(text) for text in texts])
        finally:
            turns.taken -= 1
            if not turns.taken:
                del self._turns[asker]


@dataclass(slots=True)
class _Turns:
    """The requests of one principal that are under way."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: int = 0


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            level = min(_SMALLEST_HEADING, int(token.tag[1:]) + _HEADINGS_BELOW)
            token.tag = f"h{level}"


def _open_table(
    _renderer: RendererHTML,
    _tokens: Sequence[Token],
    _index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    return "<div><table>\n"


def _close_table(
    _renderer: RendererHTML,
    _tokens: Sequence[Token],
    _index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    return "</table></div>\n"
