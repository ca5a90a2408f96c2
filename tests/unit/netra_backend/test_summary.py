"""Summaries: sentences that were said, chosen by weight, in their order."""

from netra_backend.app.agents.reckoning.summary import (
    MAX_CHARACTERS,
    MAX_QUOTE,
    Text,
    summarised,
)

TRIP = (
    Text("We plan the trip to Lisbon in May. The flight costs 240 euros. Thanks!"),
    Text("Alfama is an old quarter of Lisbon near the river. It has many stairs.", own=False),
    Text("Alfama is too loud. The hotel in Lisbon must have a quiet room near the river."),
)


def words(texts: tuple[Text, ...], sentences: int) -> list[str]:
    """Give the chosen sentences."""
    return [quote.words for quote in summarised(texts, sentences).quotes]


def test_the_sentences_that_hold_most_are_chosen_in_their_order() -> None:
    """What is spoken of most comes in, asides stay out, and the order is that of speaking."""
    assert words(TRIP, 2) == [
        "Alfama is an old quarter of Lisbon near the river.",
        "The hotel in Lisbon must have a quiet room near the river.",
    ]
    assert "Thanks!" not in words(TRIP, 12)


def test_a_summary_counts_what_it_chose_from() -> None:
    """The reader learns from how many sentences the quotations come."""
    summary = summarised(TRIP, 2)

    assert (len(summary.quotes), summary.sentences, summary.left_out) == (2, 6, 0)
    assert [quote.place for quote in summary.quotes] == [1, 2]


def test_code_lists_tables_and_quotations_are_no_prose() -> None:
    """Only running text is quoted."""
    text = (
        "# A heading of several words\n- an item of a list here\n1. a numbered item of one\n"
        "> a quotation of somebody else\n| a | table | of | words |\n"
        "```\ncode that has several words\n```\nThis is the one sentence of prose."
    )

    assert words((Text(text),), 9) == ["This is the one sentence of prose."]


def test_what_is_said_twice_is_quoted_once() -> None:
    """A repetition adds nothing to a summary."""
    text = Text("The hotel is near the river. THE HOTEL is near the river!")

    assert words((text, text), 9) == ["The hotel is near the river."]


def test_a_long_sentence_is_cut_at_a_word() -> None:
    """A quotation has a bound, and says that it was cut."""
    (quote,) = summarised([Text("many words follow one another here " * 20)], 1).quotes

    assert quote.cut
    assert len(quote.words) <= MAX_QUOTE
    assert quote.words.endswith(("many", "words", "follow", "one", "another", "here"))


def test_of_too_much_the_latest_is_read() -> None:
    """A long thread is summarised from its end, and the rest is counted as left out."""
    page = "The meeting about topic number {n} was long and tiring. " * 20
    texts = [Text(page.format(n=n)) for n in range(100)]
    summary = summarised(texts, 3)

    read = texts[summary.left_out :]
    assert 0 < summary.left_out < len(texts)
    assert sum(len(text.text) for text in read) <= MAX_CHARACTERS
    assert all(quote.place >= summary.left_out for quote in summary.quotes)


def test_nothing_said_gives_an_empty_summary() -> None:
    """Without a whole sentence there is nothing to quote."""
    assert summarised([], 5).quotes == ()
    assert summarised([Text("ok"), Text("the of and to in a")], 5).quotes == ()
