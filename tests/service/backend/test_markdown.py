"""Markdown that somebody means harm with: whatever it is, what comes out can do nothing."""

import asyncio
from html.parser import HTMLParser
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.running_backend import RunningBackend
from netra.errors import TooManyRequests
from netra_backend.app.chat_page.markdown import (
    MAX_QUEUED,
    MAX_RENDERED,
    MAX_TEXT,
    MAX_TEXTS,
    MAX_WAITING,
    MarkdownRenderer,
)

ELEMENTS: Final = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES: Final = {
    "a": {"href", "title", "rel", "target"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "div": {"tabindex"},
}


class Inspection(HTMLParser):
    """Reads HTML as a browser would and notes whatever is not on the short list."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        if tag not in ELEMENTS:
            self.faults.append(f"element {tag}")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.faults.append(f"attribute {tag} {name}")
            if name == "href":
                self.links.append(value or "")
                if not (value or "").lower().startswith(("https://", "http://", "mailto:")):
                    self.faults.append(f"link {value}")
        if tag == "a" and dict(attrs).get("rel") != "noopener noreferrer nofollow":
            self.faults.append("a link that tells where it was")

    def handle_comment(self, data: str) -> None:
        """Take no comment."""
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        """Take no declaration."""
        self.faults.append(f"declaration {decl}")

    def handle_data(self, data: str) -> None:
        """Collect what is read."""
        self.text += data


HOSTILE: Final = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<style>body{display:none}</style>",
    "<a href='https://a.example/' onclick='alert(1)'>x</a>",
    "<form action='https://a.example/'><input name=q></form>",
    "<meta http-equiv=refresh content='0;url=https://a.example/'>",
    "<base href='https://a.example/'>",
    "<!-- <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:image/png;base64,AAAA)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://a.example/1)",
    "[x](//a.example/)",
    "[x](/logout)",
    "[x](chat/callback?code=1)",
    "[x](#thr_1)",
    "<javascript:alert(1)>",
    "![x](https://a.example/pixel.png)",
    "![x](javascript:alert(1))",
    "![x](x 'onerror=alert(1)')",
    "[x](https://a.example/ \"' onmouseover=alert(1) x='\")",
    '[x](https://a.example/" onmouseover="alert(1))',
    "[x]: javascript:alert(1)\n\n[x]",
    "```<script>\n</code></pre><script>alert(1)</script>\n```",
    '``` "><script>alert(1)</script>\nx\n```',
    "`</code><script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "# <script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<div id=chat><input id=text name=parentNode>",
    "\x00<script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\u202e<script>",
)


@pytest.fixture(scope="module")
def renderer() -> MarkdownRenderer:
    """Give a renderer."""
    return MarkdownRenderer()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_markdown_becomes_harmless_html(renderer: MarkdownRenderer, text: str) -> None:
    """No script, handler, style, frame, form, image, comment or strange link comes out."""
    for around in (text, f"> {text}", f"- a\n\n  {text}", f"**{text}**", f"{text}\n{text}"):
        assert Inspection(renderer.html(around)).faults == []


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=6))
def test_any_mixture_becomes_harmless_html(parts: list[str]) -> None:
    """However pieces are put together, only the listed elements come out."""
    assert Inspection(MarkdownRenderer().html("".join(parts))).faults == []


def test_raw_html_is_shown_as_text(renderer: MarkdownRenderer) -> None:
    """Nothing a writer wrote is lost: what would be an element is to be read."""
    text = "<script>alert(1)</script> and <b>bold</b>"

    assert Inspection(renderer.html(text)).text.strip() == text


def test_an_image_is_a_link(renderer: MarkdownRenderer) -> None:
    """Nobody learns from a fetched picture that an answer was read."""
    seen = Inspection(renderer.html("![a picture](https://a.example/p.png)"))

    assert seen.links == ["https://a.example/p.png"]
    assert "a picture" in seen.text


def test_ordinary_markdown_is_rendered(renderer: MarkdownRenderer) -> None:
    """Headings go below the page's own; lists, tables, code and links are what they should be."""
    html = renderer.html(
        "# Top\n\n## Below\n\n3. three\n\n| a | b |\n|---|---|\n| 1 | *2* |\n\n"
        "```python\nx < 1\n```\n\n~~old~~ **new** [site](https://a.example/ 'A title')\n"
    )

    assert "<h3>Top</h3>" in html
    assert "<h4>Below</h4>" in html
    assert '<ol start="3">' in html
    assert '<div tabindex="0"><table>' in html
    assert "<em>2</em>" in html
    assert '<pre tabindex="0"><code>x &lt; 1\n</code></pre>' in html
    assert "<s>old</s> <strong>new</strong>" in html
    assert 'href="https://a.example/"' in html
    assert 'title="A title"' in html
    assert 'target="_blank"' in html


@pytest.mark.parametrize(
    "text",
    [
        ">" * 5_000 + "x",
        "\n".join(" " * (2 * depth) + "- x" for depth in range(300)),
        "[" * 5_000 + "x" + "](https://a.example/)" * 5_000,
        "*" * 5_001 + "x" + "*" * 4_999,
        "`" * 5_000,
        "|" * 5_000 + "\n" + "|-" * 2_500,
        "&" * 20_000,
        "<" * 20_000,
    ],
    ids=range(8),
)
def test_huge_nesting_is_borne(renderer: MarkdownRenderer, text: str) -> None:
    """Depth is bounded: no recursion error, nothing harmful, an end."""
    assert Inspection(renderer.html(text)).faults == []


def test_the_longest_text_is_rendered(renderer: MarkdownRenderer) -> None:
    """A text of 64 KB of ordinary prose comes out whole."""
    text = "word " * (MAX_TEXT // 5)

    assert Inspection(renderer.html(text)).text.split() == text.split()


@pytest.mark.parametrize(
    "piece",
    [
        "|a" * 300 + "\n" + "|-" * 300 + "\n" + "|b\n" * 5_000,
        "|a|b|\n|-|-|\n" + "|c|d|\n" * 3_000,
        "> " * 18 + "a\n" + "a\n" * 8_000,
        "- a\n" * 4_000,
        "* a\n+ b\n" * 2_000,
        "> - > - > - a\n" * 1_000,
        "[" * 16_000,
        "![" * 8_000,
        "[a](b)" * 2_600,
        "<http://a>" * 1_600,
        "*a_b_" * 3_200,
        "# a\n" * 4_000,
        "a\n\n" * 5_300,
    ],
    ids=range(13),
)
def test_a_text_that_is_too_much_work_is_shown_as_it_is(
    renderer: MarkdownRenderer, piece: str
) -> None:
    """It ends before it holds up everybody; whoever reads it finds every sign of it."""
    text = piece[:MAX_RENDERED]
    html = renderer.html(text)

    assert Inspection(html).faults == []
    assert Inspection(html).text.split() == text.split()
    assert not any(tag in html for tag in ("<table", "<li", "<em", "<a ", "<blockquote", "<h3"))


def test_a_full_ordinary_answer_is_rendered(renderer: MarkdownRenderer) -> None:
    """As long as a text may be and full of everything, it is not taken for too much."""
    section = (
        "## A heading\n\nSome *text* that is **ordinary**, with `code` and a "
        "[link](https://a.example/x). It goes on for a while, as answers do.\n\n"
        "- one item\n- another, *longer*\n  - within\n\n1. first\n2. second\n\n"
        "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n| 4 | 5 | 6 |\n\n"
        "```python\nfor a in [1, 2]:\n    print(a)\n```\n\n"
    )
    sections = MAX_RENDERED // len(section)
    html = renderer.html(section * sections)

    assert html.count("<h4>") == html.count("<table>") == sections
    assert renderer.html("- an ordinary item of a list\n" * 500).count("<li>") == 500


def test_a_longer_text_is_shown_as_it_is(renderer: MarkdownRenderer) -> None:
    """Its lines and paragraphs stay, and nothing in it is more than text."""
    text = "<b>*one*</b>\ntwo\n\n" + "x" * MAX_RENDERED
    html = renderer.html(text)

    assert html.startswith("<p>&lt;b&gt;*one*&lt;/b&gt;<br>\ntwo</p>\n<p>xxx")
    assert Inspection(html).faults == []


async def test_all_principals_together_have_a_bounded_queue(renderer: MarkdownRenderer) -> None:
    """Beyond the queue a request is refused at once, and all that were let in are answered."""
    crowd = [
        asyncio.create_task(renderer.render(f"usr_{number // MAX_WAITING}", ["*x*"]))
        for number in range(MAX_QUEUED)
    ]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await renderer.render("usr_late", ["x"])

    assert await asyncio.gather(*crowd) == [["<p><em>x</em></p>\n"]] * MAX_QUEUED
    assert await renderer.render("usr_late", ["x"]) == ["<p>x</p>\n"]


async def test_texts_are_rendered_in_their_order(backend: RunningBackend) -> None:
    """The answer has one piece of HTML for each text."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.post("/api/markdown", json={"texts": ["*a*", "", "<b>"]})

    assert answer.status_code == 200
    assert answer.json() == {"html": ["<p><em>a</em></p>\n", "", "<p>&lt;b&gt;</p>\n"]}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"texts": "x"},
        {"texts": [1]},
        {"texts": [None]},
        {"texts": ["x"], "html": True},
        {"texts": ["x"] * (MAX_TEXTS + 1)},
        {"texts": ["x" * (MAX_TEXT + 1)]},
        {"texts": ["x" * MAX_TEXT, "x"]},
        [],
    ],
    ids=range(9),
)
async def test_what_is_too_much_or_no_text_is_refused(
    backend: RunningBackend, body: object
) -> None:
    """Shape, number and length are bounded; the refusal repeats nothing of the text."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.post("/api/markdown", json=body)

    assert answer.status_code == 422
    assert "xxx" not in answer.text


async def test_a_service_has_no_texts(backend: RunningBackend) -> None:
    """Who may not read threads may not have texts rendered either."""
    async with backend.as_service() as client:
        answer = await client.post("/api/markdown", json={"texts": ["x"]})

    assert answer.status_code == 403


async def test_one_person_cannot_take_all_turns(backend: RunningBackend) -> None:
    """Many requests of one person at once are told to wait; another person is served meanwhile."""
    costly = {"texts": ["[" * (MAX_TEXT // 4)]}
    async with backend.as_user("usr_anna") as anna, backend.as_user("usr_berta") as berta:
        crowd = [asyncio.create_task(anna.post("/api/markdown", json=costly)) for _ in range(8)]
        other = await berta.post("/api/markdown", json={"texts": ["x"]})
        answers = await asyncio.gather(*crowd)

    statuses = {answer.status_code for answer in answers}
    assert other.status_code == 200
    assert statuses == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "1"
