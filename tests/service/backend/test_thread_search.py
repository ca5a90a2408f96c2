"""Searching threads over HTTP: by title and by what was said, among the caller's own."""

import asyncio
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.running_backend import RunningBackend
from netra.errors import TooManyRequests
from netra_backend.app.threads.search_turns import MAX_AT_ONCE, MAX_WAITING, SearchTurns
from netra_backend.app.threads.search_words import MAX_SPELLINGS, MAX_WORDS, search_words


async def begin(client: httpx2.AsyncClient, title: str, *said: str) -> str:
    """Begin a thread in which something is said."""
    answer = await client.post("/api/threads", json={"title": title})
    thread_id = str(answer.json()["id"])
    for text in said:
        answer = await client.post(f"/api/threads/{thread_id}/messages", json={"text": text})
        assert answer.status_code == 201
    return thread_id


async def found(client: httpx2.AsyncClient, search: str, **query: Any) -> list[str]:
    """Give the titles of the threads a search finds."""
    answer = await client.get("/api/threads", params={"search": search, **query})
    assert answer.status_code == 200, answer.text
    return [thread["title"] for thread in answer.json()["items"]]


async def test_threads_are_found_by_title_and_by_what_was_said(backend: RunningBackend) -> None:
    """All words must be in the title, or all of them in one message; case makes no difference."""
    async with backend.as_user("usr_anna") as client:
        await begin(client, "Trip to Lisbon", "We need a hotel", "The river is near")
        await begin(client, "Groceries", "milk and \u00c4pfel from the RIVER market")
        await begin(client, "Nothing of it")

        assert await found(client, "lisbon trip") == ["Trip to Lisbon"]
        assert await found(client, "River") == ["Groceries", "Trip to Lisbon"]
        assert await found(client, "\u00e4pfel") == ["Groceries"]
        assert await found(client, "hotel river") == []
        assert await found(client, '"the river" near') == ["Trip to Lisbon"]
        assert len(await found(client, "")) == len(await found(client, "  ")) == 3


async def test_signs_of_patterns_find_only_themselves(backend: RunningBackend) -> None:
    """A per cent sign, an underscore and a backslash are searched for like letters."""
    async with backend.as_user("usr_anna") as client:
        await begin(client, "plain", "a plain text")
        await begin(client, "signs", "100% of snake_case in C:\\temp")

        for search in ("%", "_", "\\", "e_c", "0% o", "C:\\t"):
            assert await found(client, search) == ["signs"], search
        for search in ("p%n", "p_ain", "%plain%"):
            assert await found(client, search) == [], search


async def test_nobody_finds_what_another_said(backend: RunningBackend) -> None:
    """A search reads the caller's own titles and messages and no others (checklist 53)."""
    async with backend.as_user("usr_anna") as anna, backend.as_user("usr_berta") as berta:
        await begin(anna, "secret of anna", "another secret")
        await begin(berta, "berta", "no news")

        for search in ("secret", "anna", "another", "%", "e"):
            assert "secret of anna" not in await found(berta, search)
        assert await found(anna, "secret") == ["secret of anna"]


async def test_what_was_found_is_read_page_by_page(backend: RunningBackend) -> None:
    """The cursor goes on within what the same search finds."""
    async with backend.as_user("usr_anna") as client:
        for number in range(6):
            await begin(client, f"{'even' if number % 2 == 0 else 'odd'} {number}")
        titles = []
        query: dict[str, Any] = {"search": "even", "limit": 2}
        while query.get("cursor", "") is not None:
            page = (await client.get("/api/threads", params=query)).json()
            titles += [thread["title"] for thread in page["items"]]
            query["cursor"] = page["next_cursor"]

    assert titles == ["even 4", "even 2", "even 0"]


@pytest.mark.parametrize("search", ["x" * 201, "a\x00b", "a b c d e f g"])
async def test_what_cannot_be_searched_for_is_refused(backend: RunningBackend, search: str) -> None:
    """Too long, too many words or U+0000 is a 422 that says what is wrong (checklist 44)."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.get("/api/threads", params={"search": search})

    assert answer.status_code == 422
    assert answer.json()["code"] == "content_invalid"


async def test_many_search_at_once(backend: RunningBackend) -> None:
    """Searches of many people at a time each find their own."""

    async def search(number: int) -> list[str]:
        async with backend.as_user(f"usr_u{number}") as client:
            await begin(client, f"thread of {number}", "the common word")
            return await found(client, "common")

    assert await asyncio.gather(*(search(n) for n in range(10))) == [
        [f"thread of {n}"] for n in range(10)
    ]


@given(text=st.text(max_size=120))
def test_every_word_that_was_typed_is_searched_for(text: str) -> None:
    """Unless it is refused, each word comes in at least one spelling, and none is empty."""
    if "\x00" in text or len(text.replace('"', " ").split()) > MAX_WORDS:
        return
    words = search_words(text)

    assert all(word and all(word) for word in words)
    if '"' not in text:
        assert len(words) == len(set(text.split()))


@given(words=st.lists(st.text(min_size=1, max_size=20), max_size=MAX_WORDS))
def test_all_words_together_have_few_spellings(words: list[str]) -> None:
    """However strange the words, a text is looked through a bounded number of times."""
    search = " ".join(words)
    if "\x00" in search or len(search.replace('"', " ").split()) > MAX_WORDS:
        return

    assert sum(map(len, search_words(search))) <= MAX_SPELLINGS


async def test_nobody_searches_twice_at_a_time() -> None:
    """A second search of the same person is refused, whether the first waits or goes on."""
    turns = SearchTurns()
    async with turns.turn_of("usr_anna"):
        with pytest.raises(TooManyRequests) as refused:
            async with turns.turn_of("usr_anna"):
                pytest.fail("a second turn was given")
        async with turns.turn_of("usr_berta"):
            pass
    assert refused.value.retry_after == 1
    async with turns.turn_of("usr_anna"):
        pass


async def test_few_search_at_a_time_and_few_wait() -> None:
    """The turns of all are bounded, and so is the queue for them; both become free again."""
    turns = SearchTurns()
    going, most = 0, 0

    async def search(asker: str) -> None:
        nonlocal going, most
        async with turns.turn_of(asker):
            going += 1
            most = max(most, going)
            await asyncio.sleep(0)
            going -= 1

    async with turns.turn(), turns.turn():
        crowd = [asyncio.create_task(search(f"usr_u{n}")) for n in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequests):
            await search("usr_late")
    await asyncio.gather(*crowd)
    await search("usr_late")

    assert most <= MAX_AT_ONCE


async def test_a_refused_search_says_when_to_ask_again(backend: RunningBackend) -> None:
    """Many searches of one person at once: some are served, the rest told to wait (429)."""
    async with backend.as_user("usr_anna") as client:
        await begin(client, "t", "word")
        crowd = [client.get("/api/threads", params={"search": "word"}) for _ in range(8)]
        answers = await asyncio.gather(*crowd)
        plain = [client.get("/api/threads", params={"search": " "}) for _ in range(8)]
        unsearched = await asyncio.gather(*plain)

    assert {answer.status_code for answer in answers} == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "1"
    assert {answer.status_code for answer in unsearched} == {200}
