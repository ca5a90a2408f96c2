"""Threads and messages over HTTP: what can be done, what is refused, and what it costs."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.running_backend import RunningBackend, running_backend


async def begin(client: httpx2.AsyncClient, title: str = "t") -> str:
    """Begin a thread and give its id."""
    answer = await client.post("/api/threads", json={"title": title})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def say(client: httpx2.AsyncClient, thread_id: str, text: str) -> str:
    """Post a message and give its id."""
    answer = await client.post(f"/api/threads/{thread_id}/messages", json={"text": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def pages(client: httpx2.AsyncClient, path: str, limit: int) -> list[list[dict[str, Any]]]:
    """Read a whole list page by page."""
    found = []
    cursor = None
    while True:
        query = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
        page = (await client.get(path, params=query)).json()
        found.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_a_thread_lives_from_beginning_to_deletion(backend: RunningBackend) -> None:
    """A thread is begun, read, listed, renamed and deleted, and its messages go with it."""
    async with backend.as_user("usr_anna") as client:
        created = (await client.post("/api/threads", json={"title": "Plans"})).json()
        path = f"/api/threads/{created['id']}"
        assert (await client.get(path)).json() == created
        assert (await client.get("/api/threads")).json() == {
            "items": [created],
            "next_cursor": None,
        }
        renamed = await client.patch(path, json={"title": "Better plans"})
        assert renamed.json()["title"] == "Better plans"
        assert renamed.json()["updated_at"] > created["updated_at"]
        assert renamed.json()["created_at"] == created["created_at"]

        message_id = await say(client, created["id"], "Hello")
        listed = (await client.get(f"{path}/messages")).json()["items"]
        assert [(m["id"], m["text"], m["author"], m["thread_id"]) for m in listed] == [
            (message_id, "Hello", "user", created["id"])
        ]
        deleted = await client.delete(f"{path}/messages/{message_id}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert (await client.get(f"{path}/messages")).json()["items"] == []

        await say(client, created["id"], "Again")
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == 404
        assert (await client.get(f"{path}/messages")).status_code == 404
        assert (await client.delete(path)).status_code == 404


async def test_ids_say_what_they_name(backend: RunningBackend) -> None:
    """Threads are `thr_…` and messages `msg_…`; nobody can guess another's."""
    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client)
        message_id = await say(client, thread_id, "Hello")

    assert thread_id.startswith("thr_")
    assert message_id.startswith("msg_")
    assert len(thread_id) == len(message_id) == 30


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_lists_are_read_page_by_page_without_loss(store: Path, limit: int) -> None:
    """Every item comes exactly once and in order, also when all were made at one moment."""
    async with (
        running_backend(store, clock=ManualClock()) as backend,
        backend.as_user("usr_anna") as client,
    ):
        ids = [await begin(client, f"thread {number}") for number in range(7)]
        said = [await say(client, ids[0], f"{number}") for number in range(7)]
        threads = await pages(client, "/api/threads", limit)
        messages = await pages(client, f"/api/threads/{ids[0]}/messages", limit)

    assert all(len(page) <= limit for page in threads + messages)
    flat = [item["id"] for page in threads for item in page]
    assert flat == sorted(ids, reverse=True)
    assert [item["id"] for page in messages for item in page] == said


async def test_threads_come_newest_first_and_messages_oldest_first(store: Path) -> None:
    """The order is that of making, whatever the wall clock did in between."""
    clock = ManualClock()
    async with (
        running_backend(store, clock=clock) as backend,
        backend.as_user("usr_anna") as client,
    ):
        first = await begin(client)
        clock.advance(1)
        second = await begin(client)
        said = [await say(client, first, "one")]
        clock.jump(-5)
        said.append(await say(client, first, "two"))
        said.append(await say(client, first, "three"))
        listed = (await client.get("/api/threads")).json()["items"]
        messages = (await client.get(f"/api/threads/{first}/messages")).json()["items"]

    assert [thread["id"] for thread in listed] == [second, first]
    assert [message["id"] for message in messages] == said


