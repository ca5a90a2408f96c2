"""Text that somebody else may have written becomes HTML that can do nothing.

Who may ask for it is the route's business; what the page does with it is in `static/markdown.js`.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from netra.errors import ContentInvalid, TooManyRequests
from netra_backend.app.chat_page.markdown_work import TooMuchWork, count_work, counted

MAX_TEXT: Final = 65_536
"""Characters of one text, and of all texts of a request together."""
MAX_TEXTS: Final = 50
MAX_RENDERED: Final = 16_000
"""Characters of a text that is rendered; a longer one is shown as it is."""
MAX_WAITING: Final = 4
"""Requests of one principal that may wait or be worked on at a time."""
MAX_QUEUED: Final = 32
"""Requests of all principals together."""

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
_LINE_END: Final = "\n"
_BREAK: Final = "<br>\n"
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
        count_work(parser)
        self._parser = parser
        self._cleaner = nh3.Cleaner(
            tags=set(_TAGS),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            url_schemes=set(_SCHEMES),
            url_relative="deny",
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values=_ADDED,
        )
        # A text is parsed in Python, which does one thing at a time: several would slow each other
        # and all else down.
        self._turn = asyncio.Lock()
        self._turns: dict[str, _Turns] = {}

    def html(self, text: str) -> str:
        """Render one text; as it is, if it is too long or too much work."""
        if len(text) > MAX_RENDERED:
            return _plain(text)
        try:
            made = self._parser.render(text, counted())
        except TooMuchWork:
            return _plain(text)
        return self._cleaner.clean(made)

    async def render(self, asker: str, texts: Sequence[str]) -> list[str]:
        """Render texts for somebody.

        Raises:
            ContentInvalid: They are longer together than `MAX_TEXT`.
            TooManyRequests: The asker, or all together, have too many requests under way.
        """
        if sum(map(len, texts)) > MAX_TEXT:
            raise ContentInvalid(detail=f"The texts are longer together than {MAX_TEXT}.")
        if sum(other.taken for other in self._turns.values()) >= MAX_QUEUED:
            raise TooManyRequests("too many texts are waiting", retry_after=1)
        turns = self._turns.setdefault(asker, _Turns())
        if turns.taken >= MAX_WAITING:
            raise TooManyRequests("too many texts of one principal are waiting", retry_after=1)
        turns.taken += 1
        try:
            # The own turn first: whoever has many requests waits for themselves, not others.
            async with turns.lock:
                return [await self._rendered(text) for text in texts]
        finally:
            turns.taken -= 1
            if not turns.taken:
                del self._turns[asker]

    async def _rendered(self, text: str) -> str:
        # After each text it is another's turn.
        async with self._turn:
            return await asyncio.to_thread(self.html, text)


@dataclass(slots=True)
class _Turns:
    """The requests of one principal that are under way."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: int = 0


def _plain(text: str) -> str:
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    return "".join(f"<p>{escape(one).replace(_LINE_END, _BREAK)}</p>\n" for one in paragraphs)


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
