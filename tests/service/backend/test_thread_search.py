"""Searching threads over HTTP: by title and by what was said, among the caller's own."""

import asyncio
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.running_backend import RunningBackend
from netra_backend.app.threads.search_words import MAX_WORDS, search_words


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


@pytest.mark.parametrize("search", ["x" * 201, "a\x00b", "a b c d e f g h i j k l m"])
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
