"""The backend of today on a store that the next revision migrated, each as a process of its own."""

from pathlib import Path

import httpx2
import pytest

from fakes.backend_process import BackendProcess
from fakes.environments import backend_environment
from fakes.next_revision import BACKEND, ended, next_revision
from fakes.running_auth import RunningAuth, bearer, running_auth_service
from fakes.running_backend import NOBODY
from fakes.stores import owner_url, plain, store_url
from netra_backend.app.db.schema_version import HEAD

pytestmark = [pytest.mark.long, pytest.mark.live]

EXPANDS = (
    "from netra_backend.app.db.migrations.rooms import isolate, show",
    "op.add_column('t_threads', sa.Column('colour', sa.String(16)))",
    "show('threads', ('id', 'owner_id', 'title', 'created_at', 'updated_at', 'colour'))",
    (
        "op.create_table('t_notes', sa.Column('id', sa.String(40), primary_key=True),"
        " sa.Column('owner_id', sa.String(128), nullable=False))"
    ),
    "isolate('notes', ('id', 'owner_id'))",
)
CONTRACTS = ("op.create_index('ix_titles', 't_threads', ['owner_id', 'title'], unique=True)",)


def variables_of(store: Path) -> dict[str, str]:
    """Write what a process is told that migrates a store."""
    return backend_environment(
        DATABASE_URL=store_url(store), DATABASE_OWNER_URL=owner_url(store), AUTH_SERVICE_URL=NOBODY
    )


def backend_on(store: Path, folder: Path, auth: RunningAuth) -> BackendProcess:
    """Make a backend of the present code on a store."""
    return BackendProcess(folder, auth.url, store=store)


async def write_and_read(url: str, token: str, said: str) -> None:
    """Begin a thread, say something in it and something else to delete, and read it all back."""
    async with httpx2.AsyncClient(
        base_url=url, headers=bearer(token), timeout=30, trust_env=False
    ) as http:
        begun = await http.post("/api/threads", json={"title": said})
        assert begun.status_code == 201, begun.text
        path = f"/api/threads/{begun.json()['id']}"
        written = []
        for text in (said, "not for long"):
            answer = await http.post(f"{path}/messages", json={"text": text})
            assert answer.status_code == 201, answer.text
            written.append(answer.json()["id"])
        gone = await http.delete(f"{path}/messages/{written[1]}")
        assert gone.status_code == 204, gone.text
        found = (await http.get(f"{path}/messages")).json()["items"]
        assert [message["text"] for message in found] == [said]
        other = (await http.post("/api/threads", json={"title": "to delete"})).json()["id"]
        await http.post(f"/api/threads/{other}/messages", json={"text": "x"})
        assert (await http.delete(f"/api/threads/{other}")).status_code == 204
        listed = (await http.get("/api/threads")).json()["items"]
        assert said in [thread["title"] for thread in listed]
        assert other not in [thread["id"] for thread in listed]


async def test_it_goes_on_and_starts_again_where_the_next_only_expanded(
    store: Path, tmp_path: Path
) -> None:
    """It serves while the next one migrates, and starts after that, with --migrate and without."""
    code = next_revision(tmp_path, BACKEND, *EXPANDS, declares="OLDEST_CODE = '{before}'")
    async with running_auth_service(tmp_path) as auth:
        token = (await auth.tokens_of(await auth.registered_person()))["access_token"]
        backend = backend_on(store, tmp_path, auth)
        try:
            await backend.start()
            await write_and_read(backend.url, token, "before")
            migrated = await code.migrated(variables_of(store))
            assert migrated.code == 0, migrated.lines
            assert migrated.only("store_migrated")["after"] == code.head
            await write_and_read(backend.url, token, "meanwhile")
            assert await backend.stop() == 0
            assert backend.events("schema_newer_than_code") == []

            for starts, arguments in ((1, ["--migrate"]), (2, [])):
                await backend.start(arguments)
                await write_and_read(backend.url, token, f"after, by {arguments}")
                assert await backend.stop() == 0
                said = backend.events("schema_newer_than_code")
                assert len(said) == starts
                assert all(f'"{version}"' in said[-1] for version in (HEAD, code.head))
        finally:
            await backend.kill()
    with plain(store) as looking:
        found = looking.execute("SELECT version_num, oldest_code FROM alembic_version")
        assert found.fetchall() == [(code.head, HEAD)]
        titles = looking.execute("SELECT title FROM t_threads WHERE colour IS NULL").fetchall()
    assert {"before", "meanwhile"} < {title for (title,) in titles}


async def test_it_refuses_where_the_next_contracted(store: Path, tmp_path: Path) -> None:
    """It ends with 1 and says how to go on, whether it is to migrate or not."""
    code = next_revision(tmp_path, BACKEND, *CONTRACTS, declares="OLDEST_CODE = '{version}'")
    variables = variables_of(store)
    assert (await ended(BACKEND, variables, "--migrate-only")).code == 0
    assert (await code.migrated(variables)).code == 0

    for arguments in ([], ["--migrate"], ["--migrate-only"]):
        refused = await ended(BACKEND, variables, *arguments)

        assert refused.code == 1
        [line] = refused.lines
        assert line["event"] == "store_not_ready"
        for words in (code.head, HEAD, "no longer runs", "roll forward", "restore a backup"):
            assert words in line["message"]
    assert (await code.migrated(variables)).code == 0