async def test_what_is_made_while_reading_disturbs_no_page(backend: RunningBackend) -> None:
    """A thread begun between two pages neither repeats nor hides an older one."""
    async with backend.as_user("usr_anna") as client:
        ids = [await begin(client) for _ in range(4)]
        page = (await client.get("/api/threads", params={"limit": 2})).json()
        await begin(client)
        query = {"limit": 2, "cursor": page["next_cursor"]}
        rest = (await client.get("/api/threads", params=query)).json()

    shown = [item["id"] for item in page["items"] + rest["items"]]
    assert shown == list(reversed(ids))


def encoded(text: str) -> str:
    """Write a text as a cursor would be."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "A" * 200,
        encoded("1:thr_1"),
        encoded("x:thr_" + "0" * 26),
        encoded("-1:thr_" + "0" * 26),
        encoded("9" * 19 + ":thr_" + "0" * 26),
        encoded("1:thr_" + "0" * 26) + "=",
        encoded("1:thr_" + "0" * 26) + "\n",
        encoded("01:thr_" + "0" * 26),
        "\u0661",
    ],
)
async def test_a_cursor_that_is_not_ours_is_invalid(backend: RunningBackend, cursor: str) -> None:
    """A cursor that no list gave is 422, on both lists alike."""
    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client)
        for path in ("/api/threads", f"/api/threads/{thread_id}/messages"):
            answer = await client.get(path, params={"cursor": cursor})
            assert answer.status_code == 422, answer.text


async def test_another_users_cursor_shows_nothing_of_theirs(backend: RunningBackend) -> None:
    """A cursor only names a place: with it a user reads the own list on from there."""
    async with backend.as_user("usr_anna") as anna, backend.as_user("usr_berta") as berta:
        for _ in range(3):
            await begin(anna, "of anna")
            await begin(berta, "of berta")
        page = (await anna.get("/api/threads", params={"limit": 1})).json()
        shown = await berta.get("/api/threads", params={"cursor": page["next_cursor"]})

    assert {item["title"] for item in shown.json()["items"]} <= {"of berta"}


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1.5", "many", "", "1e2", "9" * 40])
async def test_a_limit_outside_1_to_200_is_invalid(backend: RunningBackend, limit: str) -> None:
    """A limit that is not 1 to 200 is 422."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.get("/api/threads", params={"limit": limit})

    assert answer.status_code == 422


BAD_TITLES: list[Any] = [
    {},
    {"title": ""},
    {"title": "x" * 201},
    {"title": "nul\x00"},
    {"title": None},
    {"title": 7},
    {"title": ["t"]},
    {"title": "t", "owner_id": "usr_berta"},
    {"title": "t", "id": "thr_" + "0" * 26},
    [],
    "t",
    None,
]


@pytest.mark.parametrize("body", BAD_TITLES)
async def test_a_thread_of_the_wrong_shape_is_invalid(backend: RunningBackend, body: Any) -> None:
    """Titles are 1 to 200 characters without NUL, and an unknown member is refused."""
    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client)
        for answer in (
            await client.post("/api/threads", json=body),
            await client.patch(f"/api/threads/{thread_id}", json=body),
        ):
            assert answer.status_code == 422, answer.text
        assert len((await client.get("/api/threads")).json()["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": "x" * 32_001},
        {"text": "nul\x00"},
        {"text": "t", "author": "agent"},
        {"message": "t"},
    ],
)
async def test_a_message_of_the_wrong_shape_is_invalid(backend: RunningBackend, body: Any) -> None:
    """Texts are 1 to 32,000 characters without NUL; nobody speaks as an agent."""
    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client)
        answer = await client.post(f"/api/threads/{thread_id}/messages", json=body)

    assert answer.status_code == 422


