"""The assistant is total: every text has an intent, every question an answer, safely written."""

import asyncio
import time
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fakes.agent_run import FakeRun
from fakes.clock import ManualClock
from fakes.own_records import FakeRecords
from fakes.timing import UNIT
from netra.agent_api import Asker, Question
from netra.policy import CredentialMethod, permissions_of
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import MAX_TEXT
from netra_backend.app.agents.assistant.markdown_text import literal
from netra_backend.app.agents.assistant.package import PACKAGE
from netra_backend.app.agents.assistant.replies import OPENINGS
from netra_backend.app.agents.assistant.understanding import understood
from netra_backend.app.agents.assistant.wording import MAX_SEARCH, MAX_WORDS, searched_for
from netra_backend.app.threads.search_words import search_words

ANNA: Final = UserPrincipal(
    "usr_anna", "ses_anna", "netra-chat", frozenset(), frozenset(), "tok_anna", 2e9
)
ASKER: Final = Asker(ANNA, frozenset(permissions_of(ANNA, CredentialMethod.SUBPROTOCOL)))

any_text = st.text(st.characters(), max_size=200)  # Lone surrogates included.
questions = st.lists(
    st.sampled_from(
        [
            *("what", "when", "is", "the", "day", "date", "until", "between", "and", "days", "how"),
            *("many", "search", "find", "my", "messages", "about", "for", "summarise", "this", "?"),
            *(
                "thread",
                "last",
                '"',
                ":",
                "\n",
                "time",
                "in",
                "Tokyo",
                "2",
                "+",
                "%",
                "of",
                "(",
                ")",
            ),
            *(
                "calculate",
                "sqrt",
                "christmas",
                "2024-02-30",
                "please",
                "can you",
                "who am I",
                "**",
            ),
            *("x" * 90, "hotel", "\u00c4rger", "_", "\\", "tl;dr", "say", "did I", "since"),
        ]
    )
    | st.text(max_size=5),
    max_size=14,
).map(" ".join)


@given(text=any_text | questions)
@example(text="please " * (MAX_TEXT // 7))
@example(text="summarise:" + " " * 20_000 + "x" * 100)
@example(text="summarise" + "\n" * 30_000)
@example(text="summarise" + "\n " * 15_000 + "x")
@example(text=" " * 30_000)
@example(text="what is the " * 41)
@example(text="days between " * 38)
@example(text="search " * 71)
@example(text="?" * MAX_TEXT)
def test_every_text_has_an_intent_soon(text: str) -> None:
    """Whatever is said, one intent is told, and always the same one."""
    began_at = time.monotonic()

    assert understood(text) == understood(text)
    assert time.monotonic() - began_at < UNIT


@given(text=questions | st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
@example(text="search for " + "x" * 400)
@example(text="days between " + "x" * 200 + " and " + "y" * 200)
@example(text="what time is it in ../../etc/passwd")
@example(text="summarise " + "x" * 400)
def test_every_question_is_answered(text: str) -> None:
    """An answer always comes, was shown whole, uses at most one tool, and fits its bounds."""

    async def ask() -> tuple[FakeRun, str]:
        records = FakeRecords()
        thread_id = await records.begin(text[:60])
        question = Question(text, thread_id, await records.say(thread_id, text))
        run = FakeRun(PACKAGE.make("assistant", ASKER), question, records, ManualClock())
        return run, await run.answered()

    run, answer = asyncio.run(ask())

    assert answer == run.shown != ""
    assert OPENINGS.match(answer)
    assert len(run.said) in (1, 4)
    assert len(answer) <= MAX_TEXT


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)
)
def test_search_words_fit_the_search(text: str) -> None:
    """What is left of a question's words, as it can be stored, can always be searched for."""
    words = searched_for(text)

    assert len(words) <= MAX_SEARCH
    assert len(words.split()) <= max(MAX_WORDS, len(text.split()))
    assert len(search_words(words)) <= MAX_WORDS


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
@example(text="1. first")
@example(text="- item")
@example(text="+ item")
@example(text="===")
@example(text="<script>alert(1)</script>")
@example(text="[a](javascript:x) ![b](c) `code` **bold** &amp; \\* | ~~x~~")
@example(text="# heading")
def test_a_persons_text_is_shown_as_it_is(text: str) -> None:
    """Within Markdown it is one paragraph of that very text: no markup, no markup language."""
    written = literal(text)

    tokens = MarkdownIt().parse(f"> {written}\n")
    inline = [token for token in tokens if token.type == "inline"]
    shown = "".join(
        child.content for token in inline for child in (token.children or ()) if child.content
    )
    kinds = {child.type for token in inline for child in (token.children or ())}
    assert kinds <= {"text", "text_special"}
    assert shown.split() == literal_of(text).split()


def literal_of(text: str) -> str:
    """Give the text without the characters nobody sees."""
    return "".join(" " if _is_unseen(character) else character for character in text)


def _is_unseen(character: str) -> bool:
    point = ord(character)
    return (
        point < 0x20
        or 0x7F <= point <= 0x9F
        or 0x200B <= point <= 0x200F
        or 0x2028 <= point <= 0x202E
        or 0x2060 <= point <= 0x2069
        or point == 0xFEFF
    )