async def test_the_longest_texts_come_back_as_they_were(backend: RunningBackend) -> None:
    """Titles and texts at their limit, in any script, are stored and read back unchanged."""
    title = "\U0001f600" * 200
    text = "a\u0301\u202e\n\t\u2028'\"; DROP TABLE t_threads;--" * 900
    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client, title)
        await say(client, thread_id, text)
        thread = (await client.get(f"/api/threads/{thread_id}")).json()
        messages = (await client.get(f"/api/threads/{thread_id}/messages")).json()["items"]

    assert thread["title"] == title
    assert [message["text"] for message in messages] == [text]


async def test_foreign_and_unknown_ids_are_answered_alike(backend: RunningBackend) -> None:
    """Another user's thread and one that never was get the same 404 on every route."""
    async with backend.as_user("usr_anna") as anna, backend.as_user("usr_berta") as berta:
        thread_id = await begin(anna)
        message_id = await say(anna, thread_id, "Hello")
        own = await begin(berta)
        unknown = "thr_" + "0" * 26
        for wrong in (thread_id, unknown, "thr_1", "x" * 500, "%00", own.upper()):
            path = f"/api/threads/{wrong}"
            answers = [
                await berta.get(path),
                await berta.patch(path, json={"title": "mine"}),
                await berta.delete(path),
                await berta.get(f"{path}/messages"),
                await berta.post(f"{path}/messages", json={"text": "mine"}),
                await berta.delete(f"{path}/messages/{message_id}"),
            ]
            bodies = [answer.json() for answer in answers]
            assert [answer.status_code for answer in answers] == [404] * 6, wrong
            for body in bodies:
                body.pop("request_id")
            assert all(body == bodies[0] for body in bodies)
        # The message is real, but not in this thread.
        wrong_thread = await berta.delete(f"/api/threads/{own}/messages/{message_id}")
        assert wrong_thread.status_code == 404
        kept = (await anna.get(f"/api/threads/{thread_id}/messages")).json()["items"]

    assert [message["text"] for message in kept] == ["Hello"]


async def test_a_message_is_found_in_its_own_thread_only(backend: RunningBackend) -> None:
    """Deleting a message through another thread of the same user is 404 and deletes nothing."""
    async with backend.as_user("usr_anna") as client:
        first, second = await begin(client), await begin(client)
        message_id = await say(client, first, "Hello")
        answer = await client.delete(f"/api/threads/{second}/messages/{message_id}")
        kept = (await client.get(f"/api/threads/{first}/messages")).json()["items"]

    assert answer.status_code == 404
    assert len(kept) == 1


async def test_lists_take_a_constant_number_of_queries(backend: RunningBackend) -> None:
    """Reading a list costs the same number of statements however long it is."""
    statements = backend.statements()

    async def cost(path: str) -> int:
        statements.clear()
        await client.get(path, params={"limit": 200})
        return len([text for text in statements if text.startswith("SELECT")])

    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client)
        messages = f"/api/threads/{thread_id}/messages"
        short = (await cost("/api/threads"), await cost(messages))
        await asyncio.gather(*(begin(client) for _ in range(20)))
        for number in range(20):
            await say(client, thread_id, f"{number}")
        long = (await cost("/api/threads"), await cost(messages))

    assert short == long == (1, 2)


async def test_concurrent_messages_of_one_thread_are_all_kept_in_one_order(
    backend: RunningBackend,
) -> None:
    """Messages posted at once all arrive, and everyone reads them in the same order."""
    async with backend.as_user("usr_anna") as client:
        thread_id = await begin(client)
        await asyncio.gather(*(say(client, thread_id, f"{number}") for number in range(20)))
        path = f"/api/threads/{thread_id}/messages"
        listed = [
            [item["text"] for page in await pages(client, path, limit) for item in page]
            for limit in (3, 200)
        ]

    assert listed[0] == listed[1]
    assert sorted(listed[0], key=int) == [f"{number}" for number in range(20)]
